"""Optimizers: equal to PyTorch's, or to their definition by singular values."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.optim import (
    AdamW,
    CosineSchedule,
    Muon,
    WSDSchedule,
    clip_grad_norm,
    orthogonalize,
)
from scratchlm.optim.muon import QUINTIC


def quadratic(weight: torch.Tensor, step: int) -> torch.Tensor:
    """A bowl whose bottom moves, so that every step has another gradient."""
    return ((weight - 0.1 * step).square() * torch.linspace(0.1, 30, weight.numel())).sum()


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_adamw_equals_pytorchs_in_float64(weight_decay):
    ours, theirs = (torch.nn.Parameter(torch.linspace(-2, 2, 7).double()) for _ in range(2))
    settings_ = {
        "lr": 0.05,
        "betas": (0.8, 0.93),
        "eps": 1e-7,
        "weight_decay": weight_decay,
    }
    for one, optimizer in (
        (ours, AdamW([ours], **settings_)),
        (theirs, torch.optim.AdamW([theirs], **settings_)),
    ):
        for step in range(40):
            optimizer.zero_grad()
            quadratic(one, step).backward()
            optimizer.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3)])
def test_orthogonalizing_applies_the_polynomial_to_the_singular_values(shape):
    matrix = torch.randn(shape, dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    values = values / values.norm()
    a, b, c = QUINTIC
    for _ in range(5):
        values = a * values + b * values**3 + c * values**5
    expected = left @ torch.diag(values) @ right
    torch.testing.assert_close(orthogonalize(matrix), expected, rtol=1e-5, atol=1e-5)
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_muon_moves_like_its_definition():
    gradients = torch.randn(4, 6, 3)
    weight = torch.nn.Parameter(torch.zeros(6, 3))
    optimizer, momentum, expected = (
        Muon([weight], lr=0.1),
        torch.zeros(6, 3),
        torch.zeros(6, 3),
    )
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        momentum = 0.95 * momentum + 0.05 * gradient
        nesterov = 0.05 * gradient + 0.95 * momentum
        expected = expected - 0.1 * 2**0.5 * orthogonalize(nesterov)
    torch.testing.assert_close(weight.detach(), expected)


def test_stacking_matrices_of_one_shape_changes_nothing():
    together = [torch.nn.Parameter(torch.zeros(4, 4)) for _ in range(3)]
    alone = [torch.nn.Parameter(torch.zeros(4, 4)) for _ in range(3)]
    for one, other in zip(together, alone, strict=True):
        one.grad = torch.randn(4, 4)
        other.grad = one.grad.clone()
        Muon([other]).step()
    Muon(together).step()
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other)


@given(
    st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=9),
    st.floats(0.01, 50),
)
@settings(max_examples=80, deadline=None)
def test_clipping_equals_pytorchs(values, limit):
    ours = [torch.nn.Parameter(torch.zeros(1)) for _ in values]
    theirs = [torch.nn.Parameter(torch.zeros(1)) for _ in values]
    for weight, value in zip(ours + theirs, values + values, strict=True):
        weight.grad = torch.tensor([value])
    length = clip_grad_norm(ours, limit)
    expected = torch.nn.utils.clip_grad_norm_(theirs, limit)
    assert length == pytest.approx(float(expected), rel=1e-5)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)


@given(st.integers(1, 500), st.integers(0, 50), st.floats(0, 0.99))
@settings(max_examples=100, deadline=None)
def test_the_schedule_rises_once_and_falls_once(total, warmup, hold):
    factors = [WSDSchedule(total, warmup, hold).factor(step) for step in range(total)]
    assert all(0 < factor <= 1 for factor in factors)
    top = factors.index(max(factors))
    assert factors[:top] == sorted(factors[:top])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert WSDSchedule(total, warmup, hold).factor(total) == 0


@pytest.mark.parametrize("warmup", [0, 1, 7])
@pytest.mark.parametrize("least", [0.0, 0.1])
def test_the_cosine_schedule_equals_pytorchs(warmup, least):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40 - warmup, eta_min=least)
    ours = CosineSchedule(40, warmup, least)
    assert [ours.factor(step) for step in range(warmup)] == [
        (step + 1) / warmup for step in range(warmup)
    ]
    for step in range(warmup, 40):
        assert ours.factor(step) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    assert ours.factor(40) == pytest.approx(least) == pytest.approx(ours.factor(50))


@pytest.mark.parametrize("schedule", [WSDSchedule, CosineSchedule])
def test_an_impossible_schedule_is_refused(schedule):
    for wrong in ({"total_steps": 0}, {"total_steps": 9, "warmup_steps": -1}):
        with pytest.raises(InputError, match="total_steps >= 1"):
            schedule(**wrong)
    with pytest.raises(InputError, match="min_factor"):
        CosineSchedule(9, min_factor=2)


@pytest.mark.parametrize("optimizer", [AdamW, Muon])
def test_frozen_weights_stay(optimizer):
    """Neither a gradient that was left behind nor weight decay moves them."""
    free, frozen = (torch.nn.Parameter(torch.ones(3, 3)) for _ in range(2))
    free.grad, frozen.grad = torch.randn(3, 3), torch.randn(3, 3)
    frozen.requires_grad_(False)
    one = optimizer([free, frozen, torch.nn.Parameter(torch.ones(2, 2))], weight_decay=0.5)
    one.step()
    assert torch.equal(frozen, torch.ones(3, 3))
    assert not torch.equal(free, torch.ones(3, 3))
    assert len(one.state) == 1
