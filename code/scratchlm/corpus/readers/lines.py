"""Lines of a stream, each with the place where it ends; a line without end is cut."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        data: Its bytes with the line end, or the first of them where it is too long.
        end: Where the next line begins, in decompressed bytes.
        whole: Whether `data` is all of it.
    """

    data: bytes
    end: int
    whole: bool = True


def split_lines(chunks: Iterable[bytes], start: int, limit: int) -> Iterator[Line]:
    r"""Cut a stream into lines, holding at most `limit` bytes and a chunk.

    Args:
        chunks: The stream.
        start: The place of its first byte.
        limit: Bytes that are kept of a line.

    >>> for line in split_lines([b"one\ntw", b"o\nendless"], 0, 5):
    ...     print(line)
    Line(data=b'one\n', end=4, whole=True)
    Line(data=b'two\n', end=8, whole=True)
    Line(data=b'endle', end=15, whole=False)
    """
    held = bytearray()
    begin = place = start
    for chunk in chunks:
        for piece in _split(chunk):
            place += len(piece)
            ends = piece.endswith(b"\n")
            if ends and begin == place - len(piece) and len(piece) <= limit:  # as nearly all are
                yield Line(piece, place)
                begin = place
                continue
            held += piece[: max(0, limit - len(held))]
            if ends:
                yield Line(bytes(held), place, len(held) == place - begin)
                held.clear()
                begin = place
    if place > begin:
        yield Line(bytes(held), place, len(held) == place - begin)


def _split(chunk: bytes) -> Iterator[bytes]:
    # Only a newline ends a line here: splitlines would end one at a carriage return, too.
    *lines, last = chunk.split(b"\n")
    yield from (line + b"\n" for line in lines)
    if last:
        yield last
