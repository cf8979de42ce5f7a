"""What holds for every kind of file: all documents, resumed anywhere, in flat memory."""

import tracemalloc

import pytest
from scratchlm.corpus import ErrorPolicy, Limits, read, read_jsonl, write_line
from scratchlm.errors import InputError


def texts(path, **options):
    return [document.text.strip() for document in read(path, **options)]


def test_the_texts_come_back_in_order(kind, make, stories):
    on_error = ErrorPolicy("skip")
    assert texts(make(kind, stories(7)), on_error=on_error) == stories(7)
    assert on_error.items() == []


def test_resuming_behind_any_document_gives_the_rest(kind, make, stories):
    path = make(kind, stories(9))
    documents = list(read(path))
    for number, document in enumerate(documents, 1):
        assert list(read(path, start=document.end)) == documents[number:]


def test_ids_are_unique_and_places_grow(kind, make, stories):
    documents = list(read(make(kind, stories(9))))
    ends = [document.end for document in documents]
    assert len({document.id for document in documents}) == len(documents)
    assert ends == sorted(set(ends))


def test_progress_reports_the_whole_file_and_no_byte_twice(kind, make, stories):
    path, steps = make(kind, stories(300)), []
    list(read(path, progress=steps.append))
    assert min(steps) > 0
    assert sum(steps) == pytest.approx(path.stat().st_size, abs=64)


def peak(path):
    tracemalloc.start()
    try:
        count = sum(1 for _ in read(path))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "kind",
    sorted(
        {"a.wet.gz", "a.warc", "whole.warc.gz", "wiki.xml.bz2", "Posts.xml", "Posts.7z"}
        | {"a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.txt"}
    ),
)
def test_memory_stays_flat_while_the_file_grows(kind, make, stories):
    text = stories(1, 20_000)[0]
    few, little = peak(make(kind, [text] * 100))
    many, much = peak(make(kind, [text] * 1000))  # 20 MB
    assert (few, many) == (100, 1000)
    assert much < 1.5 * little + 2_000_000


def test_a_reader_that_leaves_early_leaves_nothing_behind(kind, make, stories):
    documents = read(make(kind, stories(50, 20_000)))
    next(documents)
    documents.close()  # would hang, or complain, if a thread went on


def test_documents_that_are_too_long_are_left_out_or_cut(kind, make, stories):
    path = make(kind, [*stories(2), stories(1, 3000)[0], stories(1, 300)[0]])
    on_error = ErrorPolicy("skip")
    assert len(texts(path, limits=Limits(document=1000), on_error=on_error)) == 3
    assert on_error.items() == [("document too long", 1)]
    cut = list(read(path, limits=Limits(document=1000, over="truncate"), on_error=on_error))
    assert [len(document.text) > 999 for document in cut] == [False, False, True, False]
    assert len(cut[2].text) == 1000


def test_written_lines_are_read_back(kind, make, stories, tmp_path):
    documents = list(read(make(kind, stories(5))))
    path = tmp_path / "copy.jsonl"
    path.write_text("".join(write_line(document) + "\n" for document in documents))
    same = [(d.text, d.id, d.source, d.meta) for d in read_jsonl(path)]
    assert same == [(d.text, d.id, d.source, d.meta) for d in documents]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.zip", b"PK\x03\x04....", "found a zip archive: unpack it first"),
        ("empty.txt", b"", "found an empty one"),
        ("page.html", b"<html>", r"found a file that begins with b'<html>'"),
        ("list.json", b"[1, 2]", r"found a file that begins with"),
        ("a.txt.gz", b"\x1f\x8b\x08\x00garbage.......", "found damage"),
        ("a.bz2", b"BZh9garbage.......", "found damage"),
        ("a.parquet", b"PAR1 and then no footer", "Parquet magic bytes not found in footer"),
        ("two.7z", b"7z\xbc\xaf\x27\x1c cut", "found damage"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: expected .*{found}"):
        list(read(tmp_path / name))


def test_missing_files_and_folders_and_negative_starts_are_refused_at_once(tmp_path):
    with pytest.raises(InputError, match=r"gone\.txt: expected a file that can be read"):
        read(tmp_path / "gone.txt")
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)
    with pytest.raises(InputError, match="expected a start of at least 0, found -1"):
        read(tmp_path / "any.txt", start=-1)


def test_a_start_behind_the_end_gives_nothing(kind, make, stories):
    path = make(kind, stories(3))
    last = list(read(path))[-1].end
    assert list(read(path, start=last)) == []
