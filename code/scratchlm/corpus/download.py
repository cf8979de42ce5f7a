"""Fetching the registry's texts: resumed where they broke off, checked, kept in a cache."""

import hashlib
import logging
import os
import sys
import urllib.request
from pathlib import Path

from scratchlm.corpus.extract.gutenberg import strip_gutenberg
from scratchlm.corpus.readers.text import read_texts
from scratchlm.corpus.registry import RegistryEntry, entry
from scratchlm.errors import InputError
from scratchlm.storage import write_atomically

RETRIES = 2  # a broken connection is taken up again this often before the reader is told


def cache_folder() -> Path:
    """Where downloads are kept: ``SCRATCHLM_CACHE``, or else ``~/.cache/scratchlm``.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, SCRATCHLM_CACHE="/tmp/texts"):
    ...     cache_folder().as_posix()
    '/tmp/texts'
    """
    return Path(os.environ.get("SCRATCHLM_CACHE") or Path.home() / ".cache" / "scratchlm")


def get(name: str, cache: Path | None = None) -> Path:
    """Return the file that holds the text `name`; fetch it if the cache lacks it.

    Args:
        name: an entry of the registry.
        cache: another folder than `cache_folder()`.

    Raises:
        InputError: the name is unknown, or see `fetch`.

    >>> get("moby")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: expected one of shakespeare, tinystories, ..., found 'moby'
    """
    return fetch(entry(name), cache or cache_folder())


def fetch(wanted: RegistryEntry, cache: Path) -> Path:
    """Return the checked (and, if the entry asks for it, prepared) file of an entry.

    The file is `cache/NAME/FILE`; a prepared one stands beside it as `NAME.txt`. What has
    another hash than the registry's is never used: it is renamed to `FILE.rejected`. A download
    that broke off leaves `FILE.part…` files, from which the next call goes on.

    Args:
        wanted: what to fetch.
        cache: the folder that keeps it.

    Raises:
        InputError: the server cannot be reached and the cache holds no copy, the file that
            came has another hash, or the cache cannot be written to.
    """
    folder = cache / wanted.name
    file = folder / wanted.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (file.exists() and _accept(file, wanted)):
            part = _download(wanted, file)
            if not _accept(part, wanted):
                raise InputError(
                    f"{wanted.url}: expected {wanted.bytes:,} bytes with sha256 {wanted.sha256}, "
                    f"found another file; it is kept as {_rejected(part)} and not used. Run the "
                    "command again; if this repeats, the source has changed: please open an issue"
                )
            part.replace(file)
        return _prepare(file, wanted)
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written to, found: {error.strerror}; free "
            "some space, or name another folder in the environment variable SCRATCHLM_CACHE"
        ) from error


def _accept(file: Path, wanted: RegistryEntry) -> bool:
    """Whether a file is what the registry says; a wrong one is moved out of the way."""
    with file.open("rb") as data:
        found = hashlib.file_digest(data, "sha256").hexdigest()
    if found == wanted.sha256:
        return True
    file.replace(_rejected(file))
    return False


def _rejected(file: Path) -> Path:
    return file.with_name(file.name.removesuffix(".part") + ".rejected")


def _download(wanted: RegistryEntry, file: Path) -> Path:
    """Fetch to `FILE.part`, going on from what an earlier try has left."""
    from pypdl import Pypdl  # only downloads need it, and importing it takes a while

    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)  # whole but unchecked, or from a server that cannot resume
    log = _Log()
    proxy = urllib.request.getproxies().get(wanted.url.split(":", 1)[0])
    done = Pypdl(logger=log.logger).start(
        wanted.url,
        str(part),
        segments=1,
        retries=RETRIES,
        overwrite=False,  # that is: go on from FILE.part.0
        display=sys.stdout.isatty(),
        # A compressed answer could be neither resumed nor measured.
        headers={"Accept-Encoding": "identity"},
        **({"proxy": proxy} if proxy else {}),
    )
    if not done or not part.exists():
        raise InputError(
            f"{wanted.name}: expected to fetch {wanted.url} ({wanted.bytes:,} bytes), but the "
            f"download did not succeed{log.last()}. Run the command again to go on where it broke "
            f"off; or fetch the file on another machine and put it at {file}"
        )
    return part


def _prepare(file: Path, wanted: RegistryEntry) -> Path:
    if not wanted.prepare:
        return file
    text = strip_gutenberg("".join(read_texts(file)), str(file))
    prepared = file.with_name(f"{wanted.name}.txt")
    if not prepared.exists() or prepared.read_text(encoding="utf-8") != text:
        write_atomically(prepared, text.encode())
    return prepared


class _Log(logging.Handler):
    """Keeps what the library logs, so that a failure can be explained in one sentence."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self.logger = logging.Logger("download")  # of its own: nothing goes to the root logger
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception, or else the message."""
        error = record.exc_info[1] if record.exc_info else None
        self.messages.append(str(error or record.getMessage()))

    def last(self) -> str:
        """The last reason, ready to be put into a sentence."""
        return f" ({self.messages[-1]})" if self.messages else ""
