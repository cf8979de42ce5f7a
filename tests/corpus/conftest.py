"""Files of every kind that `read` knows, made on the spot: deterministic, of any size."""

import bz2
import gzip
import html
import io
import json
import random

import py7zr
import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

WORDS = ("the", "miller", "went", "to", "market", "with", "seven", "sacks", "of", "flour")


def prose(number, size):
    """About `size` characters that no other number gets, in paragraphs."""
    random_ = random.Random(number)
    words = [f"Story {number}."]
    while size > 0:
        words.append(random_.choice(WORDS))
        size -= len(words[-1]) + 1
    return " ".join(words) + "."


def crawl(texts, *, compress=True, wet=False):
    """A request and a response for each text, or its WET record."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=compress)
    for number, text in enumerate(texts):
        url = f"https://example.org/{number}"
        fixed = {
            "WARC-Date": "2024-05-01T12:00:00Z",
            "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012}>",
        }
        if wet:
            record = writer.create_warc_record(
                url,
                "conversion",
                io.BytesIO(text.encode()),
                warc_content_type="text/plain",
                warc_headers_dict=fixed,
            )
        else:
            asked = {**fixed, "WARC-Record-ID": f"<urn:uuid:1{number:035}>"}
            request = StatusAndHeaders(
                "GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True
            )
            writer.write_record(
                writer.create_warc_record(
                    url, "request", io.BytesIO(), http_headers=request, warc_headers_dict=asked
                )
            )
            page = f"<html><body><main><p>{html.escape(text)}</p></main></body></html>".encode()
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, "response", io.BytesIO(page), http_headers=http, warc_headers_dict=fixed
            )
        writer.write_record(record)
    return out.getvalue()


def dump(texts):
    pages = (
        f"  <page>\n    <title>Page {n}</title>\n    <ns>0</ns>\n    <id>{n}</id>\n"
        f"    <revision>\n      <id>{n + 9000}</id>\n      <timestamp>2024-05-01</timestamp>\n"
        f"      <text>{html.escape(text)}</text>\n    </revision>\n  </page>\n"
        for n, text in enumerate(texts)
    )
    return f'<mediawiki xml:lang="en">\n{"".join(pages)}</mediawiki>\n'.encode()


def posts(texts):
    rows = (
        f'  <row Id="{n + 1}" PostTypeId="1" Score="3" Body="{html.escape(f"<p>{text}</p>")}" />\n'
        for n, text in enumerate(texts)
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<posts>\n{"".join(rows)}</posts>\n'.encode()


def table(texts):
    out = io.BytesIO()
    columns = {"text": list(texts), "id": [str(n) for n in range(len(texts))]}
    pyarrow.parquet.write_table(pyarrow.table(columns), out, row_group_size=max(1, len(texts) // 3))
    return out.getvalue()


def archive(data):
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=[{"id": py7zr.FILTER_COPY}]) as packed:
        packed.writestr(data, "Posts.xml")
    return out.getvalue()


def lines(texts):
    return "".join(
        json.dumps({"text": text, "id": n}) + "\n" for n, text in enumerate(texts)
    ).encode()


KINDS = {
    "a.warc": lambda texts: crawl(texts, compress=False),
    "a.warc.gz": crawl,
    "whole.warc.gz": lambda texts: gzip.compress(crawl(texts, compress=False), 1),
    "a.wet.gz": lambda texts: crawl(texts, wet=True),
    "wiki.xml": dump,
    "wiki.xml.bz2": lambda texts: bz2.compress(dump(texts), 1),
    "Posts.xml": posts,
    "Posts.7z": lambda texts: archive(posts(texts)),
    "a.jsonl": lines,
    "a.jsonl.gz": lambda texts: gzip.compress(lines(texts), 1),
    "a.jsonl.zst": lambda texts: zstandard.compress(lines(texts), 1),
    "a.parquet": table,
    "a.txt": lambda texts: "\n<|endoftext|>\n".join(texts).encode(),
}


@pytest.fixture
def make(tmp_path):
    """Write a file of one of the `KINDS` with some texts in it, and return its path."""

    def write(kind, texts):
        path = tmp_path / kind
        path.write_bytes(KINDS[kind](texts))
        return path

    return write


@pytest.fixture(params=KINDS)
def kind(request):
    """Each of the kinds, by the name of its file."""
    return request.param


@pytest.fixture
def stories():
    """A function: so many stories of so many characters each."""
    return lambda count, size=200: [prose(number, size) for number in range(count)]
