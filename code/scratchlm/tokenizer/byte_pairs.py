"""Byte-pair encoding as an algorithm: merges, in the order in which they were learned."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from scratchlm.errors import InputError
from scratchlm.tokenizer.algorithm import BYTE_TOKENS, Algorithm
from scratchlm.tokenizer.encoder import encode_word
from scratchlm.tokenizer.ties import Pair


class BytePairs(Algorithm):
    """Starts from bytes and makes the merge that was learned first, until none is left.

    Tokens 0 to 255 are the bytes, the next ones what the merges make, in their order.

    Attributes:
        merges: The two tokens that each merge joins.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> BytePairs([(117, 103), (104, 256)]).encode(b"hugs")
    [257, 115]
    """

    name: ClassVar[str] = "bpe"

    def __init__(self, merges: Iterable[Pair]) -> None:
        self.merges = tuple(merges)
        self.tokens = token_table(self.merges)
        self._ranks = {pair: len(BYTE_TOKENS) + rank for rank, pair in enumerate(self.merges)}

    def encode(self, word: bytes) -> list[int]:
        """Cut one pre-token."""
        return encode_word(word, self._ranks)

    def parts(self) -> dict[str, Any]:
        """The merges, as lists of two.

        >>> BytePairs([(117, 103)]).parts()
        {'merges': [[117, 103]]}
        """
        return {"merges": [list(pair) for pair in self.merges]}

    @classmethod
    def from_parts(cls, parts: Mapping[str, Any]) -> Self:
        """Build it again.

        >>> BytePairs.from_parts({"merges": [[117, 103]]}).merges
        ((117, 103),)
        """
        return cls((left, right) for left, right in parts["merges"])


def token_table(merges: Sequence[Pair]) -> list[bytes]:
    """The bytes of each token: the 256 bytes, then what each merge makes.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> token_table([(104, 105), (256, 33)])[256:]
    [b'hi', b'hi!']
    """
    tokens = list(BYTE_TOKENS)
    for rank, (left, right) in enumerate(merges):
        if not (0 <= left < len(tokens) and 0 <= right < len(tokens)):
            raise InputError(
                f"merge {rank}: expected two tokens from 0 to {len(tokens) - 1}, found "
                f"{left} and {right}; train the tokenizer again"
            )
        tokens.append(tokens[left] + tokens[right])
    if len(set(merges)) < len(merges):
        raise InputError("merges: expected pairs that differ, found one twice; train again")
    return tokens
