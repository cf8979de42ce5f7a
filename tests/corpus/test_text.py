"""Reading plain text: nothing is lost, the order is fixed, bad input is named."""

import bz2
import codecs
import gzip
import os
import re

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from scratchlm.corpus import ErrorPolicy, read, read_texts
from scratchlm.errors import InputError

SEPARATOR = "<|endoftext|>"
text_lines = st.text(st.characters(exclude_characters="\r\n\ufeff", codec="utf-8"), min_size=1)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@given(documents=st.lists(text_lines.filter(lambda t: t.strip() not in ("", SEPARATOR))))
def test_what_was_joined_by_separators_comes_back(tmp_path_factory, documents):
    documents = [document + "\n" for document in [*documents, "last"]]
    file = write(tmp_path_factory.mktemp("t") / "a.txt", (SEPARATOR + "\n").join(documents))
    expected = [document.replace("\0", "") for document in documents]
    assert list(read_texts(file, separator=SEPARATOR)) == list(filter(str.strip, expected))


def test_a_file_is_one_document_and_is_kept_byte_for_byte(tmp_path):
    text = "One.\r\n\r\n  Zoë 🎉\r\n<|endoftext|>\r\nTwo."
    assert list(read_texts(write(tmp_path / "any.name", text))) == [text]


def test_separators_with_windows_line_ends(tmp_path):
    file = write(tmp_path / "a.txt", "One.\r\n<|endoftext|>\r\nTwo.\r\n")
    assert list(read_texts(file, separator=SEPARATOR)) == ["One.\r\n", "Two.\r\n"]


def test_a_folder_is_read_in_sorted_order_and_only_its_texts(tmp_path):
    for name in ("b.txt", "a/z.md", "a/a.TXT", "c.py", "a/b.jsonl"):
        write(tmp_path / name, name)
    assert list(read_texts(tmp_path)) == ["a/a.TXT", "a/z.md", "b.txt"]


def test_blank_documents_are_left_out_and_a_byte_order_mark_is_dropped(tmp_path):
    write(tmp_path / "a.txt", " \n\t\n")
    write(tmp_path / "b.txt", codecs.BOM_UTF8 + b"Text.")
    write(tmp_path / "c.txt", "")
    assert list(read_texts(tmp_path)) == ["Text."]


@pytest.mark.parametrize("separator", [None, SEPARATOR])
def test_bad_bytes_are_refused_with_file_and_offset(tmp_path, separator):
    good = "Zoë\n<|endoftext|>\nfine\n".encode()
    file = write(tmp_path / "bad.txt", good + b"\xff more")
    with pytest.raises(InputError, match=rf"bad\.txt.* byte ff at offset {len(good)} .*replace"):
        list(read_texts(file, separator=separator))


def test_bad_bytes_can_be_replaced(tmp_path):
    file = write(tmp_path / "bad.txt", b"a\xffb")
    assert list(read_texts(file, errors="replace")) == ["a\ufffdb"]


def test_a_character_cut_at_the_end_is_refused(tmp_path):
    file = write(tmp_path / "cut.txt", "😊".encode()[:-1])
    with pytest.raises(InputError, match="byte f0 at offset 0 "):
        list(read_texts(file))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, zstandard.compress])
def test_one_door_for_every_encoding_and_compression(tmp_path, encoding, pack):
    """Whatever a file is packed in, its text, source and cleaning are the same."""
    text = "Zoë 🎉\0\r\n<|endoftext|>\n \n<|endoftext|>\nTwo.\n"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    suffix = {bytes: "", gzip.compress: ".gz", bz2.compress: ".bz2"}.get(pack, ".zst")
    file = write(tmp_path / f"a.txt{suffix}", pack(mark + text.encode(encoding)))
    assert list(read_texts(file, separator=SEPARATOR)) == ["Zoë 🎉\r\n", "Two.\n"]
    documents = list(read(file, on_error=(policy := ErrorPolicy("skip"))))
    assert [(d.text, d.source) for d in documents] == [("Zoë 🎉\r\n", "a"), ("Two.\n", "a")]
    assert policy.items() == [("NUL characters removed", 1), ("blank", 1)]
    assert list(read(file, start=documents[0].end)) == documents[1:]


def test_a_broken_compressed_text_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.txt: after byte 0: expected more data"):
        list(read_texts(write(tmp_path / "a.txt", b"\x1f\x8b\x08")))


@pytest.mark.parametrize("data", ["", "  \n\n "])
def test_an_empty_corpus_is_refused(tmp_path, data):
    write(tmp_path / "a.txt", data)
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))}: expected text, found none"):
        list(read_texts(tmp_path))


def test_a_missing_path_is_refused_by_the_call_itself(tmp_path):
    with pytest.raises(InputError, match=r"gone\.txt: expected a file or"):
        read_texts(tmp_path / "gone.txt")


def test_a_folder_without_texts_is_refused(tmp_path):
    write(tmp_path / "a.csv", "1")
    with pytest.raises(InputError, match=r"ending in \.txt or \.md"):
        read_texts(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    file = write(tmp_path / "secret.txt", "x")
    file.chmod(0)
    with pytest.raises(InputError, match=r"secret\.txt.*Permission denied"):
        list(read_texts(file))


@pytest.mark.parametrize("separator", ["", "  ", "a\nb"])
def test_a_separator_is_one_line(tmp_path, separator):
    file = write(tmp_path / "a.txt", "x")
    with pytest.raises(InputError, match="separator: expected one line"):
        read_texts(file, separator=separator)
