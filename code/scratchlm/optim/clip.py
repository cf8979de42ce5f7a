"""A limit on how large a gradient may be."""

from collections.abc import Iterable

import torch
from torch import Tensor


@torch.no_grad()
def clip_gradients(parameters: Iterable[Tensor], limit: float) -> float:
    """Scale all gradients down together when their joint length exceeds the limit.

    Source: Pascanu et al. (2013), "On the difficulty of training recurrent neural networks",
    algorithm 1.

    Args:
        parameters: Weights whose gradients to scale; those without one are left out.
        limit: Largest joint length.

    Returns:
        The length before scaling.

    >>> weight = torch.nn.Parameter(torch.zeros(2)); weight.grad = torch.tensor([3.0, 4.0])
    >>> clip_gradients([weight], limit=1.0), weight.grad
    (5.0, tensor([0.6000, 0.8000]))
    """
    gradients = [weight.grad for weight in parameters if weight.grad is not None]
    length = float(torch.stack([gradient.norm() for gradient in gradients]).norm())
    if length > limit:
        for gradient in gradients:
            gradient.mul_(limit / length)
    return length
