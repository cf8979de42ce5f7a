"""Rows of different lengths in one batch."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from scratchlm.errors import InputError


def left_pad(
    rows: Sequence[Sequence[int]], filler: int = 0
) -> tuple[Int[Tensor, "batch seq_len"], Int[Tensor, "batch"]]:
    """Fill short rows at their beginning, so that all end, and go on, at the same place.

    Args:
        rows: Token ids.
        filler: What to fill with; the model never looks at it.

    Returns:
        The ids, and how many in each row are filling, which `AttentionContext` takes.

    Raises:
        InputError: There are no rows, or one is empty.

    >>> left_pad([[5, 6, 7], [8]])
    (tensor([[5, 6, 7],
            [0, 0, 8]]), tensor([0, 2]))
    """
    if not rows or not all(rows):
        raise InputError("batch: expected rows of at least one token, found none or an empty one")
    longest = max(len(row) for row in rows)
    padding = [longest - len(row) for row in rows]
    ids = [[filler] * empty + list(row) for empty, row in zip(padding, rows, strict=True)]
    return torch.tensor(ids), torch.tensor(padding)
