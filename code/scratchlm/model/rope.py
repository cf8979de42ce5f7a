"""Rotary positions: a query and a key meet at an angle that tells how far apart they are."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.errors import InputError, quote

RopeLayout = Literal["half", "interleaved"]
RopeStretch = Literal["linear", "llama3", "yarn"]


@dataclass(frozen=True)
class RopeScaling:
    """How rotary positions are stretched over a longer context than the first training's.

    ``linear`` stretches all waves alike (Chen et al., 2023, "Extending Context Window of Large
    Language Models via Positional Interpolation", eq. 4). ``llama3`` and ``yarn`` leave waves
    alone that go often into the first context, stretch those in full that go into it less than
    once or so, and the others by degrees; ``yarn`` sharpens the attention, too (Peng et al., 2023,
    "YaRN", section 3).

    Attributes:
        factor: How much longer it became.
        kind: Which waves are stretched.
        original: The first context.
        low: Waves that go fewer times than this into the first context are stretched in full.
        high: Waves that go more often than this are left alone.

    >>> RopeScaling(factor=8.0, kind="llama3", original=8192).high
    4.0
    """

    factor: float
    kind: RopeStretch = "linear"
    original: int | None = None
    low: float = 1.0
    high: float = 4.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(RopeStretch):
            raise InputError(
                f"model: expected {' or '.join(get_args(RopeStretch))} as the kind of rope "
                f"scaling, found {quote(self.kind)}"
            )
        if not 1 <= self.factor < math.inf:
            raise InputError(
                f"model: expected a factor of at least 1 for rope scaling, found {self.factor}"
            )
        if not 0 < self.low < self.high < math.inf:
            raise InputError(
                f"model: expected 0 < low < high for rope scaling, found {self.low} and {self.high}"
            )
        if self.kind != "linear" and (self.original or 0) < 1:
            raise InputError(f"model: expected the first context beside {self.kind}, found none")


def rope_angles(
    positions: Int[Tensor, "seq_len"],
    head_dim: int,
    base: float = 10_000.0,
    scaling: RopeScaling | None = None,
) -> Float[Tensor, "seq_len half"]:
    """Return by how much each pair of numbers turns at each position, in radians.

    Pair ``i`` of a head turns by ``position * base ** (-2 i / head_dim)``: the first pair fast,
    the last one slowly. Source: Su et al. (2021), "RoFormer", section 3.2.2.

    Args:
        positions: Where the tokens stand, counted from 0.
        head_dim: Numbers in a head; even.
        base: Ratio of the slowest to the fastest wavelength.
        scaling: How the waves are stretched.

    >>> rope_angles(torch.arange(2), head_dim=4, base=100.0)
    tensor([[0.0000, 0.0000],
            [1.0000, 0.1000]], dtype=torch.float64)
    """
    pairs = torch.arange(0, head_dim, 2, dtype=torch.float64)
    frequencies = base ** (-pairs / head_dim)
    if scaling is not None:
        frequencies = stretch(frequencies, scaling, base)
    return positions.double()[:, None] * frequencies


def stretch(
    frequencies: Float[Tensor, "half"], scaling: RopeScaling, base: float = 10_000.0
) -> Float[Tensor, "half"]:
    """Slow waves down, so that a longer context turns them no further than the first one did.

    Sources: those of `RopeScaling`; for ``llama3`` Grattafiori et al. (2024), "The Llama 3 Herd
    of Models", section 3.4.2, in the form of the code published with Llama 3.1.

    Args:
        frequencies: Radians a position.
        scaling: How to stretch.
        base: Ratio of the slowest to the fastest wavelength; ``yarn`` needs it.

    >>> stretch(torch.tensor([1.0, 1e-4]), RopeScaling(8.0, "llama3", original=8192))
    tensor([1.0000e+00, 1.2500e-05])
    """
    if scaling.kind == "linear" or scaling.original is None:
        return frequencies / scaling.factor
    if scaling.kind == "llama3":  # by degrees of how often a wave fits the first context
        times = scaling.original * frequencies / (2 * torch.pi)
        kept = ((times - scaling.low) / (scaling.high - scaling.low)).clamp(0, 1)
    else:  # by degrees of the wave's number, between the whole numbers around both bounds
        half = len(frequencies)
        numbers = [
            half * math.log(scaling.original / (2 * math.pi * times)) / math.log(base)
            for times in (scaling.high, scaling.low)
        ]
        first, last = max(math.floor(numbers[0]), 0), min(math.ceil(numbers[1]), 2 * half - 1)
        at = torch.arange(half, dtype=frequencies.dtype)
        kept = 1 - ((at - first) / max(last - first, 0.001)).clamp(0, 1)
    return kept * frequencies + (1 - kept) * frequencies / scaling.factor


def yarn_attention_factor(scaling: RopeScaling | None) -> float:
    """By how much ``yarn`` lengthens queries and keys, so that attention is less spread out.

    Source: Peng et al. (2023), "YaRN", section 3.4, eq. 15.

    >>> yarn_attention_factor(RopeScaling(math.e, "yarn", original=32))
    1.1
    """
    return 0.1 * math.log(scaling.factor) + 1 if scaling and scaling.kind == "yarn" else 1.0


def apply_rope(
    x: Float[Tensor, "*any head_dim"],
    cos: Float[Tensor, "*seq_len half"],
    sin: Float[Tensor, "*seq_len half"],
) -> Float[Tensor, "*any head_dim"]:
    """Turn each pair of numbers by its angle; pair ``i`` is ``x[i]`` and ``x[i + half]``.

    That pairing is the one Hugging Face's checkpoints use ("rotate half").

    >>> quarter = torch.tensor([[torch.pi / 2]])
    >>> apply_rope(torch.tensor([[1.0, 0.0]]), quarter.cos(), quarter.sin()).round(decimals=3)
    tensor([[-0., 1.]])
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def apply_rope_interleaved(
    x: Float[Tensor, "*any head_dim"],
    cos: Float[Tensor, "*seq_len half"],
    sin: Float[Tensor, "*seq_len half"],
) -> Float[Tensor, "*any head_dim"]:
    """Turn each pair of numbers by its angle; pair ``i`` is ``x[2 i]`` and ``x[2 i + 1]``.

    This pairing is the paper's ("interleaved"): Su et al. (2021), "RoFormer", eq. 34.

    >>> quarter = torch.tensor([[torch.pi / 2, 0.0]])
    >>> x = torch.tensor([[1.0, 0.0, 3.0, 4.0]])
    >>> apply_rope_interleaved(x, quarter.cos(), quarter.sin()).round(decimals=3)
    tensor([[-0., 1., 3., 4.]])
    """
    first, second = x[..., ::2], x[..., 1::2]
    turned = torch.stack((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned.flatten(-2)


APPLY_ROPE = {"half": apply_rope, "interleaved": apply_rope_interleaved}
