"""Documents on disk: files of JSON lines, whole or absent."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.errors import InputError

MANIFEST = "manifest.json"


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
    return Document(**json.loads(line))


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
                except (TypeError, ValueError) as error:
                    raise InputError(
                        f"{path}: expected a document in line {number}, found: {error}; clean the "
                        "corpus again into another folder"
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
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return [folder / shard["name"] for shard in manifest["shards"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: expected a folder with {MANIFEST}, found none; run `scratchlm corpus "
            "clean` to its end"
        ) from error
