"""All ways to cut all words at once: forward and backward sums over flat arrays."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Int64

Scores = Float64[np.ndarray, "tokens"]


class Lattice:
    """Words as graphs: a node before each byte and behind the last, an edge for each token.

    Nodes of all words are numbered through. Edges are handled a column at a time, a column being
    those that end (or begin) at the same place of their words; so the work is done by numpy.

    Args:
        words: What is cut.
        tokens: The number of each token; single bytes must be among them.

    Attributes:
        token: The number of the token on each edge.

    >>> lattice = Lattice([b"aaa"], {b"a": 0, b"aa": 1})
    >>> scores = np.log([0.5, 0.25])
    >>> np.exp(lattice.forward(scores)).round(4)  # a a a, aa a, and a aa
    array([0.375])
    """

    def __init__(self, words: Sequence[bytes], tokens: Mapping[bytes, int]) -> None:
        longest = max(map(len, tokens))
        lengths = np.array([len(word) for word in words], dtype=np.int64)
        self._first = np.concatenate([[0], np.cumsum(lengths + 1)])[:-1]
        self._last = self._first + lengths
        edges = (
            (start, end, token, word)
            for word, data in enumerate(words)
            for start in range(len(data))
            for end in range(start + 1, min(start + longest, len(data)) + 1)
            if (token := tokens.get(data[start:end])) is not None
        )
        flat = np.fromiter(edges, dtype=np.dtype((np.int32, 4)))
        self._start, self._end, self.token, self._word = flat.T.copy()

    def keep(self, numbers: Int64[np.ndarray, "tokens"]) -> None:
        """Renumber the tokens, and drop the edges of those whose new number is negative."""
        token = numbers[self.token]
        kept = token >= 0
        self._start, self._end, self._word = (
            edges[kept] for edges in (self._start, self._end, self._word)
        )
        self.token = token[kept]

    def forbid_whole(self) -> None:
        """Drop the edges that span a whole word: how else can it be cut?"""
        lengths = (self._last - self._first)[self._word]
        kept = (self._end - self._start) < lengths
        self._start, self._end, self._word, self.token = (
            edges[kept] for edges in (self._start, self._end, self._word, self.token)
        )

    def forward(
        self, scores: Scores, combine: np.ufunc = np.logaddexp
    ) -> Float64[np.ndarray, "words"]:
        """The logarithm of each word's probability, over all its cuts.

        Args:
            scores: The logarithm of each token's probability.
            combine: How cuts are put together: `np.maximum` looks at the best one only.
        """
        return self._sweep(scores, combine, forward=True)[self._last]

    def expect(self, scores: Scores, times: Float64[np.ndarray, "words"]) -> tuple[Scores, float]:
        """How often each token is expected, and the logarithm of the probability of everything.

        Args:
            scores: The logarithm of each token's probability.
            times: How often each word occurs.
        """
        before = self._sweep(scores, np.logaddexp, forward=True)
        behind = self._sweep(scores, np.logaddexp, forward=False)
        whole, base = before[self._last], self._first[self._word]
        share = before[base + self._start] + scores[self.token] + behind[base + self._end]
        weights = np.exp(share - whole[self._word]) * times[self._word]
        return np.bincount(self.token, weights, len(scores)), float(whole @ times)

    def _sweep(
        self, scores: Scores, combine: np.ufunc, *, forward: bool
    ) -> Float64[np.ndarray, "nodes"]:
        """The sum over all paths from a word's start (or its end) to each node."""
        source, goal = (self._start, self._end) if forward else (self._end, self._start)
        base = self._first[self._word]
        order = np.lexsort((self._word, goal if forward else -goal))
        column = goal[order]
        source, goal, gain = (
            (base + source)[order],
            (base + goal)[order],
            scores[self.token[order]],
        )
        sums = np.full(len(self._first) + int((self._last - self._first).sum()), -np.inf)
        sums[self._first if forward else self._last] = 0.0
        cuts = np.flatnonzero(np.diff(column, prepend=-1, append=-1))
        for low, high in pairwise(cuts):
            groups = np.flatnonzero(np.diff(goal[low:high], prepend=-1))
            values = sums[source[low:high]] + gain[low:high]
            sums[goal[low:high][groups]] = combine.reduceat(values, groups)
        return sums
