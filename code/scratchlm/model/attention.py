"""Self-attention: every position looks at those before it, and mixes what they offer."""

from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig
from scratchlm.model.context import LayerContext
from scratchlm.model.core_attention import CoreAttention
from scratchlm.model.norm import RMSNorm
from scratchlm.model.rope import APPLY_ROPE


class Attention(nn.Module):
    """Multi-head causal self-attention.

    Queries and keys may be normalized (Henry et al., 2020, "Query-Key Normalization for
    Transformers"), which keeps the scores bounded and lets the learning rate be higher. The bound
    is learned: a gain for each number of a head says how far from even the attention may get.

    Groups of query heads may share a head of keys and values (Ainslie et al., 2023, "GQA",
    section 2.2), which shrinks the cache.

    >>> import torch
    >>> attention = Attention(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=2, positions="none"))
    >>> attention(torch.zeros(1, 3, 4), LayerContext()).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        q_dim, kv_dim = config.n_heads * self.head_dim, config.n_kv_heads * self.head_dim
        bias = config.bias in ("qkv", "all")
        self.q_proj = nn.Linear(config.d_model, q_dim, bias)
        self.k_proj = nn.Linear(config.d_model, kv_dim, bias)
        self.v_proj = nn.Linear(config.d_model, kv_dim, bias)
        self.o_proj = nn.Linear(q_dim, config.d_model, config.bias == "all")
        self.q_norm, self.k_norm = (
            RMSNorm(width, config.norm_epsilon) if config.qk_norm else nn.Identity()
            for width in config.qk_norm_widths
        )
        self.norm_heads = config.qk_norm_span == "head"
        self.apply_rope = APPLY_ROPE[config.rope_layout]
        self.core_attention = CoreAttention(config)

    def forward(
        self, x: Float[Tensor, "batch q_len d_model"], context: LayerContext
    ) -> Float[Tensor, "batch q_len d_model"]:
        """Attend from the new positions to themselves and to those in the cache before them."""
        query, key, value = self.project(x)
        if context.rotary is not None:
            query, key = self.rotate(query, context), self.rotate(key, context)
        query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        if context.cache is not None:
            key, value = context.cache.update(context.layer, key, value)
        mixed = self.core_attention(query, key, value, context)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def project(
        self, x: Float[Tensor, "batch q_len d_model"]
    ) -> tuple[
        Float[Tensor, "batch q_len n_heads head_dim"],
        Float[Tensor, "batch q_len n_kv_heads head_dim"],
        Float[Tensor, "batch q_len n_kv_heads head_dim"],
    ]:
        """Queries, keys and values of the heads."""
        # Under autocast, a product has fewer bits than a norm wants.
        query, key, value = (
            projection(x).to(x.dtype) for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        if self.norm_heads:
            query, key = self.q_norm(self.split(query)), self.k_norm(self.split(key))
        else:
            query, key = self.split(self.q_norm(query)), self.split(self.k_norm(key))
        return query, key, self.split(value)

    def rotate(
        self, x: Float[Tensor, "batch q_len heads head_dim"], context: LayerContext
    ) -> Float[Tensor, "batch q_len heads head_dim"]:
        """Rotate queries or keys by the angles of their positions, which all heads share."""
        assert context.rotary is not None
        return self.apply_rope(x, *context.rotary)

    def split(
        self, x: Float[Tensor, "batch q_len width"]
    ) -> Float[Tensor, "batch q_len heads head_dim"]:
        """Cut each position's numbers into heads."""
        return x.unflatten(-1, (-1, self.head_dim))  # type: ignore[no-any-return]
