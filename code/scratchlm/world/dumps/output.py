"""Files of a dump: written as a stream, whole or not there, with their labels beside them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, TypeVar

from scratchlm.errors import InputError

Item = TypeVar("Item", bound="Sized")


class Sized(Protocol):
    """Anything that knows how many bytes it adds to an uncompressed dump."""

    @property
    def size(self) -> int:
        """Bytes before compression."""


@dataclass(frozen=True)
class Extent:
    """How much to write: bytes, items, or both; whichever is reached first ends the dump.

    Bytes are counted before compression, because compressors differ from machine to machine and
    the items of a dump must not. An item is never cut, so the last one may exceed the bytes.

    Attributes:
        size: Bytes before compression.
        items: Pages of a crawl, pages of an encyclopedia, threads of a forum.
        report: Is told the bytes of each item that has been written: a progress bar's update.

    Raises:
        InputError: Neither is given, or one is below 1.
    """

    size: int | None = None
    items: int | None = None
    report: Callable[[int], object] = field(default=lambda _: None, repr=False)

    def __post_init__(self) -> None:
        if self.size is None and self.items is None:
            raise InputError("dump: expected a size in bytes or a number of items, found neither")
        for name, value in (("size", self.size), ("number of items", self.items)):
            if value is not None and value < 1:
                raise InputError(f"dump: expected a {name} of at least 1, found {value}")

    def of(self, stream: Iterable[Item]) -> Iterator[Item]:
        """As much of a stream of items as this.

        >>> @dataclass(frozen=True)
        ... class Piece:
        ...     size: int
        >>> len(list(Extent(size=10).of(Piece(4) for _ in range(100))))
        3
        >>> len(list(Extent(items=2).of(Piece(4) for _ in range(100))))
        2
        """
        written = 0
        for number, item in enumerate(stream, start=1):
            yield item
            written += item.size
            self.report(item.size)
            if number == self.items or (self.size is not None and written >= self.size):
                return


@contextmanager
def whole_files(folder: Path, *names: str) -> Iterator[list[IO[bytes]]]:
    """Open files for writing that take their names only when all of them are whole.

    Args:
        folder: Where they go; made where it is missing.
        names: Their names, with ``/`` where they lie deeper.

    Raises:
        InputError: The folder cannot be written, or the disk is full; nothing is left behind.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_files(folder, "a.txt") as (file,):
    ...     _ = file.write(b"whole")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    paths = [folder / name for name in names]
    parts = [path.with_name(path.name + ".part") for path in paths]
    try:
        with ExitStack() as stack:
            for part in parts:
                part.parent.mkdir(parents=True, exist_ok=True)
            yield [stack.enter_context(part.open("wb")) for part in parts]
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written, found: {error.strerror}; "
            "check its permissions and the free space, or name another folder"
        ) from error
    finally:
        for part in parts:
            if part.exists():
                part.unlink()


def encode_label(label: Mapping[str, object]) -> bytes:
    r"""One line of a label file.

    >>> encode_label({"id": 1, "kind": "story"})
    b'{"id": 1, "kind": "story"}\n'
    """
    return json.dumps(label, ensure_ascii=False).encode() + b"\n"
