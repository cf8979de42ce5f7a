"""The container GGUF: a header with metadata, a table of tensors, and their bytes.

Source: the specification in ``docs/gguf.md`` of the GGML library, versions 2 and 3.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scratchlm.errors import InputError, quote
from scratchlm.interop.gguf_blocks import FORMATS, Format, dequantize_blocks

T = TypeVar("T")
MAGIC, VERSIONS, ALIGNMENT = b"GGUF", (2, 3), 32
# The value types of metadata with a fixed size, as `struct` writes them.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"}
SCALARS |= {12: "d"}
FLOAT, TEXT, ARRAY = 6, 8, 9
MOST_DIMENSIONS = 4


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor stands in the file.

    Attributes:
        format: How its numbers are stored.
        shape: As PyTorch has it; the file lists the dimensions in reverse.
        start: Its first byte, counted from the beginning of the file.
        size: How many bytes it has.
    """

    format: Format
    shape: tuple[int, ...]
    start: int
    size: int


class GGUFFile:
    """An open GGUF file; the bytes of its tensors are read when they are asked for.

    Args:
        path: The file.

    Attributes:
        metadata: Its key-value pairs.
        tensors: Its table of tensors, by name.

    Raises:
        InputError: The file is missing, truncated, or no GGUF file of a known version; it holds a
            tensor type that is unknown, or a table that does not fit the bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._bytes: NDArray[np.uint8] = np.memmap(path, mode="r")
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            what = getattr(error, "strerror", None) or "an empty file"
            raise InputError(f"{path}: expected a GGUF file, found: {what}") from error
        reader = _Reader(path, self._bytes.data)
        tensors, pairs = reader.head()
        self.metadata: Mapping[str, Any] = reader.pairs(pairs)
        self.tensors: Mapping[str, TensorInfo] = reader.table(tensors, self._alignment())

    def _alignment(self) -> int:
        """To a multiple of which number of bytes each tensor's beginning is moved."""
        found = self.metadata.get("general.alignment", ALIGNMENT)
        if not isinstance(found, int) or found < 1 or found & (found - 1):
            raise InputError(
                f"{self.path}: expected a power of 2 as alignment, found {quote(found)}"
            )
        return found

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def read(self, name: str) -> NDArray[np.float32]:
        """Read a tensor as float32 numbers in its shape.

        Raises:
            InputError: There is none of that name, or its type needs a package that is missing.
        """
        if name not in self.tensors:
            raise InputError(f"{self.path}: expected the tensor {name}, found none of that name")
        info = self.tensors[name]
        raw = self._bytes[info.start : info.start + info.size]
        blocks = raw.reshape(-1, info.format.block_bytes)
        try:
            return dequantize_blocks(info.format.name, blocks).reshape(info.shape)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error

    def value(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Look a value of the metadata up.

        Args:
            key: Its name.
            kind: The type it must have.
            default: What it is where it is missing; None: it has to be there.

        Raises:
            InputError: It is missing, or of another type.
        """
        found = self.metadata.get(key, default)
        if type(found) is not kind:
            raise InputError(
                f"{self.path}: expected {key} of the type {kind.__name__}, found {quote(found)}"
            )
        return found


class _Reader:
    """Reads a file from its beginning, and never beyond its end."""

    def __init__(self, path: Path, content: memoryview) -> None:
        self.path, self.content, self.at = path, content, 0

    def take(self, size: int) -> memoryview:
        """The next bytes."""
        if size > len(self.content) - self.at:
            raise InputError(
                f"{self.path}: expected {size:,} more bytes at byte {self.at:,}, found the end of "
                "the file; copy it again"
            )
        piece = self.content[self.at : self.at + size]
        self.at += size
        return piece

    def number(self, code: str) -> Any:  # noqa: ANN401
        """The next number, of one of `struct`'s types."""
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def text(self) -> str:
        """The next string: its length in bytes, then UTF-8."""
        at = self.at
        try:
            return bytes(self.take(self.number("Q"))).decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: expected UTF-8 at byte {at:,}, found other") from error

    def head(self) -> tuple[int, int]:
        """The numbers of tensors and of key-value pairs, after the magic number and the version."""
        magic = bytes(self.take(len(MAGIC)))
        if magic != MAGIC:
            raise InputError(
                f"{self.path}: expected a GGUF file, found one that begins with {magic!r}"
            )
        version = self.number("I")
        if version not in VERSIONS:
            raise InputError(f"{self.path}: expected version 2 or 3 of GGUF, found {version}")
        return self.number("Q"), self.number("Q")

    def pairs(self, number: int) -> dict[str, Any]:
        """The metadata."""
        found: dict[str, Any] = {}
        for _ in range(number):
            key = self.text()
            if key in found:
                raise InputError(
                    f"{self.path}: expected keys that differ, found {quote(key)} twice"
                )
            found[key] = self.value(self.number("I"))
        return found

    def value(self, kind: int) -> Any:  # noqa: ANN401
        """One value of the metadata: a number, a string, or a list of these."""
        if kind == TEXT:
            return self.text()
        if kind == FLOAT:  # the decimal number that was meant: 1e-05, not 9.999999747378752e-06
            return float(str(np.float32(self.number("f"))))
        if kind in SCALARS:
            return self.number(SCALARS[kind])
        if kind != ARRAY:
            raise InputError(f"{self.path}: expected a type of value from 0 to 12, found {kind}")
        of, length = self.number("I"), self.number("Q")
        if of == TEXT:
            return [self.text() for _ in range(length)]
        if of not in SCALARS:
            raise InputError(f"{self.path}: expected a list of numbers or texts, found type {of}")
        size = struct.calcsize("<" + SCALARS[of])
        return np.frombuffer(self.take(length * size), "<" + SCALARS[of]).tolist()

    def table(self, number: int, alignment: int) -> dict[str, TensorInfo]:
        """The tensors; as in GGML, their bytes follow one another without gaps but the padding."""
        rows = []
        for _ in range(number):
            name = self.text()
            if (dimensions := self.number("I")) > MOST_DIMENSIONS:
                raise InputError(
                    f"{self.path}: expected at most {MOST_DIMENSIONS} dimensions for "
                    f"{quote(name)}, found {dimensions}"
                )
            shape = tuple(self.number("Q") for _ in range(dimensions))[::-1]
            rows.append((name, shape, self.format(name, self.number("I")), self.number("Q")))
        found: dict[str, TensorInfo] = {}
        start = expected = self.at + -self.at % alignment
        for name, shape, form, offset in rows:
            size = self.size(name, shape, form)
            if name in found or start + offset != expected:
                raise InputError(
                    f"{self.path}: expected the tensor {quote(name)} once, at byte {expected:,}, "
                    f"found it {'twice' if name in found else f'at byte {start + offset:,}'}"
                )
            if expected + size > len(self.content):
                raise InputError(
                    f"{self.path}: expected {size:,} bytes of {quote(name)} at byte {expected:,}, "
                    f"found the end of the file at byte {len(self.content):,}; copy it again"
                )
            found[name] = TensorInfo(form, shape, expected, size)
            expected += size + -size % alignment
        return found

    def format(self, name: str, number: int) -> Format:
        """The type of a tensor."""
        if number not in FORMATS:
            known = ", ".join(form.name for form in FORMATS.values())
            raise InputError(
                f"{self.path}: expected {known} as the type of {quote(name)}, found number {number}"
            )
        return FORMATS[number]

    def size(self, name: str, shape: tuple[int, ...], form: Format) -> int:
        """How many bytes a tensor has, in whole blocks along its last dimension."""
        if not shape or 0 in shape or shape[-1] % form.block_size:
            raise InputError(
                f"{self.path}: expected rows of whole blocks of {form.block_size} in "
                f"{quote(name)}, found the shape {shape}"
            )
        return prod(shape) // form.block_size * form.block_bytes
