"""The unigram language model: of all segmentations of a word, the most probable one."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import ClassVar

from scratchlm.errors import InputError
from scratchlm.tokenizer.vocabulary import Algorithm, check_tokens


class Unigram(Algorithm):
    """Unigram language model: splits a word so that the product of the probabilities is largest.

    Kudo (2018), section 3.2; the search is the Viterbi algorithm. Of two segmentations that are
    equally probable, the one whose last token is longer wins.

    Args:
        scores: The natural logarithm of each token's probability.

    Raises:
        InputError: A score is no finite number, or one of the 256 bytes is missing.

    >>> from scratchlm.tokenizer.vocabulary import BYTE_TOKENS
    >>> scores = dict.fromkeys(BYTE_TOKENS, -9.0) | {b"hug": -3.0, b"hu": -2.5, b"gs": -2.0}
    >>> [Unigram(scores).tokens[id] for id in Unigram(scores).encode(b"hugs")]
    [b'hu', b'gs']
    """

    name: ClassVar[str] = "Unigram"

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
        """Split one pre-token in time (length of the word) times (length of the longest token)."""
        size, edges, longest = len(word), self._edges, self._longest
        best = [0.0] + [-inf] * size  # of all segmentations of the first n bytes
        last = [(0, 0)] * (size + 1)  # the last token of that one, and where it starts
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

    def parameters(self, ids: Sequence[int | None]) -> dict[str, float]:
        """The log-probability of each id."""
        return {str(id): score for id, score in zip(ids, self.scores, strict=False)}
