"""The unigram model: of all ways to cut a word, the most probable one."""

from collections.abc import Iterable, Mapping
from math import inf, isfinite
from typing import Any, ClassVar, Self

from scratchlm.errors import InputError
from scratchlm.tokenizer.algorithm import Algorithm, check_tokens
from scratchlm.tokenizer.visible import from_visible, visible


class Unigram(Algorithm):
    """Gives every token a probability, and cuts a word so that their product is largest.

    Kudo (2018), section 3.2; the search is the Viterbi algorithm. Of two cuts that are equally
    probable, the one whose last token is longer wins.

    Args:
        scores: The natural logarithm of each token's probability.

    Raises:
        InputError: A score is no finite number, or one of the 256 bytes is missing.

    >>> from scratchlm.tokenizer.algorithm import BYTE_TOKENS
    >>> scores = dict.fromkeys(BYTE_TOKENS, -9.0) | {b"hug": -3.0, b"hu": -2.5, b"gs": -2.0}
    >>> [Unigram(scores).tokens[id] for id in Unigram(scores).encode(b"hugs")]
    [b'hu', b'gs']
    """

    name: ClassVar[str] = "unigram"

    def __init__(self, scores: Mapping[bytes, float] | Iterable[tuple[bytes, float]]) -> None:
        pairs = list(scores.items() if isinstance(scores, Mapping) else scores)
        self.tokens = tuple(token for token, _ in pairs)
        self.scores = tuple(float(score) for _, score in pairs)
        numbers = check_tokens(self.tokens)
        if not all(map(isfinite, self.scores)):
            raise InputError("scores: expected finite numbers, found inf or nan; train again")
        self._edges = {token: (id, self.scores[id]) for token, id in numbers.items()}
        self._longest = max(map(len, self.tokens))

    def encode(self, word: bytes) -> list[int]:
        """Cut one pre-token in time (length of the word) times (length of the longest token)."""
        size, edges, longest = len(word), self._edges, self._longest
        best = [0.0] + [-inf] * size  # of all cuts of the first n bytes
        last = [(0, 0)] * (size + 1)  # the last token of that cut, and where it starts
        for start in range(size):
            before = best[start]
            for end in range(start + 1, min(start + longest, size) + 1):
                edge = edges.get(word[start:end])
                if edge is not None and before + edge[1] > best[end]:
                    best[end] = before + edge[1]
                    last[end] = (edge[0], start)
        ids, end = [], size
        while end:
            id, end = last[end]
            ids.append(id)
        return ids[::-1]

    def parts(self) -> dict[str, Any]:
        """Its name, its tokens and their scores."""
        tokens = list(map(visible, self.tokens))
        return {"algorithm": self.name, "tokens": tokens, "scores": list(self.scores)}

    @classmethod
    def from_parts(cls, parts: Mapping[str, Any]) -> Self:
        """Build it again."""
        return cls(zip(map(from_visible, parts["tokens"]), parts["scores"], strict=True))
