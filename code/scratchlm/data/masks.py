"""Attention that stays inside a document, and what that saves."""

import numpy as np
from jaxtyping import Bool, Int
from torch import Tensor

from scratchlm.data.packing import Packing


def document_mask(
    documents: Int[Tensor, "*batch seq_len"],
) -> Bool[Tensor, "*batch seq_len seq_len"]:
    """True where a position may look: at itself and at what came before it in its document.

    The whole mask, ``seq_len`` × ``seq_len`` for each row: what attention written out, and
    `scaled_dot_product_attention`, take. Kernels for long rows take the numbers themselves.

    Args:
        documents: The number of the document that each position belongs to.

    >>> import torch
    >>> document_mask(torch.tensor([0, 0, 1])).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    same = documents[..., :, None] == documents[..., None, :]
    return same.tril()


def attention_pairs(packing: Packing) -> tuple[int, int]:
    """How many pairs of tokens causal attention looks at, which is what it costs.

    A stretch of n tokens that see each other has n (n + 1) / 2 of them. Empty places stand at the
    end of a row, where nothing looks at them; they are not counted.

    Returns:
        The pairs with document masks, and those without.

    >>> from scratchlm.data.packing import pack
    >>> attention_pairs(pack(np.array([2, 1]), seq_len=4))
    (4, 6)
    """
    in_row = np.add.reduceat(packing.lengths, packing.rows[:-1])
    inside, all_pairs = (
        int((lengths * (lengths + 1) // 2).sum()) for lengths in (packing.lengths, in_row)
    )
    return inside, all_pairs
