"""The same as one would explain it: slow, plain, and what the fast versions are checked against."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def best_fit_decreasing(sizes: Sequence[int], space: int) -> list[int]:
    """Put each piece, the largest first, into the fullest row with room; looks at every row.

    >>> best_fit_decreasing([2, 5, 3, 4], space=7)
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
    """Put each piece, as they come, into the first row with room.

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


def document_mask(documents: Int[Tensor, "time"]) -> Bool[Tensor, "time time"]:
    """Ask for every pair of positions whether the first may look at the second.

    >>> document_mask(torch.tensor([0, 0, 1])).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    time = len(documents)
    mask = torch.zeros(time, time, dtype=torch.bool)
    for looking in range(time):
        for seen in range(time):
            mask[looking, seen] = seen <= looking and documents[seen] == documents[looking]
    return mask
