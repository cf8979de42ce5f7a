"""Muon: momentum for matrices, orthogonalized, so that all directions move by the same amount."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from scratchlm.optim.sharding import full_tensor, shard_like

QUINTIC = (
    3.4445,
    -4.7750,
    2.0315,
)  # Jordan et al. (2024): steepest slope at zero that stays bounded


def orthogonalize(
    matrices: Float[Tensor, "*any rows columns"], steps: int = 5
) -> Float[Tensor, "*any rows columns"]:
    """Orthogonalize by Newton-Schulz iterations: singular values go to about one (0.7 to 1.2).

    An odd polynomial of a matrix changes its singular values and keeps its singular vectors; five
    iterations of this one lift even small values to about one.
    Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks".

    Args:
        matrices: One matrix, or a stack of them.
        steps: Iterations.

    >>> orthogonalize(torch.tensor([[0.0, 9.0], [1.0, 0.0]])).round(decimals=1)
    tensor([[0.0000, 0.7000],
            [0.8000, 0.0000]])
    """
    a, b, c = QUINTIC
    x: Tensor = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.transpose(-2, -1)  # the smaller side makes the smaller product
    for _ in range(steps):
        gram = x @ x.transpose(-2, -1)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.transpose(-2, -1)


class Muon(torch.optim.Optimizer):
    """Muon: Nesterov momentum, orthogonalized.

    Only for the matrices inside the blocks; embeddings, output heads and gains want `AdamW`.
    Matrices that are sharded over ranks are gathered for it, since orthogonalizing needs the
    whole. Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks".

    Args:
        parameters: Matrices.
        lr: Learning rate: how far each singular direction moves, times sqrt(rows / columns) for
            tall matrices.
        momentum: Decay rate of the running mean of the gradient.
        weight_decay: Share of a weight that is lost per unit of learning rate.
        dtype: In which the updates are orthogonalized; bfloat16 will do (Jordan et al., 2024).

    >>> weight = torch.nn.Parameter(torch.zeros(2, 2))
    >>> weight.grad = torch.tensor([[0.0, 9.0], [0.0, 0.0]])
    >>> Muon([weight], lr=0.1).step(); weight.detach().abs().max().item() > 0.05
    True
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)
        self.dtype = dtype

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient and is not frozen."""
        for group in self.param_groups:
            same_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.requires_grad and weight.grad is not None:
                    same_shape[weight.shape].append(weight)
            for shape, weights in same_shape.items():  # one stack: fewer, larger products
                momentum = [self._nesterov(weight, group["momentum"]) for weight in weights]
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                updates = orthogonalize(torch.stack(momentum).to(self.dtype)).to(weights[0].dtype)
                for weight, update in zip(weights, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.sub_(scale * shard_like(update, weight))

    def _nesterov(self, weight: Tensor, keep: float) -> Tensor:
        gradient, state = weight.grad, self.state[weight]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(gradient, 1 - keep)
        return full_tensor(gradient.lerp(state["momentum"], keep))
