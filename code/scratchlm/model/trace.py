"""Looking into a model while it computes, through hooks: the model itself knows nothing of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.model.context import LayerContext
from scratchlm.model.core_attention import CoreAttention
from scratchlm.model.transformer import Transformer


@contextmanager
def attention_maps(
    model: Transformer,
) -> Iterator[list[Float[Tensor, "batch n_heads q_len kv_len"]]]:
    """Collect the attention weights of all heads, for each layer of each pass within.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> with attention_maps(model) as maps:
    ...     _ = model(torch.tensor([[1, 2]]))
    >>> len(maps), maps[0].sum(dim=-1).tolist()
    (2, [[[1.0, 1.0]]])
    """
    maps: list[Tensor] = []

    @torch.no_grad()
    def keep(core: CoreAttention, inputs: tuple[Tensor, Tensor, Tensor, LayerContext]) -> None:
        query, key, _, context = inputs
        maps.append(core.weights(query, key, context))

    cores = [module for module in model.modules() if isinstance(module, CoreAttention)]
    hooks = [core.register_forward_pre_hook(keep) for core in cores]
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def residual_streams(model: Transformer) -> Iterator[list[Float[Tensor, "batch q_len d_model"]]]:
    """Collect what enters the first block and what leaves each, for each pass within.

    After a backward pass each of them has its gradient in ``grad``.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> with residual_streams(model) as streams:
    ...     model(torch.tensor([[1, 2]])).sum().backward()
    >>> len(streams), streams[0].grad.shape
    (3, torch.Size([1, 2, 4]))
    """
    streams: list[Tensor] = []

    def keep(stream: Tensor) -> None:
        if stream.requires_grad:
            stream.retain_grad()
        streams.append(stream)

    first = model.layers[0].register_forward_pre_hook(lambda _, inputs: keep(inputs[0]))
    hooks = [block.register_forward_hook(lambda _, __, out: keep(out)) for block in model.layers]
    try:
        yield streams
    finally:
        for hook in (first, *hooks):
            hook.remove()


def gradient_norms(model: Transformer) -> list[float]:
    """Gradient norm of each block's weights, after a backward pass.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> model(torch.tensor([[1, 2]])).sum().backward()
    >>> len(gradient_norms(model))
    2
    """
    return [
        sum(
            float(weight.grad.square().sum())
            for weight in block.parameters()
            if weight.grad is not None
        )
        ** 0.5
        for block in model.layers
    ]


@torch.no_grad()
def logit_lens(
    model: Transformer, ids: Int[Tensor, "batch seq_len"]
) -> Float[Tensor, "streams batch seq_len vocab"]:
    """Score the next token from what every layer knows, as if it were the last.

    Each stream goes through the model's last norm and its head. Source: nostalgebraist (2020),
    "interpreting GPT: the logit lens".

    Args:
        model: Who guesses.
        ids: Token ids.

    Returns:
        Logits of the embedding's stream, then of each block's; the last are the model's own.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1))
    >>> ids = torch.tensor([[1, 2]])
    >>> torch.equal(logit_lens(model, ids)[-1], model(ids))
    True
    """
    with residual_streams(model) as streams:
        model.forward_hidden(ids)
    return torch.stack([model.lm_head(model.norm(stream)) for stream in streams])
