"""Scaled dot-product attention by PyTorch's fused kernel."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def sdpa_attention(
    query: Float[Tensor, "batch n_heads q_len head_dim"],
    key: Float[Tensor, "batch n_kv_heads kv_len head_dim"],
    value: Float[Tensor, "batch n_kv_heads kv_len head_dim"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch n_heads q_len head_dim"]:
    """Attention by PyTorch's fused kernel; `eager_attention` is the same written out.

    Args:
        query: Queries of the last ``q_len`` positions.
        key: Keys of all ``kv_len`` positions; their heads may be fewer.
        value: Their values.
        mask: As in `attention_weights`; without one, ``q_len`` must be 1 or ``kv_len``.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> sdpa_attention(one, one, one)[0, 0, :, 0]
    tensor([1., 1.])
    """
    if mask is not None and mask.dtype != torch.bool:
        mask = mask.to(query.dtype)
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None and query.shape[2] > 1,
        enable_gqa=key.shape[1] < query.shape[1],
    )
