"""Greedy longest match: how WordPiece and a character vocabulary encode a word."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from scratchlm.tokenizer.vocabulary import Algorithm, check_tokens


class LongestMatch(Algorithm):
    """Greedy longest match: the longest token that the rest of the word starts with, repeated.

    This is the encoding of BERT (Devlin et al., 2019; the algorithm is MaxMatch in Song et al.,
    2021, section 3) over bytes: a word never becomes "unknown". BERT writes ## before a piece
    inside a word; here the space before a word belongs to its first piece and does the same.

    Raises:
        InputError: A token is there twice, or one of the 256 bytes is missing.

    >>> from scratchlm.tokenizer.vocabulary import BYTE_TOKENS
    >>> LongestMatch([*BYTE_TOKENS, b"un", b"unaff", b"able"]).encode(b"unaffable")
    [257, 258]
    """

    name: ClassVar[str] = "WordPiece"

    def __init__(self, tokens: Iterable[bytes]) -> None:
        self.tokens = tuple(tokens)
        self._numbers = check_tokens(self.tokens)
        self._longest = max(map(len, self.tokens))

    def encode(self, word: bytes) -> list[int]:
        """Split one pre-token in time (length of the word) times (length of the longest token)."""
        numbers, ids, start, size = self._numbers, [], 0, len(word)
        while start < size:
            end = min(start + self._longest, size)
            while (number := numbers.get(word[start:end])) is None:
                end -= 1
            ids.append(number)
            start = end
        return ids

    def parameters(self, ids: Sequence[int | None]) -> None:
        """None: the tokens are all."""
