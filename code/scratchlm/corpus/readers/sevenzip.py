"""The one file inside a ``.7z`` archive, as a stream: nothing is unpacked to disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from scratchlm.corpus.require import require
from scratchlm.errors import InputError, shorten

WAITING = 2  # chunks that may wait to be read; the library unpacks a megabyte to one chunk
RATIO = 100  # times its size that an archive may grow; text grows five- to tenfold


def seven_zip_chunks(file: BinaryIO, path: Path, broken: type[Exception]) -> Iterator[bytes]:
    """Give the bytes of the file that an archive holds.

    The library pushes what it unpacks into a writer; a thread and a short queue turn that into
    something to pull from, with at most `WAITING` chunks in memory.

    Args:
        file: The archive, open.
        path: Its name, for messages.
        broken: What is raised where the archive is damaged.

    Raises:
        InputError: The archive does not hold exactly one file, wants a password, or is a bomb.

    >>> import io, py7zr, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "Posts.7z"
    >>> with py7zr.SevenZipFile(path, "w") as archive:
    ...     archive.writestr(b"<posts/>", "Posts.xml")
    >>> b"".join(seven_zip_chunks(path.open("rb"), path, OSError))
    b'<posts/>'
    """
    py7zr = require("py7zr")
    try:
        archive = py7zr.SevenZipFile(file)
        entries = [entry for entry in archive.list() if not entry.is_directory]
    except py7zr.exceptions.PasswordRequired as error:
        raise InputError(f"{path}: expected an open archive, found one with a password") from error
    except Exception as error:  # where bytes are wrong, the library stumbles in many ways
        raise broken(f"no readable archive ({shorten(str(error))})") from error
    if len(entries) != 1:
        raise InputError(
            f"{path}: expected an archive of one file, found {len(entries)}; unpack it, and read "
            "the files one by one"
        )
    size, unpacked = path.stat().st_size, entries[0].uncompressed
    if unpacked > RATIO * size:
        raise InputError(
            f"{path}: expected an archive that grows at most {RATIO}-fold, found one that grows "
            f"from {size:,} to {unpacked:,} bytes, as bombs do; unpack it if you trust it"
        )
    yield from _Unpacking(archive, broken).chunks()


class _Unpacking:
    """A thread that unpacks, and the queue to read from."""

    def __init__(self, archive: Any, broken: type[Exception]) -> None:  # noqa: ANN401
        self.archive = archive
        self.broken = broken
        self.waiting: queue.Queue[bytes | Exception] = queue.Queue(WAITING)
        self.stopped = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        """Pull; a reader that leaves early stops the thread."""
        thread = threading.Thread(target=self._unpack, daemon=True)
        thread.start()
        try:
            while chunk := self.waiting.get():
                if isinstance(chunk, Exception):
                    raise self.broken(str(chunk) or type(chunk).__name__) from chunk
                yield chunk
        finally:
            self.stopped.set()
            thread.join()

    def _unpack(self) -> None:
        last: bytes | Exception = b""
        with suppress(_Stopped):
            try:
                self.archive.extractall(factory=_writers(self._push))
            except _Stopped:
                raise
            except Exception as error:  # handed over, and raised where the chunks are read
                last = error
            self._push(last)

    def _push(self, chunk: bytes | Exception) -> None:
        while not self.stopped.is_set():
            with suppress(queue.Full):
                self.waiting.put(chunk, timeout=0.1)
                return
        raise _Stopped


class _Stopped(Exception):
    """Nobody reads any more."""


def _writers(push: Any) -> Any:  # noqa: ANN401
    """The library's kind of factory; its base classes are there only when it is."""
    py7zr_io = require("py7zr.io")

    class Writer(py7zr_io.Py7zIO):  # type: ignore[misc,name-defined]
        written = 0

        def write(self, data: bytes | bytearray) -> int:
            if data:  # an empty chunk would mean the end
                push(bytes(data))
            self.written += len(data)
            return len(data)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def flush(self) -> None:
            """Nothing is held back."""

        def size(self) -> int:
            return self.written

    class Factory(py7zr_io.WriterFactory):  # type: ignore[misc,name-defined]
        def create(self, filename: str) -> Writer:
            return Writer()

    return Factory()
