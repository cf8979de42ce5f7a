"""Documents on disk: files of JSON lines, whole or absent."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scratchlm.corpus.document import Document
from scratchlm.corpus.pipeline.manifest import load_manifest
from scratchlm.errors import InputError, shorten
from scratchlm.storage import sha256, write_atomically

SHARD_BYTES = 64_000_000  # of JSON


def to_line(document: Document) -> bytes:
    r"""Write a document as one line of JSON.

    Half a surrogate pair, which is no character and which UTF-8 cannot hold, becomes ``?``.

    >>> to_line(Document("Hi.", id="1", source="web", end=3))
    b'{"text": "Hi.", "id": "1", "source": "web", "end": 3, "meta": {}}\n'
    """
    fields = {**asdict(document), "meta": dict(document.meta)}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def from_line(line: bytes) -> Document:
    """Read what `to_line` has written.

    >>> page = Document("Hi.", id="1", source="web", end=3)
    >>> from_line(to_line(page)) == page
    True
    """
    document = Document(**json.loads(line))
    strings = (document.text, document.id, document.source, *document.meta, *document.meta.values())
    if type(document.end) is not int or not all(isinstance(value, str) for value in strings):
        raise TypeError("a field of another type")
    return document


def read_shard(path: Path) -> Iterator[Document]:
    """Read a shard, one document at a time.

    Args:
        path: A file of a pipeline's output.

    Raises:
        InputError: The file cannot be read, or a line is not a document.

    >>> next(read_shard(Path("none.jsonl")))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none.jsonl: expected a shard ..., found: No such file or directory
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    document = from_line(line)
                except (AttributeError, TypeError, ValueError, RecursionError) as error:
                    raise InputError(
                        f"{path}: expected a document in line {number}, found: "
                        f"{shorten(str(error))}; clean the corpus again into another folder"
                    ) from error
                yield document
    except OSError as error:
        raise InputError(
            f"{path}: expected a shard that can be read, found: {error.strerror}"
        ) from error


def shard_paths(folder: Path) -> list[Path]:
    """List the shards of a folder that a pipeline has finished, in order.

    Raises:
        InputError: The folder has no manifest: it is not finished, or something else.

    >>> shard_paths(Path("none"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none: expected a folder with manifest.json, found none; run ...
    """
    return [folder / shard["name"] for shard in load_manifest(folder).shards]


class DocumentWriter:
    """Gathers documents into files of about one size; each appears when it is full.

    Args:
        folder: Where.
        size: A file is closed when it holds this many bytes.
        name: What the files' names begin with.
        number: The number of the first file.
    """

    def __init__(self, folder: Path, size: int, name: str = "", number: int = 0) -> None:
        self.folder, self.size, self.name = folder, size, name
        self.shards: list[dict[str, Any]] = []
        self._number, self._lines, self._held = number, list[bytes](), 0

    def add(self, document: Document) -> str | None:
        """Take a document; give the name of the file that it has filled.

        Raises:
            InputError: The disk is full; the files before this one are whole.
        """
        self._lines.append(to_line(document))
        self._held += len(self._lines[-1])
        return self._write() if self._held >= self.size else None

    def close(self) -> list[dict[str, Any]]:
        """Write what is left; name, documents, bytes and hash of every file.

        Raises:
            InputError: The disk is full; the files before this one are whole.
        """
        if self._lines:
            self._write()
        return self.shards

    def _write(self) -> str:
        path = self.folder / f"{self.name}{self._number:05}.jsonl"
        self.shards.append(write_shard(path, self._lines))
        self._number, self._lines, self._held = self._number + 1, [], 0
        return path.name


def write_shard(path: Path, lines: list[bytes]) -> dict[str, Any]:
    """Write lines of `to_line` to a file; its name, documents, bytes and hash.

    Raises:
        InputError: The disk is full; the file is not there.

    >>> import tempfile
    >>> write_shard(Path(tempfile.mkdtemp()) / "0.jsonl", [])["documents"]
    0
    """
    content = b"".join(lines)
    write_atomically(path, content)
    size = {"documents": len(lines), "bytes": len(content), "sha256": sha256(content)}
    return {"name": path.name, **size}
