"""Sequence packing: rows filled with whole documents, by best fit decreasing."""

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from jaxtyping import Int64

from scratchlm.errors import InputError


@dataclass(frozen=True)
class Packing:
    """A sequence packing: which pieces of which documents stand in which row.

    Piece p is in row r where ``row_starts[r] <= p < row_starts[r + 1]``.

    Attributes:
        seq_len: Tokens that a row can hold.
        row_starts: The first piece of each row, and the end of the last row's.
        document_ids: The document that each piece is from.
        offsets: Where in its document each piece starts.
        lengths: Tokens in each piece.
    """

    seq_len: int
    row_starts: Int64[np.ndarray, "rows_and_one"]
    document_ids: Int64[np.ndarray, "pieces"]
    offsets: Int64[np.ndarray, "pieces"]
    lengths: Int64[np.ndarray, "pieces"]

    def __len__(self) -> int:
        return len(self.row_starts) - 1

    @property
    def fill(self) -> float:
        """The fill rate: the share of all positions that hold a token."""
        return float(self.lengths.sum() / (len(self) * self.seq_len))


def best_fit_pack(lengths: Int64[np.ndarray, "documents"], seq_len: int) -> Packing:
    """Best-fit packing: documents in rows of ``seq_len`` tokens, of which none is cut that fits.

    A document longer than a row is cut into full rows and a rest, and the rest is packed like any
    other document. Source: Ding et al. (2024), "Fewer Truncations Improve Language Modeling",
    section "Best-fit Packing".

    Args:
        lengths: Tokens in each document.
        seq_len: Tokens in a row.

    Raises:
        InputError: There is no token, or a row would hold none.

    >>> from itertools import pairwise
    >>> packing = best_fit_pack(np.array([3, 9, 2]), seq_len=4)
    >>> [packing.document_ids[a:b].tolist() for a, b in pairwise(packing.row_starts)]
    [[1], [1], [0, 1], [2]]
    """
    if seq_len < 1:
        raise InputError(f"packing: expected rows of at least 1 token, found {seq_len}")
    if not lengths.sum():
        raise InputError("packing: expected at least one token, found none")
    counts = -(-lengths // seq_len)  # pieces of each document
    documents = np.repeat(np.arange(len(lengths)), counts)
    starts = seq_len * (np.arange(len(documents)) - np.repeat(np.cumsum(counts) - counts, counts))
    sizes = np.minimum(lengths[documents] - starts, seq_len)
    row = best_fit_decreasing(sizes, seq_len)
    order = np.argsort(row, kind="stable")
    rows = np.searchsorted(row[order], np.arange(row.max() + 2))
    return Packing(seq_len, rows, documents[order], starts[order], sizes[order])


def best_fit_decreasing(
    sizes: Int64[np.ndarray, "pieces"], space: int
) -> Int64[np.ndarray, "pieces"]:
    """Bin packing by best fit decreasing: the largest piece first, each into the fullest row.

    Only rows that still have room count; of rows equally full, the first one. Takes time n log n,
    where looking at every row would take n². Never more than half as many rows again as the best
    packing needs (Simchi-Levi, 1994, "New Worst-Case Results for the Bin-Packing Problem"), and as
    a rule hardly more at all. The search by space instead of by row is that of Ding et al. (2024),
    section "Best-fit Packing".

    Args:
        sizes: Tokens in each piece, from 1 to ``space``.
        space: Tokens in a row.

    Returns:
        The row of each piece.

    >>> best_fit_decreasing(np.array([2, 5, 3, 4]), space=7).tolist()
    [0, 0, 1, 1]
    """
    rows_by_space: dict[int, list[int]] = defaultdict(list)  # heaps of rows
    spaces: list[int] = []  # those that some row has left, sorted
    row_of = np.empty(len(sizes), dtype=np.int64)
    count = 0
    for piece in np.argsort(-sizes, kind="stable").tolist():
        size = int(sizes[piece])
        at = bisect_left(spaces, size)
        if at == len(spaces):
            row, left, count = count, space - size, count + 1
        else:
            rows = rows_by_space[spaces[at]]
            row, left = heappop(rows), spaces[at] - size
            if not rows:
                del spaces[at]
        if not rows_by_space[left]:
            insort(spaces, left)
        heappush(rows_by_space[left], row)
        row_of[piece] = row
    return row_of
