"""A file's bytes as a stream of chunks, decompressed: gzip, bzip2, Zstandard, 7z or plain."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from scratchlm.corpus.readers.sevenzip import seven_zip_chunks
from scratchlm.corpus.require import require
from scratchlm.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Progress = Callable[[int], object]  # is told how many more bytes of the file were read

CHUNK = 1 << 16
COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
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
        self.progress = progress
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


def compression(head: bytes) -> str:
    """Tell the compression from a file's first bytes.

    >>> compression(b"BZh91AY"), compression(b"plain")
    ('bzip2', '')
    """
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), "")


def read_chunks(path: Path, start: int = 0, progress: Progress | None = None) -> Iterator[bytes]:
    """Give a file's decompressed bytes, in pieces of at most about a megabyte.

    Args:
        path: The file; its first bytes tell how it is compressed.
        start: Where to begin, in decompressed bytes. A plain file is entered there; a compressed
            one is decompressed up to there, and that part thrown away.
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
        kind = compression(cast(io.BufferedReader, file).peek(8))
        if kind == "":
            file.seek(start)
            yield from _pieces(file)
            return
        for chunk in _decompressed(file, path, kind):
            if start < len(chunk):
                yield chunk[start:]
            start = max(0, start - len(chunk))


def _decompressed(file: BinaryIO, path: Path, kind: str) -> Iterator[bytes]:
    if kind == "7z":
        return seven_zip_chunks(file, path, Broken)
    if kind == "gzip":
        return _pieces(gzip.GzipFile(fileobj=file))
    if kind == "bzip2":
        return _pieces(bz2.BZ2File(file))
    return _pieces(io.BufferedReader(require("pyarrow").input_stream(file, compression="zstd")))


def _pieces(stream: io.BufferedIOBase | BinaryIO) -> Iterator[bytes]:
    # read1 and not read: when the stream breaks, read would throw away what it has so far.
    reader = cast(io.BufferedReader, stream)
    try:
        while chunk := reader.read1(CHUNK):
            yield chunk
    except (EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(
                f"expected a file that can be read, found: {error}; check the disk"
            ) from error
        raise Broken(str(error)) from error
