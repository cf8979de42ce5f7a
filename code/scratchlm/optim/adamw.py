"""AdamW: steps of one size for every weight, whatever the size of its gradient."""

from collections.abc import Iterable

import torch
from torch import Tensor


class AdamW(torch.optim.Optimizer):
    """AdamW: Adam with decoupled weight decay.

    Sources: Kingma and Ba (2015), "Adam", algorithm 1; Loshchilov and Hutter (2019), "Decoupled
    Weight Decay Regularization", algorithm 2, with the decay scaled by the learning rate as in
    PyTorch.

    Args:
        parameters: What to change, or parameter groups.
        lr: Learning rate: roughly how far a weight moves in a step.
        betas: Decay rates of the running means of the gradient and of its square.
        eps: Keeps the division finite.
        weight_decay: Share of a weight that is lost per unit of learning rate.

    >>> weight = torch.nn.Parameter(torch.tensor([1.0]))
    >>> weight.grad = torch.tensor([250.0])
    >>> AdamW([weight], lr=0.1).step(); weight.item()
    0.8999999761581421
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        lr: float = 3e-3,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Update every weight that has a gradient and is not frozen."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.requires_grad and weight.grad is not None:
                    self._update(weight, weight.grad, **group)

    def _update(
        self,
        weight: Tensor,
        gradient: Tensor,
        *,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
        **_: object,
    ) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        state["step"] += 1
        count = float(state["step"])
        weight.mul_(1 - lr * weight_decay)
        state["exp_avg"].lerp_(gradient, 1 - betas[0])
        state["exp_avg_sq"].lerp_(gradient.square(), 1 - betas[1])
        # Both means start at zero; the bias correction takes that out.
        mean = state["exp_avg"] / (1 - betas[0] ** count)
        spread = (state["exp_avg_sq"] / (1 - betas[1] ** count)).sqrt()
        weight.sub_(lr * mean / (spread + eps))
