"""Counts from the configuration are those of the model itself, and of published ones."""

import pytest
import torch
from scratchlm.model import ModelConfig, StaticKVCache, Transformer
from scratchlm.model.accounting import (
    count_active_parameters,
    count_flops,
    count_memory,
    count_parameters,
)
from scratchlm.model.activations import count_activations
from scratchlm.model.presets import PRESETS
from scratchlm.training import TrainConfig
from scratchlm.training.trainer import build_optimizers
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

BASE = ModelConfig(vocab_size=31, max_seq_len=24, d_model=16, n_layers=3, n_heads=4)


@pytest.mark.parametrize("tie", [True, False])
def test_parameters_are_those_of_the_model(config, tie):
    config = config.replace(tie_embeddings=tie)
    model, parts = Transformer(config), count_parameters(config)
    assert parts.total == model.parameter_count()
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}

    def total(*words):
        return sum(size for name, size in sizes.items() if any(word in name for word in words))

    assert parts.embeddings == total("embed_tokens", "positions")
    assert parts.norms == total("norm")
    assert parts.attention == total("self_attn") - total("q_norm", "k_norm")
    assert parts.feed_forward == total(".mlp.")
    assert parts.head == total("lm_head")


# As the models' authors or their files give them; GPT-3's 175 billion are rounded in its paper.
@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("gpt2", 124_439_808),
        ("gpt2-medium", 354_823_168),
        ("gpt2-large", 774_030_080),
        ("gpt2-xl", 1_557_611_200),
        ("llama2-7b", 6_738_415_616),
        ("llama2-70b", 68_976_648_192),
        ("llama3-8b", 8_030_261_248),
        ("llama3-70b", 70_553_706_496),
        ("mistral-7b", 7_241_732_096),
        ("qwen3-0.6b", 596_049_920),
        ("qwen3-8b", 8_190_735_360),
        ("qwen3-30b-a3b", 30_532_122_624),
        ("olmo2-7b", 7_298_617_344),
    ],
)
def test_published_models_have_their_published_size(name, total):
    assert count_parameters(PRESETS[name]).total == total


def test_gpt3_has_about_175_billion():
    assert count_parameters(PRESETS["gpt3"]).total == pytest.approx(175e9, rel=0.005)


@pytest.mark.parametrize(
    "config",
    ["positions=rope", "feed_forward=swiglu", "grouped", "wide heads", "experts"],
    indirect=True,
)
def test_operations_are_those_that_torch_counts(config):
    """Torch's counter sees every matrix product, but not inside the CPU's attention kernel."""
    model, ids = Transformer(config), torch.zeros(3, 20, dtype=torch.long)
    counted = count_flops(config, batch_size=3, seq_len=20)
    with sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False) as counter:
            logits = model(ids)
        assert counter.get_total_flops() == counted.forward
        with FlopCounterMode(display=False) as counter:
            logits.sum().backward()
        assert counter.get_total_flops() + counted.forward == counted.training


def test_memory_is_what_the_tensors_take():
    config = BASE.replace(n_kv_heads=2)
    model = Transformer(config)
    counted = count_memory(config)
    assert counted.weights == sum(weight.nbytes for weight in model.parameters())
    cache = StaticKVCache(config, batch_size=1)
    assert counted.cache == cache.nbytes
    model(torch.zeros(1, 8, dtype=torch.long)).sum().backward()
    assert counted.gradients == sum(weight.grad.nbytes for weight in model.parameters())


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize(
    "config", ["positions=learned", "grouped", "experts", "sinks", "gpt2"], indirect=True
)
def test_the_optimizers_state_is_what_its_tensors_take(config, optimizer):
    model = Transformer(config)
    model(torch.zeros(2, 8, dtype=torch.long)).square().sum().backward()
    for weight in model.parameters():  # experts that no token met have none
        weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
    kept = 0
    for one in build_optimizers(model, TrainConfig(steps=1, optimizer=optimizer)):
        one.step()
        tensors = [tensor for state in one.state.values() for tensor in state.values()]
        kept += sum(tensor.nbytes for tensor in tensors if tensor.ndim)
    assert count_memory(config, optimizer=optimizer).optimizer == kept


def test_a_token_meets_its_experts_alone():
    config = BASE.replace(n_experts=5, experts_per_token=2, bias="all")
    expert = Transformer(config).layers[0].mlp.experts[0]
    idle = 3 * 3 * sum(weight.numel() for weight in expert.parameters())
    assert count_active_parameters(config) == count_parameters(config).total - idle
    assert count_active_parameters(BASE) == count_parameters(BASE).total


def bytes_between_forward_and_backward(model, ids, targets):
    """What autograd keeps, each piece of memory once, without the weights."""
    own = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers())}
    kept = {}

    def pack(tensor):
        memory = tensor.untyped_storage()
        if memory.data_ptr() not in own and tensor.numel() > 1:
            # Held, so that no other piece gets the same address.
            kept[memory.data_ptr()] = (memory.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        F.cross_entropy(model(ids).flatten(0, 1), targets.flatten())
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize("rows", [1, 3])
def test_activations_are_what_autograd_keeps(config, rows):
    config = config.replace(initialization="gpt2")
    ids, targets = torch.randint(31, (2, rows, 24), generator=torch.Generator().manual_seed(0))
    measured = bytes_between_forward_and_backward(Transformer(config), ids, targets)
    assert measured == count_activations(config, rows, 24)
