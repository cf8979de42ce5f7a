"""One envelope for our files: a format, a version, and a hash over everything that they say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scratchlm.errors import InputError, quote
from scratchlm.storage.files import read_file, sha256, write_atomically
from scratchlm.storage.records import LIMIT, from_fields, parse_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)
else:
    T = TypeVar("T")


def fingerprint(fields: Mapping[str, Any]) -> str:
    """The sha256 of what JSON can hold, whatever the spaces and the order in its file.

    >>> fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    True
    """
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode())


def _as_dict(content: "DataclassInstance") -> dict[str, Any]:
    return {name: getattr(content, name) for name in content.__dataclass_fields__}


@dataclass(frozen=True)
class Envelope(Generic[T]):
    """What stands around the content of one kind of file.

    The content is a dataclass; its fields become one JSON object, with ``format``, ``version``
    and ``sha256`` beside them. The hash is of all the others: a single changed bit is noticed.

    Attributes:
        format: The name of the kind.
        version: Raised whenever a file of before could be misread.
        content: The dataclass.
        remedy: How to get a whole file of this kind.

    >>> @dataclass
    ... class Note:
    ...     loss: float
    >>> note = Envelope("note", 1, Note, "write it again")
    >>> packed = note.pack(Note(2.5)); note.unpack(packed, "a.json")
    Note(loss=2.5)
    >>> note.unpack(packed.replace(b"2.5", b"0.5"), "a.json")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: a.json: expected a note with sha256 ..., found ...; write it again
    """

    format: str
    version: int
    content: type[T]
    remedy: str

    def pack(self, content: T, *, indent: int | None = None) -> bytes:
        """Write the content as one JSON object; without an indent, on one line."""
        # As they come back: tuples are lists then, and numbers as names are strings.
        line = json.dumps(content, default=_as_dict, allow_nan=False)
        fields = {"format": self.format, "version": self.version, **json.loads(line)}
        fields["sha256"] = fingerprint(fields)
        return json.dumps(fields, indent=indent, ensure_ascii=False).encode(
            errors="backslashreplace"
        )

    def unpack(self, packed: bytes, source: Path | str) -> T:
        """Read what `pack` wrote.

        Args:
            packed: The bytes; spaces around the object do not matter.
            source: Where they come from, for the message.

        Raises:
            InputError: They are something else, of another version, or were changed.
        """
        is_object = packed.lstrip().startswith(b"{")
        fields = parse_json(packed, source, self.remedy) if is_object else {}
        if fields.get("format") != self.format:
            raise InputError(
                f"{source}: expected a {self.format}, found another kind of file; {self.remedy}"
            )
        if fields.get("version") != self.version:
            raise InputError(
                f"{source}: expected a {self.format} of version {self.version}, found "
                f"{quote(fields.get('version'))}; use the release of scratchlm that wrote it, or "
                f"{self.remedy}"
            )
        said = fields.pop("sha256", None)
        if said != (found := fingerprint(fields)):
            raise InputError(
                f"{source}: expected a {self.format} with sha256 {quote(said)}, found {found}: it "
                f"was changed or damaged; {self.remedy}"
            )
        del fields["format"], fields["version"]
        return from_fields(self.content, fields, source, self.remedy)

    def save(self, path: Path, content: T) -> None:
        """Write a file of this kind.

        Raises:
            InputError: The disk is full, or the folder cannot be written.
        """
        write_atomically(path, self.pack(content, indent=1) + b"\n")

    def load(self, path: Path) -> T:
        """Read a file of this kind.

        Raises:
            InputError: It is missing, something else, of another version, or was changed.
        """
        return self.unpack(read_file(path, self.remedy, limit=LIMIT), path)
