"""The same as one would explain it: slow, plain, and what the fast versions are checked against."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def naive_best_fit_decreasing(sizes: Sequence[int], space: int) -> list[int]:
    """Best fit decreasing, looking at every row: the largest piece first, into the fullest row.

    >>> naive_best_fit_decreasing([2, 5, 3, 4], space=7)
    [0, 0, 1, 1]
    """
    left: list[int] = []  # of each row
    row_of = [0] * len(sizes)
    for piece in sorted(range(len(sizes)), key=lambda piece: -sizes[piece]):
        fitting = [row for row, room in enumerate(left) if room >= sizes[piece]]
        row = min(fitting, key=lambda row: left[row], default=len(left))
        if row == len(left):
            left.append(space)
        left[row] -= sizes[piece]
        row_of[piece] = row
    return row_of


def first_fit(sizes: Sequence[int], space: int) -> list[int]:
    """First fit: each piece, as they come, into the first row with room.

    >>> first_fit([2, 4, 3, 5], space=7)
    [0, 0, 1, 2]
    """
    left: list[int] = []
    row_of = []
    for size in sizes:
        row = next((row for row, room in enumerate(left) if room >= size), len(left))
        if row == len(left):
            left.append(space)
        left[row] -= size
        row_of.append(row)
    return row_of


def naive_document_mask(document_ids: Int[Tensor, "seq_len"]) -> Bool[Tensor, "seq_len seq_len"]:
    """The document mask, pair by pair: may the first position attend to the second?

    >>> naive_document_mask(torch.tensor([0, 0, 1])).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    seq_len = len(document_ids)
    mask = torch.zeros(seq_len, seq_len, dtype=torch.bool)
    for query in range(seq_len):
        for key in range(seq_len):
            mask[query, key] = key <= query and document_ids[key] == document_ids[query]
    return mask
