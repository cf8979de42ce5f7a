"""Damaged sources of text: documents come out, or one line that names the file."""

import pytest
from mutations import check_damage
from scratchlm.corpus import ErrorPolicy, read
from scratchlm.corpus.pipeline.shards import read_shard, to_line

KINDS = ["a.warc", "a.warc.gz", "wiki.xml", "Posts.xml", "Posts.7z", "a.jsonl", "a.jsonl.zst",
         "a.parquet"]  # fmt: skip


def use(path):
    left = [document.text for document in read(path, on_error=ErrorPolicy("skip"))]
    return left, [document.text for document in read(path)]


@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_a_source_gives_documents_or_one_line(make, stories, kind):
    check_damage(make(kind, stories(5)), use, sealed=False)


def test_damage_of_a_shard_of_documents(make, stories, tmp_path):
    documents = list(read(make("a.jsonl", stories(5))))
    (path := tmp_path / "00000.jsonl").write_bytes(b"".join(map(to_line, documents)))
    check_damage(path, lambda path: list(read_shard(path)), sealed=False)
