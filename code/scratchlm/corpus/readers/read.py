"""One door to all readers: the file's first bytes tell which one it needs."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits
from scratchlm.corpus.readers.chunks import (
    Broken,
    Progress,
    compression,
    open_metered,
    read_chunks,
    uncompressed_name,
)
from scratchlm.corpus.readers.jsonl import read_jsonl
from scratchlm.corpus.readers.mediawiki import read_mediawiki
from scratchlm.corpus.readers.parquet import read_parquet
from scratchlm.corpus.readers.plain import Errors, read_plain
from scratchlm.corpus.readers.stackexchange import read_posts
from scratchlm.corpus.readers.text import SUFFIXES, is_text_name
from scratchlm.corpus.readers.warc import read_warc
from scratchlm.corpus.readers.warc_frames import VERSION
from scratchlm.errors import InputError

HEAD = 4096  # bytes that are looked at
KNOWN = (
    "WARC and WET, MediaWiki XML, Stack Exchange Posts.xml, JSON Lines (each plain, .gz, .bz2, "
    ".zst or one-file .7z), Parquet, and UTF-8 text ending in " + " or ".join(SUFFIXES)
)
READERS: dict[str, Callable[..., Iterator[Document]]] = {
    "warc": read_warc,
    "mediawiki": read_mediawiki,
    "posts": read_posts,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "text": read_plain,
}
# A text about a format may hold its tags anywhere; a file of the format begins with them. What was
# once passed over is not looked at again (?>…), or a thousand comments would take for ever.
XML = re.compile(
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*(?:\[.*?\])?[^<>]*>)*+"
    rb"<(?P<root>mediawiki|posts)\b",
    re.DOTALL,
)


class UnknownKindError(InputError):
    """A file that no reader can read."""


def read(
    path: Path,
    start: int = 0,
    *,
    field: str = "text",
    errors: Errors = "strict",
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    """Read the documents of a file of any known kind, as a stream.

    Args:
        path: The file, or a pipe, which is copied to a temporary file first.
        start: The `end` of a document read before, to go on after it. What it counts is the
            reader's own: bytes of the file for WARC, of the decompressed content for XML, JSON
            Lines and text, rows for Parquet.
        field: Where the text stands in JSON Lines and Parquet.
        errors: What to do with bytes of plain text that are not UTF-8.
        on_error: Counts what is broken and left out; without it the first damage stops.
        limits: Longest record and document, deepest page.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The kind is not known, the file cannot be read (both at once), or damage
            stops the reader (when it comes to it).

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("Once.")
    >>> [document.text for document in read(path)]
    ['Once.']
    """
    if start < 0:
        raise InputError(f"{path}: expected a start of at least 0, found {start}")
    options: dict[str, Any] = {"on_error": on_error, "limits": limits, "progress": progress}
    if path.exists() and stat.S_ISFIFO(path.stat().st_mode):
        return _read_pipe(path, start, {"field": field, "errors": errors, **options})
    kind = kind_of(path)
    if kind in ("jsonl", "parquet"):
        options["text"] = field
    elif kind == "text":
        options["errors"] = errors
    return READERS[kind](path, start, **options)


def _read_pipe(path: Path, start: int, options: dict[str, Any]) -> Iterator[Document]:
    """What a pipe gives can be read once; telling its kind and resuming take more."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        try:
            with path.open("rb") as pipe, copy.open("wb") as file:
                shutil.copyfileobj(pipe, file)
        except OSError as error:
            raise InputError(
                f"{path}: expected room in {folder} for what the pipe gives, found: "
                f"{error.strerror}; free some space, or name another place with TMPDIR"
            ) from error
        try:
            kind_of(copy)
        except UnknownKindError:  # a pipe has no name that would tell text
            copy = copy.rename(copy.with_name(f"{copy.name}.txt"))
        yield from read(copy, start, **options)


def kind_of(path: Path) -> str:
    """Tell what a file holds: a key of `READERS`.

    Args:
        path: The file; its content decides, and its name only where the content does not tell.

    Raises:
        UnknownKindError: It is of another kind, or empty.
        InputError: It cannot be read.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.html"
    >>> _ = path.write_text("<html>")
    >>> kind_of(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.corpus.readers.read.UnknownKindError: ...page.html: expected WARC and WET, ...
    """
    with open_metered(path) as file:
        magic = cast(io.BufferedReader, file).peek(HEAD)
    packed = compression(magic, path.name)
    name = uncompressed_name(path)
    if magic.startswith(b"PK\x03\x04"):
        raise UnknownKindError(f"{path}: expected {KNOWN}; found a zip archive: unpack it first")
    try:
        head = b"".join(islice(read_chunks(path), 1))[:HEAD].lstrip()
    except Broken as error:
        if packed in ("", "gzip") and {".warc", ".wet"} & {s.lower() for s in path.suffixes}:
            return "warc"  # whose reader goes on after damage
        raise InputError(
            f"{path}: expected whole {packed} data, found damage ({error}); fetch the file again"
        ) from error
    kind = _kind(head, name)
    if kind is None:
        found = f"a file that begins with {head[:24]!r}" if head else "an empty one"
        raise UnknownKindError(f"{path}: expected {KNOWN}; found {found}")
    return kind


def _kind(head: bytes, name: Path) -> str | None:
    """The kind of a file that begins so, and would have this name without its compression."""
    xml = XML.match(head)
    if VERSION.match(head):
        return "warc"
    if xml:
        return xml["root"].decode()
    if is_text_name(name):
        return "text" if head else None
    if head.startswith(b"PAR1"):
        return "parquet"
    if name.suffix.lower() in (".jsonl", ".ndjson") or _is_object(head.partition(b"\n")[0]):
        return "jsonl"
    return None


def _is_object(line: bytes) -> bool:
    """Whether a line, or the first bytes of a long one, are an object in JSON."""
    if len(line) >= HEAD // 2:  # there may be more of it than was looked at
        return line.startswith(b'{"')
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
