"""Union-find: documents that are linked, directly or through others, belong together."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Int64


class UnionFind:
    """Union-find in numpy: disjoint sets of numbers, known by their smallest member.

    Many links are made at once: the larger root of each is hung below the smaller one, and every
    path is then shortened to a single step. A root that two links want to hang goes to the
    smallest of the two, so it takes a few rounds, but the order of the links never matters.

    Attributes:
        root: For each number the smallest one that belongs to it.

    >>> sets = UnionFind(5)
    >>> sets.union(np.array([4, 2]), np.array([2, 1]))
    >>> sets.root.tolist()
    [0, 1, 1, 3, 1]
    """

    root: Int64[np.ndarray, "count"]

    def __init__(self, count: int) -> None:
        self.root = np.arange(count)

    def union(self, left: Int64[np.ndarray, "links"], right: Int64[np.ndarray, "links"]) -> None:
        """Put each pair into one set (union)."""
        while len(left):
            a, b = self.root[left], self.root[right]
            apart = a != b
            left, right, a, b = left[apart], right[apart], a[apart], b[apart]
            np.minimum.at(self.root, np.maximum(a, b), np.minimum(a, b))
            while (shorter := self.root[self.root] < self.root).any():
                self.root[shorter] = self.root[self.root[shorter]]


def connected(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Connected components, one link at a time: the reference for `UnionFind`.

    >>> connected(5, [(4, 2), (2, 1)])
    [0, 1, 1, 3, 1]
    """
    root = list(range(count))
    for left, right in links:
        low, high = sorted((root[left], root[right]))
        root = [low if number == high else number for number in root]
    return root
