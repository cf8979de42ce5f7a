"""Rotary positions: a query and a key meet at an angle that tells how far apart they are."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.model.config import RopeScaling


def rotation_angles(
    positions: Int[Tensor, "time"],
    head_width: int,
    base: float = 10_000.0,
    scaling: RopeScaling | None = None,
) -> Float[Tensor, "time half"]:
    """Return by how much each pair of numbers turns at each position, in radians.

    Pair ``i`` of a head turns by ``position * base ** (-2 i / head_width)``: the first pair fast,
    the last one slowly. Source: Su et al. (2021), "RoFormer", section 3.2.2.

    Args:
        positions: Where the tokens stand, counted from 0.
        head_width: Numbers in a head; even.
        base: Ratio of the slowest to the fastest wavelength.
        scaling: How the waves are stretched.

    >>> rotation_angles(torch.arange(2), head_width=4, base=100.0)
    tensor([[0.0000, 0.0000],
            [1.0000, 0.1000]], dtype=torch.float64)
    """
    pairs = torch.arange(0, head_width, 2, dtype=torch.float64)
    frequencies = base ** (-pairs / head_width)
    if scaling is not None:
        frequencies = stretch(frequencies, scaling)
    return positions.double()[:, None] * frequencies


def stretch(frequencies: Float[Tensor, "half"], scaling: RopeScaling) -> Float[Tensor, "half"]:
    """Slow waves down, so that a longer context turns them no further than the first one did.

    Source: Grattafiori et al. (2024), "The Llama 3 Herd of Models", section 3.4.2, in the form of
    the code published with Llama 3.1.

    >>> stretch(torch.tensor([1.0, 1e-4]), RopeScaling(8.0, original=8192))
    tensor([1.0000e+00, 1.2500e-05])
    """
    if scaling.original is None:
        return frequencies / scaling.factor
    times = scaling.original * frequencies / (2 * torch.pi)  # that a wave fits the first context
    kept = ((times - scaling.low) / (scaling.high - scaling.low)).clamp(0, 1)
    return kept * frequencies + (1 - kept) * frequencies / scaling.factor


def rotate(
    x: Float[Tensor, "*any time head_width"],
    cos: Float[Tensor, "time half"],
    sin: Float[Tensor, "time half"],
) -> Float[Tensor, "*any time head_width"]:
    """Turn each pair of numbers by its angle; pair ``i`` is ``x[i]`` and ``x[i + half]``.

    That pairing is the one Hugging Face's checkpoints use ("rotate half").

    >>> quarter = torch.tensor([[torch.pi / 2]])
    >>> rotate(torch.tensor([[1.0, 0.0]]), quarter.cos(), quarter.sin()).round(decimals=3)
    tensor([[-0., 1.]])
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
