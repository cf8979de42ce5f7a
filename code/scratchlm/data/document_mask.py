"""The document mask: attention that stays inside a document, and what that saves."""

import numpy as np
from jaxtyping import Bool, Int
from torch import Tensor

from scratchlm.data.packing import Packing


def document_mask(
    document_ids: Int[Tensor, "*batch seq_len"],
) -> Bool[Tensor, "*batch seq_len seq_len"]:
    """The causal document mask: True where a position may attend, inside its document.

    A position sees itself and what came before it in its document.

    The whole mask, ``seq_len`` × ``seq_len`` for each row: what attention written out, and
    `scaled_dot_product_attention`, take. Kernels for long rows take the numbers themselves.

    Args:
        document_ids: The number of the document that each position belongs to.

    >>> import torch
    >>> document_mask(torch.tensor([0, 0, 1])).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    same = document_ids[..., :, None] == document_ids[..., None, :]
    return same.tril()


def attention_pairs(packing: Packing) -> tuple[int, int]:
    """How many pairs of tokens causal attention looks at, which is what it costs.

    A stretch of n tokens that see each other has n (n + 1) / 2 of them. Empty positions stand at
    the end of a row, where nothing looks at them; they are not counted.

    Returns:
        The pairs with document masks, and those without.

    >>> from scratchlm.data.packing import best_fit_pack
    >>> attention_pairs(best_fit_pack(np.array([2, 1]), seq_len=4))
    (4, 6)
    """
    in_row = np.add.reduceat(packing.lengths, packing.row_starts[:-1])
    inside, all_pairs = (
        int((lengths * (lengths + 1) // 2).sum()) for lengths in (packing.lengths, in_row)
    )
    return inside, all_pairs
