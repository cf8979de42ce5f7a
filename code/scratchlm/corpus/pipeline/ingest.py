"""The first pass: an input file becomes shards of documents, all of about one size."""

import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import Action, Counted, ErrorPolicy
from scratchlm.corpus.pipeline.manifest import NOTES, Notes
from scratchlm.corpus.pipeline.shards import DocumentWriter, read_shard
from scratchlm.corpus.readers.read import UnknownKindError
from scratchlm.corpus.require import MissingLibraryError
from scratchlm.errors import InputError
from scratchlm.storage import write_atomically


class ReadDocuments(Protocol):
    """A reader: `read`, or one for a kind of file of one's own."""

    def __call__(
        self, path: Path, start: int = 0, *, on_error: ErrorPolicy | None = None
    ) -> Iterator[Document]:
        """Give the documents of a file, after the one that has the `Document.end` given."""


def ingest(
    read: ReadDocuments,
    folder: Path,
    shard_bytes: int,
    action: Action,
    numbered: tuple[int, Path],
) -> dict[str, Any]:
    """Read a file into shards; go on after the last shard that is there already.

    Args:
        read: Gives the documents of a file.
        folder: Where the shards go: ``00012-00003.jsonl`` is the fourth of the input number 12.
        shard_bytes: A shard is closed when it holds this many.
        action: What to do at damage.
        numbered: The number of the input and the file.

    Returns:
        ``name``, ``bytes`` and ``sha256`` of the file, its ``shards`` by name, and what was
        ``left_out`` of it.

    Raises:
        InputError: The file cannot be read and that is to stop the pipeline, or the disk is full.
    """
    number, file = numbered
    notes = folder / f"{number:05}.json"
    _begin(notes, file)
    if not notes.exists():
        on_error = ErrorPolicy(action)
        shards = _write_shards(read, folder, shard_bytes, numbered, on_error)
        found = {"name": str(file), "bytes": file.stat().st_size, "sha256": hash_file(file)}
        found |= {"shards": shards, "left_out": on_error.counted}
        NOTES.save(notes, Notes(found))
    return NOTES.load(notes).found


def _begin(notes: Path, file: Path) -> None:
    """Note which state of the file is read; what was read of another one is read again."""
    try:
        stat = file.stat()
    except OSError as error:
        raise InputError(
            f"{file}: expected the file that was there before, found: {error.strerror}; bring it "
            "back, or begin in another folder"
        ) from error
    begun, state = notes.with_suffix(".begun"), f"{stat.st_size} {stat.st_mtime_ns}".encode()
    if begun.exists() and begun.read_bytes() == state:
        return
    if notes.exists():  # touched, or changed?
        if hash_file(file) == NOTES.load(notes).found["sha256"]:
            return
        if (notes.parent.parent / "01").exists():  # steps have worked on it already
            raise InputError(
                f"{file}: expected the file as it was when this run began, found that it has "
                "changed; begin in another folder, or delete this one"
            )
    for half in notes.parent.glob(f"{notes.stem}*"):
        half.unlink()
    write_atomically(begun, state)


def hash_file(file: Path) -> str:
    """The sha256 of a file's bytes; empty where they cannot be read.

    >>> import tempfile
    >>> hash_file(Path(tempfile.mkdtemp()) / "none")
    ''
    """
    try:
        with file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError:
        return ""


def _write_shards(
    read: ReadDocuments,
    folder: Path,
    shard_bytes: int,
    numbered: tuple[int, Path],
    on_error: ErrorPolicy,
) -> list[str]:
    """Write shards; what was left out up to the end of each stands beside it."""
    number, file = numbered
    there = sorted(folder.glob(f"{number:05}-*.jsonl"))
    while there and not _counts_of(there[-1]).exists():
        there.pop().unlink()
    if there:
        on_error.add(_load_counts(there[-1]))
    start = deque(read_shard(there[-1]), maxlen=1)[0].end if there else 0
    writer = DocumentWriter(folder, shard_bytes, f"{number:05}-", len(there))
    for document in _documents(read, file, start, on_error):
        if name := writer.add(document):
            NOTES.save(_counts_of(folder / name), Notes({"left_out": on_error.counted}))
    return [path.name for path in there] + [shard["name"] for shard in writer.close()]


def _documents(
    read: ReadDocuments, file: Path, start: int, on_error: ErrorPolicy
) -> Iterator[Document]:
    """The documents of a file; one that cannot be read at all is left out and counted."""
    if file.stat().st_size == 0:
        on_error.count("empty file", str(file))
        return
    empty = start == 0
    try:
        for document in read(file, start, on_error=on_error):
            empty = False
            yield document
    except MissingLibraryError:
        raise
    except InputError as error:
        if on_error.action == "stop":
            raise
        unknown = isinstance(error, UnknownKindError)
        reason = "file of no known kind" if unknown else "file that cannot be read"
        on_error.count(reason, str(error))
    else:
        if empty:
            on_error.count("file without a document", str(file))


def _counts_of(shard: Path) -> Path:
    return shard.with_suffix(".counts")


def _load_counts(shard: Path) -> list[Counted]:
    counted = NOTES.load(_counts_of(shard)).found["left_out"]
    return [(reason, times, where) for reason, times, where in counted]
