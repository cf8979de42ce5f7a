"""The first pass: an input file becomes shards of documents, all of about one size."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scratchlm.corpus.document import Document
from scratchlm.corpus.pipeline.manifest import NOTES, Notes
from scratchlm.corpus.pipeline.shards import DocumentWriter, read_shard
from scratchlm.errors import InputError

ReadDocuments = Callable[[Path, int], Iterator[Document]]


def ingest(
    read: ReadDocuments, folder: Path, shard_bytes: int, numbered: tuple[int, Path]
) -> dict[str, Any]:
    """Read a file into shards; go on after the last shard that is there already.

    Args:
        read: Gives the documents of a file, after the one that has the `Document.end` given.
        folder: Where the shards go: ``00012-00003.jsonl`` is the fourth of the input number 12.
        shard_bytes: A shard is closed when it holds this many.
        numbered: The number of the input and the file.

    Returns:
        ``name``, ``bytes`` and ``sha256`` of the file, and its ``shards`` by name.

    Raises:
        InputError: The file cannot be read, or the disk is full.
    """
    number, file = numbered
    notes = folder / f"{number:05}.json"
    try:
        if not notes.exists():
            shards = _write_shards(read, folder, shard_bytes, number, file)
            with file.open("rb") as data:
                digest = hashlib.file_digest(data, "sha256").hexdigest()
            found = {"name": str(file), "bytes": file.stat().st_size, "sha256": digest}
            NOTES.save(notes, Notes({**found, "shards": shards}))
        return NOTES.load(notes).found
    except OSError as error:
        raise InputError(
            f"{file}: expected a file that can be read and room for its text, found: "
            f"{error.strerror}; what is finished is kept: run the same command again"
        ) from error


def _write_shards(
    read: ReadDocuments, folder: Path, shard_bytes: int, number: int, file: Path
) -> list[str]:
    there = sorted(folder.glob(f"{number:05}-*.jsonl"))
    start = deque(read_shard(there[-1]), maxlen=1)[0].end if there else 0
    writer = DocumentWriter(folder, shard_bytes, f"{number:05}-", len(there))
    for document in read(file, start):
        writer.add(document)
    return [path.name for path in there] + [shard["name"] for shard in writer.close()]
