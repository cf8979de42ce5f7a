"""JSON Lines, Parquet and text: what is no document, and what passes the gate altered."""

import gzip
import json
import sys
import tracemalloc

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm.corpus import (
    ErrorPolicy,
    Limits,
    read,
    read_jsonl,
    read_parquet,
    read_plain,
    read_texts,
)
from scratchlm.corpus.readers.lines import split_lines
from scratchlm.corpus.require import require
from scratchlm.errors import InputError


def test_the_documents_of_real_json_lines(real_file):
    path = real_file("text/c4-demo.jsonl")
    objects = [json.loads(line) for line in path.read_text().splitlines()]
    documents = list(read_jsonl(path))
    assert [document.text for document in documents] == [object_["text"] for object_ in objects]
    for number in (1, 150, len(documents)):
        assert list(read_jsonl(path, documents[number - 1].end)) == documents[number:]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": ', "not JSON"),
        ("[1, 2]", "no text"),
        ('{"body": "x"}', "no text"),
        ('{"text": 7}', "no text"),
        ("[" * 100_000, "not JSON"),
        ('{"text": "\xff"}'.encode("latin1"), "not JSON"),
        ('{"text": "' + "x" * 300_000 + '"}', "record too long"),
        ('{"text": " \\n "}', "blank"),
        ('{"text": "a\\u0000b"}', "NUL characters removed"),
        ('{"text": "a\\ud800b"}', "half surrogate pairs replaced"),
    ],
)
def test_a_bad_line_costs_no_other(tmp_path, line, reason):
    path, on_error = tmp_path / "a.jsonl", ErrorPolicy("skip")
    data = line if isinstance(line, bytes) else line.encode()
    path.write_bytes(b'{"text": "One."}\n' + data + b'\n\n{"text": "Two."}')
    texts = [d.text for d in read_jsonl(path, on_error=on_error, limits=Limits(record=200_000))]
    assert [text for text in texts if not text.startswith("a")] == ["One.", "Two."]
    assert on_error.items() == [(reason, 1)]
    for text in texts:
        assert text.encode() in (b"One.", b"Two.", b"ab", "a\ufffdb".encode())


@given(st.lists(st.binary(max_size=9)), st.integers(1, 12))
def test_lines_are_those_of_python_however_the_stream_is_cut(chunks, limit):
    whole = b"".join(chunks)
    lines = list(split_lines(chunks, 0, limit))
    expected = whole.split(b"\n")
    expected = [line + b"\n" for line in expected[:-1]] + [line for line in expected[-1:] if line]
    assert [line.data for line in lines] == [line[:limit] for line in expected]
    assert [line.whole for line in lines] == [len(line) <= limit for line in expected]
    assert all(whole[: line.end].endswith(part) for line, part in zip(lines, expected, strict=True))


def test_the_same_documents_as_read_texts(real_file):
    for name in ("tinystories-1", "grimm"):
        path = real_file(f"text/{name}.txt")
        ours = [document.text for document in read_plain(path)]
        assert ours == list(read_texts(path, separator="<|endoftext|>"))


@pytest.mark.parametrize("over", ["skip", "truncate"])
def test_a_giant_document_is_left_out_or_cut_in_bounded_memory(tmp_path, over):
    path, on_error = tmp_path / "giant.txt.gz", ErrorPolicy("skip")
    with gzip.open(path, "wb", 1) as file:
        file.write(b"One.\n<|endoftext|>\n")
        for _ in range(10):
            file.write("Zoë ".encode() * 2_000_000)
        file.write(b"\n<|endoftext|>\nTwo.")
    limits = Limits(record=1_000_001, document=400_000, over=over)
    tracemalloc.start()
    texts = [document.text for document in read_plain(path, on_error=on_error, limits=limits)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert texts[0] + texts[-1] == "One.\nTwo."
    assert [len(text) for text in texts[1:-1]] == ([400_000] if over == "truncate" else [])
    assert sum(on_error.counts.values()) == {"skip": 1, "truncate": 2}[over]
    assert most < 12_000_000


def test_text_of_another_encoding_is_reported_with_its_place(tmp_path):
    path = tmp_path / "mixed.txt"
    path.write_bytes(b"One.\n<|endoftext|>\ncaf\xe9\n<|endoftext|>\nTwo.")
    on_error = ErrorPolicy("skip")
    assert [document.text for document in read(path, on_error=on_error)] == ["One.\n", "Two."]
    assert on_error.items() == [("not UTF-8", 1)]
    with pytest.raises(InputError, match=r"mixed\.txt: expected UTF-8, found byte e9 at offset 22"):
        list(read(path))


def test_rows_without_a_text_and_tables_without_the_column(tmp_path):
    path, on_error = tmp_path / "a.parquet", ErrorPolicy("skip")
    table = pyarrow.table({"text": ["One.", None, "", "Two."], "stars": [1, 2, 3, 4.5]})
    pyarrow.parquet.write_table(table, path)
    documents = list(read_parquet(path, on_error=on_error))
    assert [(d.text, d.id, d.meta) for d in documents] == [
        ("One.", "0", {"stars": "1.0"}),
        ("Two.", "3", {"stars": "4.5"}),
    ]
    assert on_error.counts == {"no text": 1, "blank": 1}
    with pytest.raises(InputError, match="expected a column 'body', found text, stars"):
        list(read_parquet(path, text="body"))


def test_a_broken_row_group_costs_no_other(make, stories):
    path, on_error = make("a.parquet", stories(9)), ErrorPolicy("skip")
    places = pyarrow.parquet.ParquetFile(path).metadata
    middle = places.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    for place in range(middle.dictionary_page_offset, middle.dictionary_page_offset + 20):
        data[place] ^= 0xFF
    path.write_bytes(data)
    texts = [document.text for document in read(path, on_error=on_error)]
    assert texts == stories(9)[:3] + stories(9)[6:]
    assert on_error.items() == [("broken row group", 1)]


def test_a_missing_library_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    with pytest.raises(InputError, match=r'library fastwarc .*pip install "scratchlm\[corpus\]"'):
        require("fastwarc.warc")


def test_damage_is_printed_with_counts_and_first_places():
    on_error = ErrorPolicy("skip")
    for place in (5, 9):
        on_error.report("not JSON", f"a.jsonl: line at byte {place}", "an object", "'{'")
    on_error.count("blank", "a.jsonl: line at byte 7")
    assert str(on_error).splitlines() == [
        "2 not JSON (first: a.jsonl: line at byte 5: expected an object, found '{')",
        "1 blank (first: a.jsonl: line at byte 7)",
    ]
