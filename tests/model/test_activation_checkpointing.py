"""Activations computed twice: the same bits, in less memory."""

import pytest
import torch
from scratchlm.model import ModelConfig, Transformer, apply_activation_checkpointing

CONFIG = ModelConfig(
    vocab_size=31, max_seq_len=64, d_model=32, n_layers=4, n_heads=2, initialization="xavier"
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


@pytest.mark.parametrize(
    "changes", [{}, {"n_experts": 3, "experts_per_token": 2}, {"sliding_window": 9}]
)
def test_recomputation_changes_no_bit(changes):
    config = CONFIG.replace(**changes)
    plain, again = Transformer(config), apply_activation_checkpointing(Transformer(config))
    for one, other in zip(gradients(plain), gradients(again), strict=True):
        assert torch.equal(one, other)


def test_twice_is_as_once_and_tokens_of_experts_are_counted_once():
    config = CONFIG.replace(n_experts=3, experts_per_token=2)
    plain, again = Transformer(config), Transformer(config)
    apply_activation_checkpointing(apply_activation_checkpointing(again))
    for one, other in zip(gradients(plain), gradients(again), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(plain.layers, again.layers, strict=True):
        assert one.mlp.tokens_per_expert.sum() == 2 * IDS.numel()
        assert torch.equal(one.mlp.tokens_per_expert, other.mlp.tokens_per_expert)


def test_recomputation_keeps_a_stream_for_each_block():
    plain, again = {}, {}
    gradients(Transformer(CONFIG), plain)
    gradients(apply_activation_checkpointing(Transformer(CONFIG)), again)
    assert sum(again.values()) < sum(plain.values()) / 4
