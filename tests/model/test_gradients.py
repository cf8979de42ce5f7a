"""Every layer's gradient is its slope, and equal to torch's own layer where there is one."""

import pytest
import torch
from layer_context import layer_context
from scratchlm.model import MixtureOfExperts, ModelConfig, eager_attention, sdpa_attention
from scratchlm.model.attention import Attention
from scratchlm.model.block import BLOCKS
from scratchlm.model.config import CHOICES
from scratchlm.model.feed_forward import feed_forward
from scratchlm.model.norm import LayerNorm, RMSNorm, rms_norm
from torch import nn
from torch.nn import functional as F

CONFIG = ModelConfig(
    vocab_size=9,
    max_seq_len=8,
    d_model=6,
    n_layers=1,
    n_heads=3,
    n_kv_heads=1,
    initialization="xavier",
)


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


class Placed(nn.Module):
    """A layer that is told where it stands."""

    def __init__(self, layer, config, seq_len):
        super().__init__()
        self.layer, self.context = layer.double(), layer_context(config, seq_len)

    def forward(self, x):
        return self.layer(x, self.context)


def slope_is_right(module, *inputs):
    """`gradcheck` over the inputs and every weight of a module."""
    names = [name for name, _ in module.named_parameters()]
    weights = [(0.3 * torch.randn_like(one)).requires_grad_() for one in module.parameters()]

    def call(*tensors):
        given, rest = tensors[: len(inputs)], tensors[len(inputs) :]
        return torch.func.functional_call(module, dict(zip(names, rest, strict=True)), given)

    return torch.autograd.gradcheck(call, (*inputs, *weights))


@pytest.mark.parametrize("kind", CHOICES["feed_forward"])
@pytest.mark.parametrize("bias", ["none", "all"])
def test_feed_forward_layers(kind, bias):
    torch.manual_seed(0)
    layer = feed_forward(CONFIG.replace(feed_forward=kind, bias=bias, d_ff=5)).double()
    assert slope_is_right(layer, drawn(2, 6))


@pytest.mark.parametrize("kind", [LayerNorm, RMSNorm])
def test_norms(kind):
    assert slope_is_right(kind(6, 1e-5).double(), drawn(3, 6))


def test_experts():
    torch.manual_seed(0)
    config = CONFIG.replace(n_experts=3, experts_per_token=2, d_ff=4)
    assert slope_is_right(MixtureOfExperts(config).double(), drawn(4, 6))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"qk_norm_span": "all"},
        {"attn_logit_softcap": 2.0},
        {"attention_sinks": True},
        {"positions": "alibi"},
    ],
)
def test_attention(changes):
    torch.manual_seed(0)
    config = CONFIG.replace(**changes)
    assert slope_is_right(Placed(Attention(config), config, 4), drawn(1, 4, 6))


@pytest.mark.parametrize("placement", BLOCKS)
def test_blocks(placement):
    torch.manual_seed(0)
    config = CONFIG.replace(norm_placement=placement, d_ff=4)
    assert slope_is_right(Placed(BLOCKS[placement](config), config, 3), drawn(1, 3, 6))


def same_gradients(ours, theirs, inputs):
    """Both results and all gradients agree."""
    change = torch.randn_like(ours)
    torch.testing.assert_close(ours, theirs)
    for a, b in zip(
        torch.autograd.grad(ours, inputs, change),
        torch.autograd.grad(theirs, inputs, change),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_norms_have_torchs_gradients():
    x, gain = drawn(4, 6), drawn(6, seed=1)
    same_gradients(rms_norm(x, gain), F.rms_norm(x, (6,), gain, 1e-6), (x, gain))
    ours, theirs = LayerNorm(6, 1e-5).double(), nn.LayerNorm(6, 1e-5, dtype=torch.float64)
    with torch.no_grad():
        for one in (ours, theirs):
            one.weight.copy_(gain)
    same_gradients(ours(x), theirs(x), (x,))


def test_attention_has_the_gradients_of_torchs_kernel():
    inputs = (drawn(2, 3, 5, 4), drawn(2, 3, 5, 4, seed=1), drawn(2, 3, 5, 4, seed=2))
    for ours in (eager_attention, sdpa_attention):
        theirs = F.scaled_dot_product_attention(*inputs, is_causal=True)
        same_gradients(ours(*inputs), theirs, inputs)


def test_relu_and_gelu_layers_are_torchs():
    for kind, activation in (
        ("relu", nn.ReLU()),
        ("gelu", nn.GELU("tanh")),
        ("gelu_exact", nn.GELU()),
    ):
        ours = feed_forward(CONFIG.replace(feed_forward=kind, bias="all")).double()
        theirs = nn.Sequential(ours.up_proj, activation, ours.down_proj)
        x = drawn(3, 6)
        same_gradients(ours(x), theirs(x), (x, *ours.parameters()))
