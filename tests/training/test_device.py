"""Devices, dtypes and compilation: the same training, wherever and however it is computed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from scratchlm.data import DocumentBatches, Shard
from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer
from scratchlm.optim import Muon
from scratchlm.training import TrainConfig, Trainer, choose_device, native_dtype, total_loss

MODEL = ModelConfig(vocab_size=12, max_seq_len=16, d_model=32, n_layers=2, n_heads=2)
TEXT = Shard.of([[0, *(index * step % 11 + 1 for index in range(9))] for step in range(1, 40)])


def trained(dtype: str, steps: int = 60) -> tuple[Trainer, list[float]]:
    config = TrainConfig(steps=steps, warmup_steps=2, dtype=dtype)
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
    for dtype in ("float32", "bfloat16"):
        torch.manual_seed(0)
        config = TrainConfig(steps=1, dtype=dtype)
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
    assert native_dtype() == expected


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    for name in ("cuda", "mps"):
        with pytest.raises(
            InputError, match=rf"this machine has \(cpu\), found '{name}'; use auto"
        ):
            choose_device(name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_gpu_follows_the_same_curve(dtype):
    losses = []
    for name in ("cpu", "cuda"):
        one = Trainer(
            Transformer(MODEL),
            DocumentBatches(TEXT, 16, 8),
            TrainConfig(steps=30, warmup_steps=2, dtype=dtype),
            device=torch.device(name),
        )
        losses.append([one.train_step().loss for _ in range(30)])
        assert {weight.device.type for weight in one.model.parameters()} == {name}
    torch.testing.assert_close(*map(torch.tensor, losses), rtol=0.03, atol=0.02)


COMPILED = """
import sys
from functools import partial
import torch
from scratchlm.data import Shard, StreamBatches
from scratchlm.model import ModelConfig, Transformer
from scratchlm.training import TrainConfig, Trainer

def broken(graph, inputs):
    raise RuntimeError("no compiler of C++ was found")

def steps(compile, chunk=0):
    model = Transformer(ModelConfig(12, 16, d_model=16, n_layers=2, n_heads=2))
    batches = StreamBatches(Shard.of([[1, 2, 3, 5, 8] * 9]), seq_len=8, batch_size=2)
    config = TrainConfig(steps=5, warmup_steps=2, loss_chunk_size=chunk)
    one = Trainer(model, batches, config, compile=compile)
    return [one.train_step() for _ in range(2)]

usual = torch.compile
for chunk in (0, 5):
    torch.compile = partial(usual, backend="aot_eager")
    for ours, theirs in zip(steps(True, chunk), steps(False, chunk), strict=True):
        assert abs(ours.loss / theirs.loss - 1) < 1e-5, (ours, theirs)
        assert abs(ours.grad_norm / theirs.grad_norm - 1) < 1e-4, (ours, theirs)
print("as good as eager", file=sys.stderr)
torch._dynamo.reset()
torch.compile = partial(usual, backend=broken)
assert steps(True) == steps(False)
"""


def test_a_compiled_step_is_the_same_step_and_a_failure_is_said_once():
    """In a process of its own: the tests' checks of shapes are Python that no compiler follows."""
    done = subprocess.run(
        [sys.executable, "-c", COMPILED],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "code")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    compiled, failed = done.stderr.split("as good as eager")
    assert "failed" not in compiled
    assert failed.count("torch.compile failed") == 1
    assert "going on without it" in failed
