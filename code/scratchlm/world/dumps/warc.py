"""Records of the web archive format, version 1.0 (ISO 28500:2009): WARC, and the WET made of it.

A record is a header, a block and two line ends. Every record is a gzip member of its own, so that
a reader can start at any of them. A crawl's response holds what a web server sent, its own header
included; a WET's conversion holds only the visible text.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

START = datetime(2024, 5, 18, tzinfo=UTC)
SECONDS = 2  # from one page to the next


def record(kind: str, id: str, date: str, block: bytes, **fields: str) -> bytes:
    r"""One record, uncompressed.

    Args:
        kind: Its WARC-Type: ``warcinfo``, ``response`` or ``conversion``.
        id: Its WARC-Record-ID, without the angle brackets.
        date: ISO 8601, in UTC.
        block: Its content.
        fields: More fields of the header; underscores stand for hyphens.

    >>> record("warcinfo", "urn:uuid:1", "2024-05-18T00:00:00Z", b"a: b\r\n").splitlines()[0]
    b'WARC/1.0'
    """
    header = {
        "WARC-Type": kind,
        "WARC-Date": date,
        "WARC-Record-ID": f"<{id}>",
        **{key.replace("_", "-"): value for key, value in fields.items()},
        "WARC-Block-Digest": digest(block),
        "Content-Length": str(len(block)),
    }
    return b"WARC/1.0\r\n" + header_lines(header) + b"\r\n" + block + b"\r\n\r\n"


def header_lines(fields: Mapping[str, str]) -> bytes:
    r"""A header's fields, one a line.

    >>> header_lines({"Server": "nginx"})
    b'Server: nginx\r\n'
    """
    return "".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode()


def digest(block: bytes) -> str:
    """The fingerprint that WARC records carry: SHA-1 in base 32.

    >>> digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode()


def member(uncompressed: bytes) -> bytes:
    """A record as a gzip member; without a time stamp, so that equal records are equal bytes.

    >>> gzip.decompress(member(b"WARC") + member(b"/1.0"))
    b'WARC/1.0'
    """
    return gzip.compress(uncompressed, compresslevel=6, mtime=0)


def fetched_at(index: int) -> datetime:
    """When the crawler fetched its page number ``index``.

    >>> fetched_at(30).isoformat()
    '2024-05-18T00:01:00+00:00'
    """
    return START + timedelta(seconds=SECONDS * index)
