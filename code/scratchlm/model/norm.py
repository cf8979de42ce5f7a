"""Keeping numbers at one scale between the layers."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig

EPSILON = 1e-6


def rms_norm(
    x: Float[Tensor, "*any d_model"],
    gain: Float[Tensor, "d_model"] | None = None,
    epsilon: float = EPSILON,
) -> Float[Tensor, "*any d_model"]:
    """Divide each vector by its root mean square, then multiply by a learned gain.

    Source: Zhang and Sennrich (2019), "Root Mean Square Layer Normalization", eq. 4.

    >>> rms_norm(torch.tensor([3.0, 4.0])).square().mean().round(decimals=4).item()
    1.0
    """
    scaled = x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + epsilon)
    return scaled if gain is None else scaled * gain


def layer_norm(
    x: Float[Tensor, "*any d_model"],
    gain: Float[Tensor, "d_model"] | None = None,
    shift: Float[Tensor, "d_model"] | None = None,
    epsilon: float = EPSILON,
) -> Float[Tensor, "*any d_model"]:
    """Take the mean out of each vector, then do as `rms_norm`, and add a learned bias.

    Source: Ba et al. (2016), "Layer Normalization", eq. 4.

    >>> layer_norm(torch.tensor([5.0, 7.0])).round(decimals=3)
    tensor([-1.,  1.])
    """
    scaled = rms_norm(x - x.mean(dim=-1, keepdim=True), gain, epsilon)
    return scaled if shift is None else scaled + shift


class RMSNorm(nn.Module):
    """`rms_norm` with a gain of its own for each of the ``dim`` numbers.

    >>> RMSNorm(8)(torch.ones(2, 8)).shape
    torch.Size([2, 8])
    """

    def __init__(self, dim: int, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.epsilon = epsilon

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Normalize the last axis."""
        # The fused kernel; tests hold it to `rms_norm`.
        return nn.functional.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


class LayerNorm(nn.Module):
    """`layer_norm` with a gain and a bias of its own for each of the ``dim`` numbers.

    >>> LayerNorm(8)(torch.ones(2, 8)).abs().max().item()
    0.0
    """

    def __init__(self, dim: int, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))
        self.epsilon = epsilon

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Normalize the last axis."""
        # The fused kernel; tests hold it to `layer_norm`.
        return nn.functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


def make_norm(config: ModelConfig, dim: int | None = None) -> RMSNorm | LayerNorm:
    """Return the norm that the configuration names, by default for vectors of ``d_model`` numbers.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=6, n_layers=2, n_heads=1, norm="layer")
    >>> type(make_norm(config)).__name__
    'LayerNorm'
    """
    kind = RMSNorm if config.norm == "rms" else LayerNorm
    return kind(dim or config.d_model, config.norm_epsilon)
