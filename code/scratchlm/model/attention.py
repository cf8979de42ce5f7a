"""Self-attention: every position asks the positions before it, and mixes their answers."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.norm import RMSNorm
from scratchlm.model.positions import Positions


def attend(
    query: Float[Tensor, "*batch heads new head_width"],
    key: Float[Tensor, "*batch heads seen head_width"],
    value: Float[Tensor, "*batch heads seen head_width"],
) -> Float[Tensor, "*batch heads new head_width"]:
    """Causal attention written out: the reference for the fused kernel.

    The ``new`` positions are the last ones of the ``seen``; each looks at itself and what came
    before. Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.1.

    >>> one = torch.ones(1, 2, 4)
    >>> attend(one, one, torch.tensor([[[1.0] * 4, [3.0] * 4]]))[0, :, 0]
    tensor([1., 2.])
    """
    new, seen = query.shape[-2], key.shape[-2]
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    scores = scores.masked_fill(~causal_mask(new, seen), -math.inf)
    return torch.softmax(scores, dim=-1) @ value


def causal_mask(new: int, seen: int, window: int | None = None) -> Bool[Tensor, "new seen"]:
    """True where one of the last ``new`` positions may look at one of all ``seen``.

    Args:
        new: Positions that look.
        seen: Positions to look at, the new ones last.
        window: Most of them that each may look at, itself among them.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    >>> causal_mask(2, 3, window=2).int()
    tensor([[1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    behind = torch.ones(new, seen, dtype=torch.bool).tril(diagonal=seen - new)
    return behind if window is None else behind.triu(diagonal=seen - new - window + 1)


def score_mask(
    new: int,
    seen: int,
    *,
    window: int | None = None,
    mask: Bool[Tensor, "batch new seen"] | None = None,
    bias: Float[Tensor, "heads new seen"] | None = None,
) -> Tensor | None:
    """Put together what the scores of all heads need beside the plain causal rule.

    Args:
        new: Positions that look.
        seen: Positions to look at, the new ones last.
        window: Most of them that each may look at.
        mask: True where a position may look, causal already.
        bias: Added to the scores.

    Returns:
        A mask for `scaled_dot_product_attention`, or None where its own causal flag will do.

    >>> score_mask(4, 4) is None, score_mask(2, 4).shape
    (True, torch.Size([2, 4]))
    """
    narrow = window is not None and window < seen
    if mask is None and bias is None and not narrow and new in (1, seen):
        return None
    allowed = causal_mask(new, seen, window) if mask is None or narrow else mask[:, None]
    if mask is not None and narrow:
        allowed = allowed & mask[:, None]
    return allowed if bias is None else bias.masked_fill(~allowed, -math.inf)


class Attention(nn.Module):
    """Multi-head causal self-attention.

    Queries and keys may be normed (Henry et al., 2020, "Query-Key Normalization for
    Transformers"), which keeps the scores bounded and lets the learning rate be higher. The bound
    is learned: a gain for each number of a head says how far from even the attention may get.

    Groups of query heads may share a head of keys and values (Ainslie et al., 2023, "GQA",
    section 2.2), which shrinks the cache.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.head_width = config.heads, config.head_width
        own, shared = config.heads * self.head_width, config.shared_heads * self.head_width
        bias = config.bias in ("qkv", "all")
        self.q_proj = nn.Linear(config.width, own, bias)
        self.k_proj = nn.Linear(config.width, shared, bias)
        self.v_proj = nn.Linear(config.width, shared, bias)
        self.o_proj = nn.Linear(own, config.width, config.bias == "all")
        self.q_norm, self.k_norm = (
            RMSNorm(self.head_width, config.norm_epsilon) if config.qk_norm else nn.Identity()
            for _ in range(2)
        )

    def forward(
        self,
        x: Float[Tensor, "batch new width"],
        positions: Positions,
        cache: KVCache | None = None,
        layer: int = 0,
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch new width"]:
        """Mix the positions of ``x``, and those in the cache before them.

        Args:
            x: One vector per new position.
            positions: How queries and keys learn where they stand.
            cache: Where keys and values of earlier positions stand.
            layer: Whose place in the cache this is.
            mask: What `score_mask` gave for all layers.
        """
        query, key, value = (
            projection(x)
            .to(x.dtype)  # under autocast, a product has fewer bits than a norm wants
            .unflatten(-1, (-1, self.head_width))
            .transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )  # each: batch heads new head_width
        start = 0 if cache is None else cache.length
        query, key = positions.rotate(self.q_norm(query), self.k_norm(key), start)
        if cache is not None:
            key, value = cache.append(layer, key, value)
        mixed = fused_attention(query, key, value, mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def fused_attention(
    query: Float[Tensor, "batch heads new head_width"],
    key: Float[Tensor, "batch kv_heads seen head_width"],
    value: Float[Tensor, "batch kv_heads seen head_width"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch heads new head_width"]:
    """`attend` by PyTorch's kernel; ``mask`` is that of `score_mask`.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> fused_attention(one, one, one)[0, 0, :, 0]
    tensor([1., 1.])
    """
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None and query.shape[2] > 1,
        enable_gqa=key.shape[1] < query.shape[1],
    )
