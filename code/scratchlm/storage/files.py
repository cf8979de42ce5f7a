"""Files that are either whole or not there, and errors that say what to do."""

import errno
import fcntl
import hashlib
import os
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType

from scratchlm.errors import InputError

_FULL = "free some space and run the same command again; what was there before is whole"
_FORBIDDEN = "name a folder that you may write to"
_ELSEWHERE = "name another place"
REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FULL),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _FORBIDDEN),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG), _ELSEWHERE),
}


class AtomicFile:
    """A file that is growing; it takes its name when it is whole, or leaves nothing behind.

    The content goes to a draft beside the file, is forced to the disk, and takes the file's name.
    There is one draft for each file: the next attempt writes over what a killed one left. A lock
    keeps two processes from writing to it at once.

    Args:
        path: Where the file will be; its folder is made where it is missing.

    Raises:
        InputError: The disk is full, or the folder cannot be written; the old file is untouched.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "note.txt"
    >>> with AtomicFile(path) as file:
    ...     file.write(b"wh?le"); file.write(b"o", at=2)
    >>> path.read_bytes(), len(list(path.parent.iterdir()))
    (b'whole', 1)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._locked()
            self._file.truncate(0)
        except FileExistsError as error:
            raise InputError(
                f"{path.parent}: expected a folder, found a file; {_ELSEWHERE}"
            ) from error
        except OSError as error:
            raise cannot_write(path, error) from error

    def _locked(self) -> FileIO:
        """Open the draft, and wait until no other process has it."""
        while True:
            # Unbuffered: what a full disk refused must not be tried again when the file is closed.
            file = FileIO(os.open(self._draft, os.O_WRONLY | os.O_CREAT, 0o666), "w")
            with suppress(OSError):  # some network file systems have no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self._draft.stat()):
                    return file
            file.close()  # whoever had the lock gave the draft its name: make another one

    def write(self, content: bytes, *, at: int | None = None) -> None:
        """Write all of the content.

        Args:
            content: What to write.
            at: The offset to overwrite; None: after what was written last.

        Raises:
            InputError: The disk is full.
        """
        left = memoryview(content)
        try:
            if at is not None:
                self._file.seek(at)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def finish(self) -> None:
        """Force the content to the disk, and give it the file's name.

        Raises:
            InputError: The disk is full.
        """
        try:
            os.fsync(self._file.fileno())
            self._draft.replace(self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._file.close()  # gives the lock back: from here on, a draft is another process's

    def discard(self) -> None:
        """Leave nothing behind of a file that is not finished."""
        if not self._file.closed:
            self._draft.unlink(missing_ok=True)
            self._file.close()

    def __enter__(self) -> "AtomicFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.finish()
        finally:
            self.discard()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old content or the new, never half.

    Args:
        path: The file; its folder is made where it is missing.
        content: All of it.

    Raises:
        InputError: The disk is full, or the folder cannot be written; the old file is untouched.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "note.txt"
    >>> write_atomically(path, b"whole"); path.read_bytes()
    b'whole'
    """
    with AtomicFile(path) as file:
        file.write(content)


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, which is made where it is missing.

    A crash or a full disk can leave a part of the content there, and nothing else changed.

    Raises:
        InputError: The disk is full, or the file cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.txt"
    >>> append(path, b"one,"); append(path, b"two"); path.read_bytes()
    b'one,two'
    """
    left = memoryview(content)
    try:
        with path.open("ab", buffering=0) as file:
            while left:
                left = left[file.write(left) :]
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> InputError:
    """What to say where a file cannot be written.

    >>> print(cannot_write(Path("a.txt"), OSError(errno.EISDIR, "Is a directory")))
    a.txt: expected a file that can be written, found Is a directory; name another place
    """
    remedy = REMEDIES.get(error.errno or 0, "mend that and run the same command again")
    found = error.strerror or error
    return InputError(f"{path}: expected a file that can be written, found {found}; {remedy}")


def read_file(path: Path, remedy: str, *, limit: int | None = None) -> bytes:
    """Read all of a file.

    Args:
        path: The file.
        remedy: What to do where it cannot be read.
        limit: Most bytes that such a file can have.

    Raises:
        InputError: It is not there, cannot be read, or is larger.

    >>> read_file(Path("a.txt"), "make one")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.txt: expected a file, found No such file or directory; make one
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if limit is not None and size > limit:
                raise InputError(
                    f"{path}: expected at most {limit:,} bytes, found {size:,}; {remedy}"
                )
            return file.read()
    except OSError as error:
        raise cannot_read(path, error, remedy) from error


def cannot_read(path: Path, error: OSError, remedy: str) -> InputError:
    """What to tell the user about a file that could not be read.

    >>> print(cannot_read(Path("a.txt"), PermissionError(13, "Permission denied"), "make one"))
    a.txt: expected a file, found Permission denied; check its permissions, and its folder's
    """
    if isinstance(error, PermissionError):
        remedy = "check its permissions, and its folder's"
    return InputError(f"{path}: expected a file, found {error.strerror or error}; {remedy}")


def sha256(content: bytes) -> str:
    """The fingerprint of some bytes, in hexadecimal.

    >>> sha256(b"")[:12]
    'e3b0c44298fc'
    """
    return hashlib.sha256(content).hexdigest()
