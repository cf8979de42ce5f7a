"""What a layer is told by the model around it, for tests that call the layer alone."""

import torch
from scratchlm.model import AttentionContext
from scratchlm.model.context import LayerContext, layer_contexts
from scratchlm.model.positions import make_positions


def layer_context(config, seq_len, context=None) -> LayerContext:
    """That of the first layer, for ``seq_len`` positions from 0 on."""
    positions, at = make_positions(config), torch.arange(seq_len)
    return layer_contexts(
        context or AttentionContext(),
        config,
        at[None],
        rotary=positions.rotary(at),
        slopes=positions.slopes(torch.device("cpu")),
    )[0]
