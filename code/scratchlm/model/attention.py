"""Self-attention: every position asks the positions before it, and mixes their answers."""

from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.mixing import Mixing, WrittenMixing
from scratchlm.model.norm import RMSNorm
from scratchlm.model.positions import Positions


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
        self.head_dim = config.head_dim
        own, shared = config.n_heads * self.head_dim, config.n_kv_heads * self.head_dim
        bias = config.bias in ("qkv", "all")
        self.q_proj = nn.Linear(config.d_model, own, bias)
        self.k_proj = nn.Linear(config.d_model, shared, bias)
        self.v_proj = nn.Linear(config.d_model, shared, bias)
        self.o_proj = nn.Linear(own, config.d_model, config.bias == "all")
        self.q_norm, self.k_norm = (
            RMSNorm(width, config.norm_epsilon) if config.qk_norm else nn.Identity()
            for width in config.qk_norm_widths
        )
        self.norm_heads = config.qk_norm_span == "head"
        self.mixing = (
            WrittenMixing(config)
            if config.attn_logit_softcap or config.attention_sinks
            else Mixing()
        )

    def forward(
        self,
        x: Float[Tensor, "batch new d_model"],
        positions: Positions,
        cache: KVCache | None = None,
        layer: int = 0,
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Mix the positions of ``x``, and those in the cache before them.

        Args:
            x: One vector per new position.
            positions: How queries and keys learn where they stand.
            cache: Where keys and values of earlier positions stand.
            layer: Whose place in the cache this is.
            mask: What `score_mask` gave for this layer.
        """
        query, key, value = self.project(x)
        query, key = positions.rotate(query, key, 0 if cache is None else cache.length)
        if cache is not None:
            key, value = cache.update(layer, key, value)
        mixed = self.mixing(query, key, value, mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def project(
        self, x: Float[Tensor, "batch new d_model"]
    ) -> tuple[
        Float[Tensor, "batch heads new head_dim"],
        Float[Tensor, "batch n_kv_heads new head_dim"],
        Float[Tensor, "batch n_kv_heads new head_dim"],
    ]:
        """Ask, offer and answer: the heads' queries, keys and values."""
        # Under autocast, a product has fewer bits than a norm wants.
        query, key, value = (
            projection(x).to(x.dtype) for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        if self.norm_heads:
            query, key = self.q_norm(self.split(query)), self.k_norm(self.split(key))
        else:
            query, key = self.split(self.q_norm(query)), self.split(self.k_norm(key))
        return query.transpose(1, 2), key.transpose(1, 2), self.split(value).transpose(1, 2)

    def split(self, x: Float[Tensor, "batch new own"]) -> Float[Tensor, "batch new heads head_dim"]:
        """Cut each position's numbers into heads."""
        return x.unflatten(-1, (-1, self.head_dim))  # type: ignore[no-any-return]
