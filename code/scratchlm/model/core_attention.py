"""From queries, keys and values to what attention puts out: one interface, several backends."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig
from scratchlm.model.context import LayerContext
from scratchlm.model.masks import causal_mask
from scratchlm.model.sdpa import sdpa_attention
from scratchlm.model.varlen import segment_mask, varlen_attention


def attention_weights(
    query: Float[Tensor, "*batch n_heads q_len head_dim"],
    key: Float[Tensor, "*batch n_kv_heads kv_len head_dim"],
    mask: Tensor | None = None,
    *,
    softcap: float | None = None,
    sinks: Float[Tensor, "n_heads"] | None = None,
) -> Float[Tensor, "*batch n_heads q_len kv_len"]:
    """Attention weights: the softmax of the scaled scores of queries and keys.

    Sources: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.1; for the soft cap
    Gemma Team (2024), "Gemma 2", section 2; for sinks OpenAI (2025), "gpt-oss-120b & gpt-oss-20b
    Model Card", section 2.1.

    Args:
        query: Queries of the last ``q_len`` positions.
        key: Keys of all ``kv_len`` positions; their heads may be fewer (grouped-query attention).
        mask: True where a query may attend to a key, or a number to add to each score; None is
            the causal mask.
        softcap: Scores are kept between minus and plus this by a tanh.
        sinks: A learned score for each head, which takes its share of the weight and gives
            nothing, so that the weights of a query sum to less than one.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> attention_weights(one, one)[0, 0]
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    >>> attention_weights(one, one, sinks=torch.tensor([2.0]))[0, 0]
    tensor([[0.5000, 0.0000],
            [0.3333, 0.3333]])
    """
    key = repeat_kv(key, query.shape[-3])
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    scores = scores if softcap is None else softcap * (scores / softcap).tanh()
    if mask is None:
        mask = causal_mask(query.shape[-2], key.shape[-2], device=scores.device)
    boolean = mask.dtype == torch.bool
    scores = scores.masked_fill(~mask, -math.inf) if boolean else scores + mask
    if sinks is None:
        return scores.softmax(dim=-1)
    beside = sinks[:, None, None].expand(*scores.shape[:-1], 1)
    return torch.cat((scores, beside), dim=-1).softmax(dim=-1)[..., :-1]


def repeat_kv(
    x: Float[Tensor, "*batch n_kv_heads kv_len head_dim"], n_heads: int
) -> Float[Tensor, "*batch n_heads kv_len head_dim"]:
    """Give each query head a copy of the keys or values that its group shares.

    >>> repeat_kv(torch.zeros(1, 2, 3, 4), n_heads=6).shape
    torch.Size([1, 6, 3, 4])
    """
    times = n_heads // x.shape[-3]
    return x if times == 1 else x.repeat_interleave(times, dim=-3)


def eager_attention(
    query: Float[Tensor, "*batch n_heads q_len head_dim"],
    key: Float[Tensor, "*batch n_kv_heads kv_len head_dim"],
    value: Float[Tensor, "*batch n_kv_heads kv_len head_dim"],
    mask: Tensor | None = None,
    *,
    softcap: float | None = None,
    sinks: Float[Tensor, "n_heads"] | None = None,
) -> Float[Tensor, "*batch n_heads q_len head_dim"]:
    """Scaled dot-product attention written out: the reference for every other backend.

    The arguments are those of `attention_weights`.

    >>> one = torch.ones(1, 2, 4)
    >>> eager_attention(one, one, torch.tensor([[[1.0] * 4, [3.0] * 4]]))[0, :, 0]
    tensor([1., 2.])
    """
    weights = attention_weights(query, key, mask, softcap=softcap, sinks=sinks)
    return weights @ repeat_kv(value, query.shape[-3])


class CoreAttention(nn.Module):
    """Attention between the projections: picks the backend, and holds what only it needs.

    Soft caps and sinks are what no fused kernel computes: they take the ``eager`` backend. A row
    in which documents are packed, or one much longer than a sliding window, takes ``varlen``,
    which never builds a mask of ``seq_len`` × ``seq_len``; everything else takes ``sdpa``.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> core = CoreAttention(ModelConfig(9, 8, 4, 1, 1, attention_sinks=True))
    >>> core(2 * one, 0 * one, one, LayerContext())[0, 0, :, 0]
    tensor([0.5000, 0.6667], grad_fn=<SelectBackward0>)
    """

    sinks: Tensor | None

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.softcap = config.attn_logit_softcap
        sinks = nn.Parameter(torch.zeros(config.n_heads)) if config.attention_sinks else None
        self.register_parameter("sinks", sinks)

    def forward(
        self,
        query: Float[Tensor, "batch n_heads q_len head_dim"],
        key: Float[Tensor, "batch n_kv_heads kv_len head_dim"],
        value: Float[Tensor, "batch n_kv_heads kv_len head_dim"],
        context: LayerContext,
    ) -> Float[Tensor, "batch n_heads q_len head_dim"]:
        """Mix the values by the attention weights."""
        if self.softcap is not None or self.sinks is not None or context.backend == "eager":
            mask = context.mask
            return eager_attention(query, key, value, mask, softcap=self.softcap, sinks=self.sinks)
        if context.segments is not None:
            return varlen_attention(
                query, key, value, context.segments, window=context.window, slopes=context.slopes
            )
        return sdpa_attention(query, key, value, context.mask)

    def weights(
        self,
        query: Float[Tensor, "batch n_heads q_len head_dim"],
        key: Float[Tensor, "batch n_kv_heads kv_len head_dim"],
        context: LayerContext,
    ) -> Float[Tensor, "batch n_heads q_len kv_len"]:
        """The attention weights themselves, which only the ``eager`` backend computes."""
        mask = context.mask
        if context.segments is not None:
            mask = segment_mask(context.segments, query.shape[2], context.window, context.slopes)
        return attention_weights(query, key, mask, softcap=self.softcap, sinks=self.sinks)
