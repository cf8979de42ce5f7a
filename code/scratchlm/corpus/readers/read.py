"""One door to all readers: the file's first bytes tell which one it needs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import cast

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits
from scratchlm.corpus.readers.chunks import Broken, Progress, compression, open_metered, read_chunks
from scratchlm.corpus.readers.jsonl import read_jsonl
from scratchlm.corpus.readers.mediawiki import read_mediawiki
from scratchlm.corpus.readers.parquet import read_parquet
from scratchlm.corpus.readers.plain import read_plain
from scratchlm.corpus.readers.stackexchange import read_posts
from scratchlm.corpus.readers.text import SUFFIXES
from scratchlm.corpus.readers.warc import read_warc
from scratchlm.errors import InputError

HEAD = 4096  # bytes that are looked at
KNOWN = (
    "WARC and WET, MediaWiki XML, Stack Exchange Posts.xml, JSON Lines (each plain, .gz, .bz2, "
    ".zst; one-file .7z but for WARC), Parquet, and UTF-8 text ending in " + " or ".join(SUFFIXES)
)
READERS: dict[str, Callable[..., Iterator[Document]]] = {
    "warc": read_warc,
    "mediawiki": read_mediawiki,
    "posts": read_posts,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "text": read_plain,
}


def read(
    path: Path,
    start: int = 0,
    *,
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    """Read the documents of a file of any known kind, as a stream.

    Args:
        path: The file.
        start: The `end` of a document read before, to go on after it. What it counts is the
            reader's own: bytes of the file for WARC, of the decompressed content for XML, JSON
            Lines and text, rows for Parquet.
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
    reader = READERS[kind_of(path)]
    return reader(path, start, on_error=on_error, limits=limits, progress=progress)


def kind_of(path: Path) -> str:
    """Tell what a file holds: a key of `READERS`.

    Args:
        path: The file; its content decides, and its name only between text and the unknown.

    Raises:
        InputError: It is of another kind, empty, or cannot be read.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.html"
    >>> _ = path.write_text("<html>")
    >>> kind_of(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: ...page.html: expected WARC and WET, MediaWiki XML, ...
    """
    with open_metered(path) as file:
        magic = cast(io.BufferedReader, file).peek(8)[:8]
    if not magic:
        raise InputError(f"{path}: expected a file with documents, found an empty one")
    if magic.startswith(b"PK\x03\x04"):
        raise InputError(f"{path}: expected {KNOWN}; found a zip archive: unpack it first")
    names = {suffix.lower() for suffix in path.suffixes}
    packed = compression(magic)
    try:
        head = b"".join(islice(read_chunks(path), 1))[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    except Broken as error:
        if packed in ("", "gzip") and names & {".warc", ".wet"}:
            return "warc"  # whose reader goes on after damage
        raise InputError(
            f"{path}: expected whole {packed} data, found damage ({error}); fetch the file again"
        ) from error
    signs = {
        "parquet": magic.startswith(b"PAR1"),
        "warc": head.startswith(b"WARC/1.") and packed in ("", "gzip"),
        "mediawiki": b"<mediawiki" in head,
        "posts": b"<posts" in head,
        "text": bool(names & set(SUFFIXES)),
        "jsonl": head.startswith(b"{"),
    }
    kind = next((kind for kind, sign in signs.items() if sign), None)
    if kind is None:
        raise InputError(f"{path}: expected {KNOWN}; found a file that begins with {head[:24]!r}")
    return kind
