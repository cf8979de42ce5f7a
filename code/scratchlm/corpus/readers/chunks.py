"""A file's bytes as a stream of chunks: decompressed, and in UTF-8 if a mark says how."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from scratchlm.corpus.readers.sevenzip import seven_zip_chunks
from scratchlm.corpus.require import require
from scratchlm.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Progress = Callable[[int], object]  # is told how many more bytes of the file were read

CHUNK = 1 << 16
HEAD = 10  # bytes that tell the compression
COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),  # BZh alone may begin a text
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),
    "7z": re.compile(rb"7z\xbc\xaf\x27\x1c"),
}
SUFFIXES_OF = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd", ".7z": "7z"}
# The longest first: a mark of UTF-32 begins with one of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "",  # nothing to do but to take it off
}


class Broken(Exception):
    """The stream cannot be read on; all bytes before the break were given."""


class Metered(io.FileIO):
    """A file that reports how far it was read; what is read twice is reported once.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_bytes(b"12345678")
    >>> with Metered(path, print) as file:
    ...     _ = file.read(3), file.seek(2), file.read(4)
    3
    3
    """

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        super().__init__(path)
        self.progress = progress if self.seekable() else None  # a pipe does not know where it is
        self.reached = 0

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer."""
        size = super().readinto(buffer) or 0
        self._tell_progress()
        return size

    def read(self, size: int | None = -1) -> bytes:
        """Read some bytes, or all that are left."""
        data = super().read(-1 if size is None else size) or b""
        self._tell_progress()
        return data

    def _tell_progress(self) -> None:
        if self.progress and self.tell() > self.reached:
            self.progress(self.tell() - self.reached)
            self.reached = self.tell()


def open_metered(path: Path, progress: Progress | None = None) -> BinaryIO:
    """Open a file, buffered and metered.

    Raises:
        InputError: It is not there, is a folder, or must not be read.

    >>> open_metered(Path("no.txt"))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: no.txt: expected a file that can be read, found: No such file \
or directory; check the name and the permissions
    """
    try:
        return io.BufferedReader(Metered(path, progress), CHUNK)
    except OSError as error:
        raise InputError(
            f"{path}: expected a file that can be read, found: {error.strerror}; "
            "check the name and the permissions"
        ) from error


def compression(head: bytes, name: str = "") -> str:
    """Tell the compression from a file's first bytes.

    Args:
        head: At least `HEAD` of them, or all that there are.
        name: The file's name, which counts where the first bytes are damaged or missing.

    >>> compression(b"BZh91AY&SY"), compression(b"BZhang wrote"), compression(b"BZh9", "a.bz2")
    ('bzip2', '', 'bzip2')
    """
    known = (kind for kind, magic in COMPRESSIONS.items() if magic.match(head))
    damaged = SUFFIXES_OF.get(Path(name).suffix.lower(), "") if head.startswith(b"BZh") else ""
    return next(known, damaged)


def uncompressed_name(path: Path) -> Path:
    """The name that a file would have without its compression.

    >>> uncompressed_name(Path("a.txt.gz")).name, uncompressed_name(Path("a.txt")).name
    ('a.txt', 'a.txt')
    """
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES_OF else path


def collection(path: Path) -> str:
    """What the documents of a file come from, where nothing else is known: its name, in short.

    >>> collection(Path("in/tales.jsonl.gz")), collection(Path("in/tales.txt"))
    ('tales', 'tales')
    """
    return file_name(uncompressed_name(path).with_suffix(""))


def file_name(path: Path) -> str:
    r"""A file's name as text, even if its bytes are none.

    >>> file_name(Path("in/caf\udce9.txt"))
    'caf\\udce9.txt'
    """
    return path.name.encode("utf-8", "backslashreplace").decode()


def read_chunks(path: Path, start: int = 0, progress: Progress | None = None) -> Iterator[bytes]:
    """Give a file's decompressed bytes, in pieces of at most about a megabyte.

    A byte order mark is taken off. If it is one of UTF-16 or UTF-32, the text comes in UTF-8;
    halves of surrogate pairs stay what they are, three bytes that UTF-8 forbids.

    Args:
        path: The file; its first bytes tell how it is compressed.
        start: Where to begin, in bytes of what is given. A plain file is entered there; any other
            is decoded up to there, and that part thrown away.
        progress: Is told the bytes of the file itself as they are read.

    Raises:
        Broken: The compressed stream is damaged or cut.
        InputError: The file cannot be read.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.gz"
    >>> _ = path.write_bytes(gzip.compress(b"12345678"))
    >>> list(read_chunks(path, start=5))
    [b'678']
    """
    with open_metered(path, progress) as file:
        head = cast(io.BufferedReader, file).peek(HEAD)
        kind = compression(head, path.name)
        marked = next((mark for mark in MARKS if head.startswith(mark)), b"")
        if kind == "" and not marked and file.seekable():
            file.seek(start)
            yield from _pieces(file, path)
            return
        for chunk in _in_utf8(_decompressed(file, path, kind)):
            if start < len(chunk):
                yield chunk[start:]
            start = max(0, start - len(chunk))


def _in_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks without a byte order mark; decoded and encoded again if it asks for that."""
    stream = iter(chunks)
    first = b""
    while len(first) < 4 and (chunk := next(stream, b"")):
        first += chunk
    mark = next((mark for mark in MARKS if first.startswith(mark)), b"")
    first = first.removeprefix(mark)
    if not MARKS.get(mark):
        yield first
        yield from stream
        return
    decoder = codecs.getincrementaldecoder(MARKS[mark])("surrogatepass")
    try:
        for chunk in chain([first], stream):
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise Broken(f"no {MARKS[mark]}: {error.reason}") from error


def _decompressed(file: BinaryIO, path: Path, kind: str) -> Iterator[bytes]:
    if kind == "":
        return _pieces(file, path)
    if kind == "7z":
        return seven_zip_chunks(file, path, Broken)
    if kind == "gzip":
        return _pieces(gzip.GzipFile(fileobj=file), path)
    if kind == "bzip2":
        return _pieces(bz2.BZ2File(file), path)
    unpacked = require("pyarrow").input_stream(file, compression="zstd")
    return _pieces(io.BufferedReader(unpacked), path)


def _pieces(stream: io.BufferedIOBase | BinaryIO, path: Path) -> Iterator[bytes]:
    # read1 and not read: when the stream breaks, read would throw away what it has so far.
    reader = cast(io.BufferedReader, stream)
    try:
        while chunk := reader.read1(CHUNK):
            yield chunk
    except (EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(
                f"{path}: expected a file that can be read, found: {error}; check the disk"
            ) from error
        raise Broken(str(error)) from error
