"""Stack Exchange's ``Posts.xml``: questions and answers, one row each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.extract.html import html_text
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Broken, Progress, read_chunks
from scratchlm.corpus.readers.xml import BrokenXMLError, Segment, parse_counted, split_at
from scratchlm.errors import quote

if TYPE_CHECKING:
    from lxml.etree import _Element

ANY_TAG = re.compile(rb"<")
NUMBER = re.compile(r"-?[0-9]{1,18}")  # of 64 bits, as a database has it
POST_TYPES = {"1": "question", "2": "answer"}  # the others are wiki pages of tags, notices …
META = {
    "ParentId": "question",
    "AcceptedAnswerId": "accepted",
    "Score": "score",
    "Title": "title",
    "Tags": "tags",
    "CreationDate": "date",
    "ContentLicense": "license",
}


def read_posts(
    path: Path,
    start: int = 0,
    *,
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    r"""Read the questions and answers of a ``Posts.xml``, each as a document of its own.

    A question's text begins with its title. What is known of a post stands in `meta`: ``type``
    (``question`` or ``answer``), ``question`` (the number of the one that an answer answers),
    ``accepted`` (the number of the answer its asker took), ``score``, ``title``, ``tags``,
    ``date``, ``license``.

    Args:
        path: The file, plain, compressed, or in its ``.7z`` archive.
        start: The `end` of a document read before: bytes of decompressed XML.
        on_error: Counts rows that are broken; without it they stop the reader.
        limits: Longest row and text, deepest HTML.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "Posts.xml"
    >>> _ = path.write_text('<posts>\n <row Id="4" PostTypeId="2" ParentId="3" Score="-1"'
    ...     ' Body="&lt;p&gt;No &amp;amp; no.&lt;/p&gt;" />\n</posts>')
    >>> [post] = read_posts(path)
    >>> post.id, post.text, post.meta
    ('4', 'No & no.', {'type': 'answer', 'question': '3', 'score': '-1'})
    """
    on_error = on_error or ErrorPolicy()
    end = start
    try:
        for segment in split_at(ANY_TAG, read_chunks(path, start, progress), start, limits.record):
            end = segment.start
            if segment.data is None or segment.data.startswith(b"<row"):
                document = _parse(segment, path, limits, on_error)
                if document is not None:
                    yield document
    except Broken as error:
        on_error.report("stream cut", f"{path}: after byte {end:,}", "more data", str(error))


def _row(data: bytes, where: str, on_error: ErrorPolicy) -> _Element:
    row = parse_counted(data, where, on_error)
    for name in ("Id", "ParentId", "Score"):
        value = row.get(name, "" if name == "Id" else "0")
        if not NUMBER.fullmatch(value):
            raise BrokenXMLError(f"{name}={quote(value)}")
    return row


def _parse(segment: Segment, path: Path, limits: Limits, on_error: ErrorPolicy) -> Document | None:
    where = f"{path}: row at byte {segment.start:,}"
    if segment.data is None:
        on_error.report("record too long", where, f"at most {limits.record:,} bytes", "more")
        return None
    try:
        row = _row(segment.data, where, on_error)
    except BrokenXMLError as error:
        on_error.report("broken XML", where, 'a whole <row … Body="…"/>', str(error))
        return None
    kind = POST_TYPES.get(row.get("PostTypeId", ""))
    if kind is None:
        return None
    parts = [row.get("Title", ""), html_text(row.get("Body", ""), depth=limits.depth)]
    text = admit("\n\n".join(filter(None, parts)), where, limits, on_error)
    if text is None:
        return None
    meta = {own: value for name, own in META.items() if (value := row.get(name))}
    end = segment.start + len(segment.data)
    return Document(text, row.get("Id", ""), "stackexchange", end, {"type": kind, **meta})
