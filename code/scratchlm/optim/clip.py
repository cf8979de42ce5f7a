"""Gradient clipping: a limit on how large a gradient may be."""

from collections.abc import Iterable

import torch
from torch import Tensor

from scratchlm.optim.sharding import full_tensor


@torch.no_grad()
def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Clip gradients by their global norm: scale all down together where it exceeds the maximum.

    Gradients that are sharded over ranks have the norm of the whole on every rank.
    Source: Pascanu et al. (2013), "On the difficulty of training recurrent neural networks",
    algorithm 1.

    Args:
        parameters: Weights whose gradients to scale; those without one are left out.
        max_norm: Largest global norm.

    Returns:
        The norm before clipping; 0.0 where nothing has a gradient.

    >>> weight = torch.nn.Parameter(torch.zeros(2)); weight.grad = torch.tensor([3.0, 4.0])
    >>> clip_grad_norm([weight], max_norm=1.0), weight.grad
    (5.0, tensor([0.6000, 0.8000]))
    >>> clip_grad_norm([torch.nn.Parameter(torch.zeros(2))], max_norm=1.0)
    0.0
    """
    gradients = [weight.grad for weight in parameters if weight.grad is not None]
    if not gradients:
        return 0.0
    norms = torch.stack([gradient.norm() for gradient in gradients])
    norm = float(full_tensor(norms.norm()))
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
