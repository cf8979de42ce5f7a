"""Activations computed twice: the same bits, in less memory."""

from dataclasses import replace

import pytest
import torch
from scratchlm.model import ModelConfig, Transformer, recompute_blocks

CONFIG = ModelConfig(
    vocab_size=31, context=64, width=32, layers=4, heads=2, initialization="xavier"
)
IDS = torch.randint(31, (2, 64), generator=torch.Generator().manual_seed(0))


def gradients(model, kept=None):
    def pack(tensor):
        if kept is not None:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(IDS).square().mean()
    loss.backward()
    return [loss, *(weight.grad for weight in model.parameters())]


@pytest.mark.parametrize("changes", [{}, {"experts": 3, "active_experts": 2}, {"window": 9}])
def test_recomputation_changes_no_bit(changes):
    config = replace(CONFIG, **changes)
    plain, again = Transformer(config), recompute_blocks(Transformer(config))
    for one, other in zip(gradients(plain), gradients(again), strict=True):
        assert torch.equal(one, other)


def test_recomputation_keeps_a_stream_for_each_block():
    plain, again = {}, {}
    gradients(Transformer(CONFIG), plain)
    gradients(recompute_blocks(Transformer(CONFIG)), again)
    assert sum(again.values()) < sum(plain.values()) / 4
