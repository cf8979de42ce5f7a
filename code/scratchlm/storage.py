"""Files that are either whole or not there."""

import hashlib
import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old content or the new, never half.

    The content goes to a neighbor of the file, is forced to the disk, and takes the file's name.

    Args:
        path: The file; its folder is made where it is missing.
        content: All of it.

    Raises:
        OSError: The disk is full or the folder cannot be written; the old file is untouched.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "note.txt"
    >>> write_atomically(path, b"whole"); path.read_bytes()
    b'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def sha256(content: bytes) -> str:
    """The fingerprint of some bytes, in hexadecimal.

    >>> sha256(b"")[:12]
    'e3b0c44298fc'
    """
    return hashlib.sha256(content).hexdigest()
