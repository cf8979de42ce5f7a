"""Attention masks: which query may attend to which key."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def causal_mask(
    q_len: int, kv_len: int, window: int | None = None, device: torch.device | None = None
) -> Bool[Tensor, "q_len kv_len"]:
    """True where one of the last ``q_len`` positions may attend to one of all ``kv_len``.

    Args:
        q_len: Positions with a query.
        kv_len: Positions with a key, those with a query last.
        window: Most of them that each may attend to, itself among them.
        device: Where the mask is needed.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    >>> causal_mask(2, 3, window=2).int()
    tensor([[1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    before = torch.ones(q_len, kv_len, dtype=torch.bool, device=device)
    before = before.tril(diagonal=kv_len - q_len)
    return before if window is None else before.triu(diagonal=kv_len - q_len - window + 1)


def position_mask(
    q_positions: Int[Tensor, "batch q_len"],
    kv_positions: Int[Tensor, "batch kv_len"],
    window: int | None = None,
) -> Bool[Tensor, "batch q_len kv_len"]:
    """`causal_mask` for rows that stand at different positions.

    Args:
        q_positions: Where the queries stand in their rows.
        kv_positions: Where the keys stand; below 0 where there is none.
        window: Most positions that each query may attend to.

    >>> position_mask(torch.tensor([[1], [0]]), torch.tensor([[0, 1], [0, 1]])).int()
    tensor([[[1, 1]],
    <BLANKLINE>
            [[1, 0]]], dtype=torch.int32)
    """
    q, kv = q_positions[:, :, None], kv_positions[:, None, :]
    allowed = (kv >= 0) & (kv <= q)
    return allowed if window is None else allowed & (kv > q - window)


def padding_mask(
    padding: Int[Tensor, "batch"], q_len: int, kv_len: int
) -> Bool[Tensor, "batch q_len kv_len"]:
    """`causal_mask` for rows that begin with padding, to which no token attends.

    Padding attends to itself, since a softmax over nothing is no number.

    Args:
        padding: How many positions at the beginning of each row are none.
        q_len: Positions with a query.
        kv_len: Positions with a key, those with a query last.

    >>> padding_mask(torch.tensor([1]), 2, 2).int()
    tensor([[[1, 0],
             [0, 1]]], dtype=torch.int32)
    """
    at = torch.arange(kv_len, device=padding.device)
    text = at >= padding[:, None, None]  # batch 1 kv_len
    itself = at[kv_len - q_len :, None] == at
    return text & causal_mask(q_len, kv_len, device=padding.device) | itself


def attention_mask(
    q_len: int,
    kv_len: int,
    *,
    window: int | None = None,
    given: Bool[Tensor, "batch q_len kv_len"] | None = None,
    bias: Float[Tensor, "n_heads q_len kv_len"] | None = None,
    device: torch.device | None = None,
) -> Tensor | None:
    """Join the causal rule, a window, a mask of the rows' own and a bias of the scores.

    Args:
        q_len: Positions with a query.
        kv_len: Positions with a key, those with a query last.
        window: Most of them that each may attend to.
        given: True where a position may attend to another one, beside all this.
        bias: Added to the scores.
        device: Where the scores are.

    Returns:
        A mask for `scaled_dot_product_attention`, or None where its own causal flag will do.

    >>> attention_mask(4, 4) is None, attention_mask(2, 4).shape
    (True, torch.Size([2, 4]))
    """
    narrow = window if window is not None and window < kv_len else None
    if given is None and bias is None and narrow is None and q_len in (1, kv_len):
        return None
    allowed = causal_mask(q_len, kv_len, narrow, device)
    return add_bias(allowed if given is None else given & allowed, bias)


def add_bias(
    allowed: Bool[Tensor, "*batch q_len kv_len"],
    bias: Float[Tensor, "... n_heads q_len kv_len"] | None,
) -> Tensor:
    """Join a mask and what is added to the scores into one mask for all heads.

    >>> add_bias(torch.tensor([[True, False]]), torch.zeros(1, 1, 2))
    tensor([[[[0., -inf]]]])
    """
    allowed = allowed if allowed.ndim == 2 else allowed[:, None]
    if bias is None:
        return allowed
    # The kernel wants a row of masks for each row of the batch, if only one for all.
    return bias.masked_fill(~allowed, -math.inf).reshape(-1, *bias.shape[-3:])
