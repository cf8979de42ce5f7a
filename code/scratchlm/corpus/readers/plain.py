"""Plain text as a stream of documents, however large the file."""

from collections.abc import Iterator
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Broken, Progress, read_chunks
from scratchlm.corpus.readers.lines import split_lines
from scratchlm.corpus.readers.text import SEPARATOR
from scratchlm.errors import InputError

BOM = b"\xef\xbb\xbf"


def read_plain(
    path: Path,
    start: int = 0,
    *,
    separator: str = SEPARATOR,
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    r"""Read the documents of a text file, plain or compressed, one at a time.

    Args:
        path: The file, in UTF-8.
        start: Bytes of decompressed text to pass over: the `end` of a document read before.
        separator: The line that ends a document; a file without it is one document.
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
    for begin, end, data, whole in _split(path, start, separator, limits, on_error, progress):
        where = f"{path}: document at byte {begin:,}"
        if not whole:
            on_error.count(
                "document cut" if limits.over == "truncate" else "record too long", where
            )
            if limits.over == "skip":
                continue
        text = _decode(data, where, whole, on_error)
        text = text and admit(text, where, limits, on_error)
        if text:
            yield Document(text, id=f"{path.name}:{begin}", source="files", end=end)


def _split(
    path: Path,
    start: int,
    separator: str,
    limits: Limits,
    on_error: ErrorPolicy,
    progress: Progress | None,
) -> Iterator[tuple[int, int, bytes, bool]]:
    """Where each document begins and ends, its bytes, and whether they are all of it."""
    mark = separator.strip().encode()
    if not mark or b"\n" in mark:
        raise InputError(f"separator: expected one line of text, found {separator!r}")
    held, whole = bytearray(), True
    begin = end = start
    try:
        for line in split_lines(read_chunks(path, start, progress), start, limits.record):
            end = line.end
            if line.data.strip() == mark:
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


def _decode(data: bytes, where: str, whole: bool, on_error: ErrorPolicy) -> str | None:
    try:
        # Where the end was cut off, so may be the last character.
        return data.removeprefix(BOM).decode("utf-8", "strict" if whole else "ignore")
    except UnicodeDecodeError as error:
        found = f"byte {data[error.start]:02x} at its byte {error.start:,}"
        on_error.report("not UTF-8", where, "UTF-8", found)
        return None
