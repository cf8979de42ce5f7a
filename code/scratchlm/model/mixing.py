"""The heart of attention: from queries, keys and values to what each position hears."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.config import ModelConfig
from scratchlm.model.masks import causal_mask


def attend(
    query: Float[Tensor, "*batch heads new head_dim"],
    key: Float[Tensor, "*batch heads seen head_dim"],
    value: Float[Tensor, "*batch heads seen head_dim"],
) -> Float[Tensor, "*batch heads new head_dim"]:
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


def attention_weights(
    query: Float[Tensor, "batch heads new head_dim"],
    key: Float[Tensor, "batch n_kv_heads seen head_dim"],
    mask: Tensor | None = None,
    *,
    cap: float | None = None,
    sinks: Float[Tensor, "heads"] | None = None,
) -> Float[Tensor, "batch heads new seen"]:
    """The share of each position seen in what a new one hears.

    Args:
        query: What the new positions ask.
        key: What all positions offer; key heads may be fewer.
        mask: That of `score_mask`.
        cap: Scores are kept between minus and plus this.
        sinks: A score for each head that takes its share and gives nothing.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> attention_weights(one, one)[0, 0]
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    >>> attention_weights(one, one, sinks=torch.tensor([2.0]))[0, 0]
    tensor([[0.5000, 0.0000],
            [0.3333, 0.3333]])
    """
    key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    scores = scores if cap is None else cap * (scores / cap).tanh()
    if mask is None or mask.dtype == torch.bool:
        allowed = (
            causal_mask(query.shape[2], key.shape[2], device=scores.device)
            if mask is None
            else mask
        )
        scores = scores.masked_fill(~allowed, -math.inf)
    else:
        scores = scores + mask
    if sinks is None:
        return scores.softmax(dim=-1)
    beside = sinks[:, None, None].expand(*scores.shape[:-1], 1)
    return torch.cat((scores, beside), dim=-1).softmax(dim=-1)[..., :-1]


def fused_attention(
    query: Float[Tensor, "batch heads new head_dim"],
    key: Float[Tensor, "batch n_kv_heads seen head_dim"],
    value: Float[Tensor, "batch n_kv_heads seen head_dim"],
    mask: Tensor | None = None,
) -> Float[Tensor, "batch heads new head_dim"]:
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


class Mixing(nn.Module):
    """The heart of attention: weights from queries and keys, and a mean of values by them.

    >>> one = torch.ones(1, 1, 2, 4)
    >>> Mixing().weights(one, one)[0, 0]
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """

    sinks: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.cap: float | None = None
        self.register_parameter("sinks", None)

    def forward(
        self,
        query: Float[Tensor, "batch heads new head_dim"],
        key: Float[Tensor, "batch n_kv_heads seen head_dim"],
        value: Float[Tensor, "batch n_kv_heads seen head_dim"],
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch heads new head_dim"]:
        """Mix the values, by PyTorch's kernel."""
        return fused_attention(query, key, value, mask)

    def weights(
        self,
        query: Float[Tensor, "batch heads new head_dim"],
        key: Float[Tensor, "batch n_kv_heads seen head_dim"],
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch heads new seen"]:
        """The weights, written out; with a sink, those of a position add up to less than one."""
        return attention_weights(query, key, mask, cap=self.cap, sinks=self.sinks)


class WrittenMixing(Mixing):
    """Scores that no kernel makes: capped ones, and those with a sink.

    Scores may be kept between plus and minus a cap by a tanh (Gemma Team, 2024, "Gemma 2",
    section 2). A sink is a learned score in each head that takes weight away and gives nothing, so
    that a head can say nothing (OpenAI, 2025, "gpt-oss-120b & gpt-oss-20b Model Card", section
    2.1; Xiao et al., 2024, "Efficient Streaming Language Models with Attention Sinks").

    >>> one = torch.ones(1, 1, 2, 4)
    >>> mixing = WrittenMixing(ModelConfig(9, 8, 4, 1, 1, attention_sinks=True))
    >>> mixing(2 * one, 0 * one, one)[0, 0, :, 0]
    tensor([0.5000, 0.6667], grad_fn=<SelectBackward0>)
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.cap = config.attn_logit_softcap
        if config.attention_sinks:
            self.sinks = nn.Parameter(torch.zeros(config.n_heads))

    def forward(
        self,
        query: Float[Tensor, "batch heads new head_dim"],
        key: Float[Tensor, "batch n_kv_heads seen head_dim"],
        value: Float[Tensor, "batch n_kv_heads seen head_dim"],
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch heads new head_dim"]:
        """Mix the values by weights that are written out."""
        value = value.repeat_interleave(query.shape[1] // value.shape[1], dim=1)
        return self.weights(query, key, mask) @ value
