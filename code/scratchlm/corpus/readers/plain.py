"""Plain text as a stream of documents, however large the file, and however it is compressed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Broken, Progress, collection, file_name, read_chunks
from scratchlm.corpus.readers.lines import Line, split_lines
from scratchlm.errors import InputError

SEPARATOR = "<|endoftext|>"  # the line that usually ends a document in a file of many
Errors = Literal["strict", "replace"]


def read_plain(
    path: Path,
    start: int = 0,
    *,
    separator: str | None = SEPARATOR,
    errors: Errors = "strict",
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    r"""Read the documents of a text file, plain or compressed, one at a time.

    Args:
        path: The file, in UTF-8, or with a byte order mark of UTF-16 or UTF-32.
        start: Bytes of decompressed text to pass over: the `end` of a document read before.
        separator: The line that ends a document; a file without it is one document. None: every
            file is one.
        errors: What to do with bytes that are not UTF-8: leave the document out, or put U+FFFD
            in their place.
        on_error: Counts documents that are not UTF-8; without it they stop the reader.
        limits: Longest document, in bytes (`record`) and in characters. With
            ``over="truncate"`` both cut it.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "two.txt"
    >>> _ = path.write_text("One.\n<|endoftext|>\nTwo.\n")
    >>> first, second = read_plain(path)
    >>> first.end, second.id, second.text
    (19, 'two.txt:19', 'Two.\n')
    """
    on_error = on_error or ErrorPolicy()
    check_separator(separator)
    mark = None if separator is None else separator.strip().encode()
    for begin, end, data, whole in _split(path, start, mark, limits, on_error, progress):
        where = f"{path}: document at byte {begin:,}"
        if not whole:
            reason = "document cut" if limits.over == "truncate" else "record too long"
            on_error.count(reason, where)
            if limits.over == "skip":
                continue
        # Where the end was cut off, so may be the last character.
        text = _decode(data, path, begin, errors if whole else "ignore", on_error)
        text = text and admit(text, where, limits, on_error)
        if text:
            yield Document(text, id=f"{file_name(path)}:{begin}", source=collection(path), end=end)


def no_limits() -> Limits:
    """For texts that were chosen one by one: nothing is too long.

    >>> no_limits().over
    'skip'
    """
    return replace(LIMITS, record=1 << 62, document=1 << 62)


def check_separator(separator: str | None) -> None:
    r"""Refuse what is not one line.

    Raises:
        InputError: It is empty, blank, or several lines.

    >>> check_separator("one\ntwo")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: separator: expected one line of text, found 'one\ntwo'
    """
    if separator is not None and (not separator.strip() or len(separator.splitlines()) != 1):
        raise InputError(f"separator: expected one line of text, found {separator!r}")


def _split(
    path: Path,
    start: int,
    mark: bytes | None,
    limits: Limits,
    on_error: ErrorPolicy,
    progress: Progress | None,
) -> Iterator[tuple[int, int, bytes, bool]]:
    """Where each document begins and ends, its bytes, and whether they are all of it."""
    held, whole = bytearray(), True
    begin = end = start
    try:
        chunks = read_chunks(path, start, progress)
        lines = (
            _as_lines(chunks, start) if mark is None else split_lines(chunks, start, limits.record)
        )
        for line in lines:
            end = line.end
            if mark is not None and line.data.strip() == mark:
                yield begin, end, bytes(held), whole
                held, whole, begin = bytearray(), True, end
            else:
                room = limits.record - len(held)
                whole = whole and line.whole and len(line.data) <= room
                held += line.data[:room]
    except Broken as error:
        on_error.report("stream cut", f"{path}: after byte {end:,}", "more data", str(error))
    if held:
        yield begin, end, bytes(held), whole


def _as_lines(chunks: Iterable[bytes], end: int) -> Iterator[Line]:
    """Chunks are as good as lines where no line ends a document."""
    for chunk in chunks:
        end += len(chunk)
        yield Line(chunk, end)


def _decode(data: bytes, path: Path, begin: int, errors: str, on_error: ErrorPolicy) -> str | None:
    try:
        return data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        found = f"byte {data[error.start]:02x} at offset {begin + error.start} ({error.reason})"
        remedy = (
            'convert it to UTF-8, or replace such bytes with errors="replace" (--errors replace)'
        )
        on_error.report("not UTF-8", str(path), "UTF-8", found, remedy)
        return None
