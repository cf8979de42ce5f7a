"""Damaged sources of text: documents come out, or one line that names the file."""

import pytest
from mutations import check_damage
from scratchlm.corpus import ErrorPolicy, join_answers, preferences, read
from scratchlm.corpus.pipeline.shards import read_shard, to_line

KINDS = ["a.warc", "a.warc.gz", "wiki.xml", "Posts.xml", "Posts.7z", "a.jsonl", "a.jsonl.zst",
         "a.parquet"]  # fmt: skip


def use(path):
    left = [document.text for document in read(path, on_error=ErrorPolicy("skip"))]
    return left, [document.text for document in read(path)]


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_a_source_gives_documents_or_one_line(make, stories, kind):
    check_damage(make(kind, stories(5)), use, sealed=False)


ROW = '  <row Id="%d" PostTypeId="%d" %s Score="3" Body="&lt;p&gt;Text %d.&lt;/p&gt;" />\n'


def test_damage_of_posts_that_are_joined(tmp_path):
    rows = [ROW % (n, 1, 'AcceptedAnswerId="12"', n) for n in (1, 2, 3)]
    rows += [ROW % (n, 2, f'ParentId="{n % 4}"', n) for n in range(11, 17)]
    (path := tmp_path / "Posts.xml").write_text(f"<posts>\n{''.join(rows)}</posts>\n")

    def join(path):
        threads = list(join_answers(read(path, on_error=ErrorPolicy("skip"))))
        return threads, [list(preferences(thread)) for thread in threads]

    check_damage(path, join, sealed=False)


def test_damage_of_a_shard_of_documents(make, stories, tmp_path):
    documents = list(read(make("a.jsonl", stories(5))))
    (path := tmp_path / "00000.jsonl").write_bytes(b"".join(map(to_line, documents)))
    check_damage(path, lambda path: list(read_shard(path)), sealed=False)
