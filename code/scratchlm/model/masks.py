"""Who may look at whom."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def causal_mask(
    new: int, seen: int, window: int | None = None, device: torch.device | None = None
) -> Bool[Tensor, "new seen"]:
    """True where one of the last ``new`` positions may look at one of all ``seen``.

    Args:
        new: Positions that look.
        seen: Positions to look at, the new ones last.
        window: Most of them that each may look at, itself among them.
        device: Where the mask is needed.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    >>> causal_mask(2, 3, window=2).int()
    tensor([[1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    behind = torch.ones(new, seen, dtype=torch.bool, device=device).tril(diagonal=seen - new)
    return behind if window is None else behind.triu(diagonal=seen - new - window + 1)


def score_mask(
    new: int,
    seen: int,
    *,
    window: int | None = None,
    mask: Bool[Tensor, "batch new all"] | None = None,
    bias: Float[Tensor, "heads new seen"] | None = None,
    device: torch.device | None = None,
) -> Tensor | None:
    """Put together what the scores of all heads need beside the plain causal rule.

    Args:
        new: Positions that look.
        seen: Positions to look at, the new ones last.
        window: Most of them that each may look at.
        mask: True where a position may look, causal already; only its last columns count where a
            cache has forgotten the first.
        bias: Added to the scores.
        device: Where the scores are.

    Returns:
        A mask for `scaled_dot_product_attention`, or None where its own causal flag will do.

    >>> score_mask(4, 4) is None, score_mask(2, 4).shape
    (True, torch.Size([2, 4]))
    """
    narrow = window is not None and window < seen
    if mask is None and bias is None and not narrow and new in (1, seen):
        return None
    allowed = causal_mask(new, seen, window if narrow else None, device)
    if mask is not None:
        allowed = mask[:, None, :, -seen:] & allowed
    if bias is None:
        return allowed
    # The kernel wants a row of masks for each row of the batch, if only one for all.
    return bias.masked_fill(~allowed, -math.inf).reshape(-1, *bias.shape)


def padding_mask(
    padding: Int[Tensor, "batch"],
    new: int,
    seen: int,
    mask: Bool[Tensor, "batch new seen"] | None = None,
) -> Bool[Tensor, "batch new seen"]:
    """True where a position may look in rows that begin with padding.

    Padding looks at itself, since a softmax over nothing is no number; nothing looks at it.

    Args:
        padding: How many positions at the beginning of each row are none.
        new: Positions that look.
        seen: Positions to look at, the new ones last.
        mask: What else they must keep to.

    >>> padding_mask(torch.tensor([1]), 2, 2).int()
    tensor([[[1, 0],
             [0, 1]]], dtype=torch.int32)
    """
    at = torch.arange(seen, device=padding.device)
    text = at >= padding[:, None, None]  # batch 1 seen
    itself = at[seen - new :, None] == at
    allowed = causal_mask(new, seen, device=padding.device) if mask is None else mask
    return text & allowed | itself
