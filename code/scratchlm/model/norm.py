"""Keeping numbers at one scale between the layers."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

EPSILON = 1e-6


def rms_norm(
    x: Float[Tensor, "*any width"], gain: Float[Tensor, "width"] | None = None
) -> Float[Tensor, "*any width"]:
    """Divide each vector by its root mean square, then multiply by a learned gain.

    Source: Zhang and Sennrich (2019), "Root Mean Square Layer Normalization", eq. 4.

    >>> rms_norm(torch.tensor([3.0, 4.0])).square().mean().round(decimals=4).item()
    1.0
    """
    scaled = x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPSILON)
    return scaled if gain is None else scaled * gain


class RMSNorm(nn.Module):
    """`rms_norm` with a gain of its own for each of the ``width`` numbers.

    >>> RMSNorm(8)(torch.ones(2, 8)).shape
    torch.Size([2, 8])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "*any width"]) -> Float[Tensor, "*any width"]:
        """Normalize the last axis."""
        # The fused kernel; tests hold it to `rms_norm`.
        return nn.functional.rms_norm(x, self.weight.shape, self.weight, EPSILON)
