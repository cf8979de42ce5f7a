"""A limit on how large a gradient may be."""

from collections.abc import Iterable

import torch
from torch import Tensor


@torch.no_grad()
def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients down together when the norm of all exceeds the maximum.

    Source: Pascanu et al. (2013), "On the difficulty of training recurrent neural networks",
    algorithm 1.

    Args:
        parameters: Weights whose gradients to scale; those without one are left out.
        max_norm: Largest joint norm.

    Returns:
        The norm before scaling.

    >>> weight = torch.nn.Parameter(torch.zeros(2)); weight.grad = torch.tensor([3.0, 4.0])
    >>> clip_grad_norm([weight], max_norm=1.0), weight.grad
    (5.0, tensor([0.6000, 0.8000]))
    """
    gradients = [weight.grad for weight in parameters if weight.grad is not None]
    norm = float(torch.stack([gradient.norm() for gradient in gradients]).norm())
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
