"""Remembering how pieces of text were encoded, since most come again."""

import re
from collections.abc import Callable, Iterable

LONG = 100  # characters; longer pieces hardly come back, and would fill the memory

# A single space between two words. All the named patterns begin a pre-token there, whatever
# stands on its sides, so that the sides can be encoded apart.
SINGLE_SPACE = re.compile(r"(?<=\S)(?= \S)")


class Recall(dict[str, tuple[int, ...]]):
    """The ids of the pieces seen lately; a piece that is missing is encoded and remembered.

    It is emptied when it is full, which costs little: common pieces are back at once.

    Args:
        encode: Turns a piece into ids.
        limit: Most pieces to remember.

    >>> recall = Recall(lambda word: word.encode(), limit=1000)
    >>> recall["hi"], len(recall)
    ((104, 105), 1)
    """

    def __init__(self, encode: Callable[[str], Iterable[int]], limit: int) -> None:
        super().__init__()
        self._encode, self._limit = encode, limit

    def __missing__(self, piece: str) -> tuple[int, ...]:
        ids = tuple(self._encode(piece))
        if len(piece) < LONG:
            if len(self) >= self._limit:
                self.clear()
            self[piece] = ids
        return ids
