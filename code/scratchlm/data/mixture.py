"""Which source the next sample comes from, so that the shares hold at every moment."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from scratchlm.errors import InputError

LONGEST = 100_000  # samples after which the pattern begins again, at most


class Mixture:
    """An endless sequence of sources in which each has its share of any beginning.

    After n samples every source has been taken n · weight times, give or take less than one. Its
    sample number j may come no earlier than ``floor(j / weight)`` and must come before
    ``ceil((j + 1) / weight)``; of those that may come, the one that must come first is taken.
    Taking whichever source is furthest behind, as is often done, can be off by more than one.
    Source: Baruah et al. (1996), "Proportionate Progress", section 3, for these windows; that the
    earliest deadline meets all of them is a classic of scheduling (Horn, 1974).

    Args:
        weights: One for each source, in any unit.

    Raises:
        InputError: A weight is not positive, or the weights have no short common unit.

    >>> mixture = Mixture([0.5, 0.3, 0.2])
    >>> [mixture[number] for number in range(6)]
    [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 1)]
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self.shares = whole_shares(weights)
        self._sources = schedule(self.shares)
        self._earlier = np.empty_like(self._sources)  # how often the same source came before
        for source, share in enumerate(self.shares):
            self._earlier[self._sources == source] = np.arange(share)

    def __getitem__(self, number: int) -> tuple[int, int]:
        """Return the source of a sample, and which one of that source's samples it is."""
        turn, place = divmod(number, len(self._sources))
        source = int(self._sources[place])
        return source, turn * self.shares[source] + int(self._earlier[place])


def whole_shares(weights: Sequence[float]) -> list[int]:
    """Write weights as the smallest whole numbers in the same proportion.

    Raises:
        InputError: A weight is not positive, or the numbers are too large for a table.

    >>> whole_shares([0.7, 0.2, 0.1]), whole_shares([2, 4])
    ([7, 2, 1], [1, 2])
    """
    if not weights or not all(0 < weight < float("inf") for weight in weights):
        raise InputError(
            f"mixture: expected positive weights, found {list(weights)}; leave a source out "
            "rather than giving it no weight"
        )
    exact = [Fraction(str(weight)) for weight in weights]  # as written: 0.1 is one tenth
    unit = lcm(*(weight.denominator for weight in exact))
    shares = [int(weight * unit) for weight in exact]
    shares = [share // gcd(*shares) for share in shares]
    if sum(shares) > LONGEST:
        raise InputError(
            f"mixture: expected weights that repeat within {LONGEST} samples, found {sum(shares)}; "
            "round them to fewer digits"
        )
    return shares


def schedule(shares: Sequence[int]) -> np.ndarray:
    """One period of the sequence of sources; see `Mixture`.

    >>> schedule([2, 1]).tolist()
    [0, 0, 1]
    """
    period = sum(shares)
    taken = [0] * len(shares)
    sources = np.empty(period, dtype=np.int64)
    for number in range(period):
        ready = [
            source
            for source, share in enumerate(shares)
            if taken[source] * period < share * (number + 1)
        ]
        source = min(ready, key=lambda one: -(-(taken[one] + 1) * period // shares[one]))
        taken[source] += 1
        sources[number] = source
    return sources
