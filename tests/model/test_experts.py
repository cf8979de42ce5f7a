"""Experts: the sparse layer equals the dense one, and the load evens out."""

import pytest
import torch
from scratchlm.errors import InputError
from scratchlm.model import MixtureOfExperts, ModelConfig, Transformer, update_expert_bias

CONFIG = ModelConfig(
    vocab_size=31,
    max_seq_len=24,
    d_model=16,
    n_layers=2,
    n_heads=2,
    n_experts=5,
    experts_per_token=2,
)


def random_layer(seed=0, **changes):
    torch.manual_seed(seed)
    return MixtureOfExperts(CONFIG.replace(**changes)).double()


def dense(layer, x):
    """Every expert answers every token; most of the answers weigh nothing."""
    likely = layer.gate(x).softmax(dim=-1)
    chosen = (likely + layer.expert_bias).argsort(dim=-1, descending=True)[
        ..., : layer.experts_per_token
    ]
    weights = torch.zeros_like(likely).scatter(-1, chosen, likely.gather(-1, chosen))
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return sum(weights[..., n, None] * expert(x) for n, expert in enumerate(layer.experts))


@pytest.mark.parametrize("feed_forward", ["relu2", "swiglu"])
@pytest.mark.parametrize("active", [2, 3, 5])
def test_each_token_gets_the_answer_of_its_experts_alone(feed_forward, active):
    layer = random_layer(feed_forward=feed_forward, experts_per_token=active)
    layer.expert_bias.copy_(torch.linspace(0.1, -0.1, 5))
    x = torch.randn(3, 7, 16, dtype=torch.float64, requires_grad=True)
    change = torch.randn(3, 7, 16, dtype=torch.float64)
    expected = dense(layer, x)
    torch.testing.assert_close(layer(x), expected)
    inputs = (x, *layer.parameters())
    theirs = torch.autograd.grad(expected, inputs, change)
    for ours, other in zip(torch.autograd.grad(layer(x), inputs, change), theirs, strict=True):
        torch.testing.assert_close(ours, other)


def test_equal_experts_are_one():
    layer = random_layer()
    for expert in layer.experts[1:]:
        expert.load_state_dict(layer.experts[0].state_dict())
    x = torch.randn(4, 16, dtype=torch.float64)
    torch.testing.assert_close(layer(x), layer.experts[0](x))


def test_an_expert_bias_moves_the_choice_and_not_the_weights():
    layer = random_layer(experts_per_token=5)
    x = torch.randn(9, 16, dtype=torch.float64)
    before = layer(x)
    layer.expert_bias.copy_(torch.linspace(-1, 1, 5))
    torch.testing.assert_close(layer(x), before)  # all of them answer, in another order
    layer.experts_per_token = 2
    chosen, _ = layer.route(x)
    assert set(chosen.flatten().tolist()) == {3, 4}


def test_balancing_evens_out_the_load():
    layer, x = random_layer(seed=3), torch.randn(400, 16, dtype=torch.float64)
    with torch.no_grad():
        layer.gate.weight[0] += 0.5  # a favorite
        x += 0.5
        layer(x)
        first = layer.update_expert_bias()
        for _ in range(600):
            layer(x)
            last = layer.update_expert_bias(0.002)
    assert first.max() > 0.35
    assert last.sum() == pytest.approx(1)
    assert last.max() < 0.25
    assert last.min() > 0.15


def test_reading_alone_counts_no_load():
    model = Transformer(CONFIG).eval()
    model(torch.zeros(1, 9, dtype=torch.long))
    update_expert_bias(model)
    assert not any(
        buffer.any() for name, buffer in model.named_buffers() if name.endswith("expert_bias")
    )
    model.train()(torch.zeros(1, 9, dtype=torch.long))
    update_expert_bias(model, rate=0.5)
    assert model.layers[0].mlp.expert_bias.abs().max() == 0.5


def test_expert_biases_are_saved_with_the_weights():
    assert "layers.1.mlp.expert_bias" in Transformer(CONFIG).state_dict()


@pytest.mark.parametrize("active", [0, 1, 6])
def test_a_number_of_experts_that_cannot_be_chosen_is_refused(active):
    with pytest.raises(InputError, match="experts_per_token"):
        CONFIG.replace(experts_per_token=active)
