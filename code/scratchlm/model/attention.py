"""Self-attention: every position asks the positions before it, and mixes their answers."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.norm import RMSNorm
from scratchlm.model.rope import rotate


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


def causal_mask(new: int, seen: int) -> Tensor:
    """True where one of the last ``new`` positions may look at one of all ``seen``.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    return torch.ones(new, seen, dtype=torch.bool).tril(diagonal=seen - new)


class Attention(nn.Module):
    """Multi-head causal self-attention with rotary positions and normed queries and keys.

    Queries and keys are normed (Henry et al., 2020, "Query-Key Normalization for Transformers"),
    which keeps the scores bounded and lets the learning rate be higher. The bound is learned: a
    gain for each number of a head says how far from even the attention may get.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.head_width = config.heads, config.head_width
        self.q_proj = nn.Linear(config.width, config.width, bias=False)
        self.k_proj = nn.Linear(config.width, config.width, bias=False)
        self.v_proj = nn.Linear(config.width, config.width, bias=False)
        self.o_proj = nn.Linear(config.width, config.width, bias=False)
        self.q_norm = RMSNorm(config.head_width)
        self.k_norm = RMSNorm(config.head_width)

    def forward(
        self,
        x: Float[Tensor, "batch new width"],
        cos: Float[Tensor, "new half"],
        sin: Float[Tensor, "new half"],
        cache: KVCache | None = None,
        layer: int = 0,
        mask: Bool[Tensor, "batch new seen"] | None = None,
    ) -> Float[Tensor, "batch new width"]:
        """Mix the positions of ``x``, and those in the cache before them.

        Args:
            x: One vector per new position.
            cos: Cosines of the rotary angles of the new positions.
            sin: Their sines.
            cache: Where keys and values of earlier positions stand.
            layer: Whose place in the cache this is.
            mask: True where a position may look; by default at itself and all before it.
        """
        query, key, value = (
            projection(x)
            .to(x.dtype)  # under autocast, a product has fewer bits than a norm wants
            .unflatten(-1, (self.heads, self.head_width))
            .transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )  # each: batch heads new head_width
        query = rotate(self.q_norm(query), cos, sin)
        key = rotate(self.k_norm(key), cos, sin)
        if cache is not None:
            key, value = cache.append(layer, key, value)
        mixed = _fused(query, key, value, mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def _fused(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """`attend` by PyTorch's kernel, whose own causal flag only knows new == seen."""
    if mask is not None:  # the same for all heads
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None])
    new, seen = query.shape[-2], key.shape[-2]
    if new == seen:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)
    mask = None if new == 1 else causal_mask(new, seen)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
