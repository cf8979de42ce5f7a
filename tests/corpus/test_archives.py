"""Web archives of other writers: false labels, other line ends, versions, compressions."""

import bz2
import errno
import gzip
import io
import random
import tempfile
import zlib
from functools import partial

import brotli
import py7zr
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from inputs import PAGE, SENTENCE, texts_of, warc
from scratchlm.corpus import (
    read,
)
from scratchlm.corpus.readers.http import decode_body
from scratchlm.errors import InputError


def chunked(body, extension=b""):
    parts = [body[start : start + 40] for start in range(0, len(body), 40)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(p), extension, p) for p in [*parts, b""])


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("header", "body", "missing"),
    [
        ("Content-Encoding: gzip", gzip.compress(PAGE), 0),
        ("Content-Encoding: x-gzip", gzip.compress(PAGE), 0),
        ("Content-Encoding: deflate", zlib.compress(PAGE), 0),
        ("Content-Encoding: deflate", raw_deflate(PAGE), 0),
        ("Content-Encoding: br", brotli.compress(PAGE), 0),
        ("Content-Encoding: identity", PAGE, 0),
        ("Transfer-Encoding: chunked", chunked(PAGE), 0),
        ("Transfer-Encoding: chunked", chunked(PAGE, b";n=1"), 0),
        ("Transfer-Encoding: gzip, chunked", chunked(gzip.compress(PAGE)), 0),
        ("Transfer-Encoding: chunked", PAGE, 1),
        ("Content-Encoding: gzip", PAGE, 1),
        ("Content-Encoding: deflate", PAGE, 1),
        ("Content-Encoding: br", PAGE, 1),
        ("Content-Encoding: none", PAGE, 1),
        ("Content-Encoding: utf-8", PAGE, 1),
    ],
)
def test_encodings_that_http_promises_are_undone_where_they_are(tmp_path, header, body, missing):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(body, headers=("Content-Type: text/html", header)))
    assert texts_of(path) == (
        [SENTENCE],
        {"HTTP encoding promised but absent": 1} if missing else {},
    )


def test_what_is_no_text_and_not_in_its_encoding_is_left_out(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(b"\0\1\2\3" * 99, headers=("Content-Encoding: gzip",)))
    assert texts_of(path) == ([], {"bad record": 1})


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "habits",
    [
        {"end": "\n"},
        {"http_end": "\n"},
        {"end": "\n", "http_end": "\n"},
        {"version": "0.17"},
        {"version": "0.18", "end": "\n"},
        {"version": "1.1"},
        {"headers": ()},
    ],
)
def test_archives_of_other_writers(tmp_path, pack, habits):
    path = tmp_path / "a.warc"
    path.write_bytes(pack(warc(PAGE, PAGE, **habits)))
    assert texts_of(path) == ([SENTENCE] * 2, {})
    first, second = read(path)
    assert list(read(path, start=first.end)) == [second]


def test_a_page_of_no_type_that_does_not_look_like_one_is_counted(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(b"just words", headers=()))
    assert texts_of(path) == ([], {"page without a content type": 1})


def seven_zip(data):
    packed = io.BytesIO()
    with py7zr.SevenZipFile(packed, "w") as archive:
        archive.writestr(data, "a.warc")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.warc.zst", zstandard.compress),
        ("a.warc.bz2", partial(bz2.compress, compresslevel=1)),
        ("a.warc.7z", seven_zip),
    ],
)
def test_archives_in_other_compressions(tmp_path, name, pack):
    noise = random.Random(0).randbytes(300_000).hex().encode()  # so that there is something to cut
    data = pack(warc(PAGE, PAGE, b"<!--%b-->%b" % (noise, PAGE)))
    path = tmp_path / name
    path.write_bytes(data)
    assert texts_of(path) == ([SENTENCE] * 3, {})
    assert len(list(read(path, start=next(read(path)).end))) == 2
    path.write_bytes(data[:-30_000])
    if name == "a.warc.7z":  # its directory stands at its end
        with pytest.raises(InputError, match="expected whole 7z data, found damage"):
            texts_of(path)
    else:
        texts, counts = texts_of(path)
        assert texts == [SENTENCE] * 2
        assert counts["stream cut"] == 1


@given(
    st.binary(max_size=200),
    st.lists(st.sampled_from(["gzip", "deflate", "br", "chunked", "none", ""]), max_size=3),
    st.sampled_from([bytes, gzip.compress, zlib.compress, brotli.compress, chunked]),
    st.integers(0, 200),
)
def test_any_body_is_decoded_taken_as_it_is_or_refused(body, names, pack, cut):
    body = pack(body)[:cut]
    refused, content, missing = "and no text", b"", ""
    try:
        content, missing = decode_body({"content-encoding": ", ".join(names)}, body, 1000)
    except ValueError as error:
        refused = str(error)
    assert "and no text" in refused
    assert len(content) <= 1001
    assert set(filter(None, missing.split(", "))) <= set(names)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_bombs_in_http_give_little_more_than_the_limit(name, pack):
    bomb = pack(bytes(20_000_000))
    assert 1000 < len(decode_body({"content-encoding": name}, bomb, 1000)[0]) < 100_000


def test_no_room_for_a_temporary_file_is_one_line(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.warc.zst"
    path.write_bytes(zstandard.compress(warc(PAGE)))
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(InputError, match=r"a\.warc\.zst: expected room in .*TMPDIR"):
        texts_of(path)
