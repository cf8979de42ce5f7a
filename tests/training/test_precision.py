"""Products in half the bits: nearly the same steps, and weights in all their bits."""

import pytest
import torch
from scratchlm.data import DocumentBatches, Shard
from scratchlm.model import ModelConfig, Transformer
from scratchlm.optim import Muon
from scratchlm.training import TrainConfig, Trainer
from scratchlm.training.precision import native_precision
from scratchlm.training.trainer import total_loss

MODEL = ModelConfig(vocab_size=12, max_seq_len=16, d_model=32, n_layers=2, n_heads=2)
TEXT = Shard.of([[0, *(index * step % 11 + 1 for index in range(9))] for step in range(1, 40)])


def trained(precision: str, steps: int = 60) -> tuple[Trainer, list[float]]:
    config = TrainConfig(steps=steps, warmup_steps=2, precision=precision)
    one = Trainer(Transformer(MODEL), DocumentBatches(TEXT, 16, 8), config)
    return one, [one.train_step().loss for _ in range(steps)]


def test_fewer_bits_follow_the_same_curve():
    whole, half = trained("float32")[1], trained("bfloat16")[1]
    assert whole != half  # the products were made in other bits
    torch.testing.assert_close(torch.tensor(half), torch.tensor(whole), rtol=0.03, atol=0.02)
    assert half[-1] < 0.7 * half[0]


def test_weights_gradients_and_optimizer_state_stay_wide():
    one, _ = trained("bfloat16", steps=2)
    one.backward()
    for weight in one.model.parameters():
        assert weight.dtype == weight.grad.dtype == torch.float32
    for optimizer in one.optimizers:
        for state in optimizer.state.values():
            assert {tensor.dtype for tensor in state.values()} == {torch.float32}


def test_the_gradient_of_one_step_differs_by_rounding_only():
    """A bfloat16 number has 8 significant bits: 1 part in 256."""
    gradients = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        config = TrainConfig(steps=1, precision=precision)
        one = Trainer(Transformer(MODEL), DocumentBatches(TEXT, 16, 8), config)
        with torch.no_grad():
            for weight in one.model.parameters():  # some start at zero and would hide the rest
                weight.add_(0.1 * torch.randn_like(weight))
        one.backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in one.model.parameters()]))
    whole, half = gradients
    assert (whole - half).norm() < 0.03 * whole.norm()


def test_the_loss_is_summed_in_wide_numbers():
    logits = torch.randn(2, 300, 50)
    targets = torch.randint(0, 50, (2, 300))
    half = total_loss(logits.bfloat16(), targets)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, total_loss(logits.bfloat16().float(), targets))
    assert total_loss(logits.double(), targets).dtype == torch.float64


def test_muon_in_few_bits_still_moves_all_directions_alike():
    weight = torch.nn.Parameter(torch.zeros(16, 16))
    weight.grad = torch.randn(16, 16)
    Muon([weight], lr=1.0, dtype=torch.bfloat16).step()
    values = torch.linalg.svdvals(weight.detach())
    assert weight.dtype == torch.float32
    assert 0.5 < values.median() < 1.3
    assert values.max() < 1.35


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"bf16": True}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_the_processor_decides(monkeypatch, able, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert native_precision() == expected
