"""WARC and WET: the pages of a crawl."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.extract.html import decode_page, extract_text
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Progress, file_name
from scratchlm.corpus.readers.http import decode_body
from scratchlm.corpus.readers.warc_frames import Frame, warc_frames
from scratchlm.corpus.require import require

HTML = ("text/html", "application/xhtml+xml")
PAGES = ("response", "resource", "conversion")
HTTP_MESSAGE = "application/http"
# What browsers take for HTML where the server says nothing (WHATWG, MIME sniffing, section 7.1).
LOOKS_LIKE_HTML = re.compile(
    rb"\s*<(?:!doctype html|!--|html|head|script|iframe|h1|div|font"
    rb"|table|a|style|title|b|body|br|p)\b",
    re.IGNORECASE,
)
OWN = "metadata:"  # what the address of a crawler's own log begins with, as Wget writes it


@dataclass(frozen=True, slots=True)
class Record:
    """A WARC record, with its content as the server meant it.

    Attributes:
        kind: ``response``, ``conversion`` (text, in WET), ``request``, ``warcinfo`` …
        id: Its own name, a URN.
        url: The page's address; empty where the record has none.
        date: When it was fetched (ISO 8601).
        status: The HTTP status; 0 where there is none.
        content_type: Of the page, with its charset, as the server said.
        content: The page; transfer and content encodings are undone.
        start: Where the record begins in the file.
        end: Where the next begins.
    """

    kind: str
    id: str
    url: str
    date: str
    status: int
    content_type: str
    content: bytes
    start: int
    end: int


def read_warc(
    path: Path,
    start: int = 0,
    *,
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    r"""Read the pages of a crawl: main text of HTML, plain text as it is; status 200 alone.

    What a crawler says of itself, at addresses that begin with ``metadata:``, is no page.

    Args:
        path: A ``.warc`` or ``.wet`` file, plain or gzip-compressed.
        start: The `end` of a document read before: a byte of the file, where a record begins.
            In a file that is not compressed record by record it counts decompressed bytes.
        on_error: Counts records that cannot be used; without it they stop the reader.
        limits: Longest record and text, deepest page.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wet"
    >>> _ = path.write_text(
    ...     "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.org/\r\n"
    ...     "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nOnce.\r\n\r\n", newline=""
    ... )
    >>> [(document.meta["url"], document.text) for document in read_warc(path)]
    [('http://a.org/', 'Once.')]
    """
    on_error = on_error or ErrorPolicy()
    for record in read_records(
        path, start, kinds=PAGES, on_error=on_error, limits=limits, progress=progress
    ):
        if record.status not in (0, 200) or record.url.startswith(OWN):
            continue
        where = f"{path}: {record.url or record.id} at byte {record.start:,}"
        mime = record.content_type.partition(";")[0].strip().lower()
        if mime in ("", HTTP_MESSAGE) and LOOKS_LIKE_HTML.match(record.content):
            mime = HTML[0]
        if mime not in (*HTML, "text/plain"):
            if mime in ("", HTTP_MESSAGE):
                on_error.count("page without a content type", where)
            continue
        if mime in HTML:
            text = extract_text(record.content, record.content_type, depth=limits.depth)
        else:
            text = decode_page(record.content, record.content_type)
        admitted = admit(text, where, limits, on_error)
        if admitted is not None:
            meta = {"url": record.url, "date": record.date}
            yield Document(admitted, record.id, "commoncrawl", record.end, meta)


def read_records(
    path: Path,
    start: int = 0,
    *,
    kinds: Collection[str] | None = None,
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Record]:
    r"""Read WARC records of all kinds, or of some.

    Args:
        path: The file.
        start: The `end` of a record read before.
        kinds: The record types that are wanted.
        on_error: Counts records that cannot be used; without it they stop the reader.
        limits: Longest record, before and after its HTTP encoding is undone.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wet"
    >>> _ = path.write_text(
    ...     "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.org/\r\n"
    ...     "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nOnce.\r\n\r\n", newline=""
    ... )
    >>> [(record.kind, record.content) for record in read_records(path)]
    [('conversion', b'Once.')]
    """
    on_error = on_error or ErrorPolicy()
    for frame in warc_frames(path, start, on_error, limits, progress):
        record = _parse(frame, path, kinds, on_error, limits)
        if record is not None:
            yield record


def _parse(
    frame: Frame, path: Path, kinds: Collection[str] | None, on_error: ErrorPolicy, limits: Limits
) -> Record | None:
    where = f"{path}: record at byte {frame.start:,}"
    fastwarc = require("fastwarc.warc")
    try:
        record = fastwarc.WarcRecord.from_bytes(frame.data)
        headers = {name.lower(): value for name, value in record.headers}
        kind = headers.get("warc-type", "").lower()
        if kinds is not None and kind not in kinds:
            return None
        record.parse_http(quirks_mode=True)  # that is: line feeds may stand alone
        body = record.reader.read()
        http = record.http_headers
        named = {name.lower(): value for name, value in http} if http else {}
        content, missing = decode_body(named, body, limits.record)
    except (OSError, ValueError) as error:
        on_error.report("bad record", where, "a WARC record and its HTTP content", str(error))
        return None
    if len(content) > limits.record:
        most = f"at most {limits.record:,} bytes once HTTP's compression is undone"
        on_error.report("record too long", where, most, "more")
        return None
    if missing:
        on_error.count("HTTP encoding promised but absent", f"{where}: {missing}")
    content_type = (named if http else headers).get("content-type", "")
    return Record(
        kind,
        id=record.record_id or f"{file_name(path)}:{frame.start}",
        url=headers.get("warc-target-uri", "").strip("<>"),  # some crawlers add brackets
        date=headers.get("warc-date", ""),
        status=(http.status_code or 0) if http else 0,
        content_type=content_type,
        content=content,
        start=frame.start,
        end=frame.end,
    )
