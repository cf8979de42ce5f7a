"""Many feed-forward layers beside each other, of which each token uses a few."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig
from scratchlm.model.feed_forward import MLP, SwiGLU

BALANCE_RATE = 1e-3  # Wang et al. (2024), section 4.1


class MixtureOfExperts(nn.Module):
    """A router sends each token through its likeliest experts, and mixes their answers.

    The router's softmax over all experts says how likely each is; the chosen ones share out the
    weight among them (Shazeer et al., 2017, "Outrageously Large Neural Networks", section 2;
    Yang et al., 2025, "Qwen3 Technical Report", section 2).

    An expert that is chosen too often gets a handicap, one that is chosen too seldom a start. It
    counts for the choice, not for the weight, so the loss knows nothing of it (Wang et al., 2024,
    "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts", algorithm 1). `balance`
    changes it after each step of training.

    >>> config = ModelConfig(9, 8, 4, n_layers=2, n_heads=1, n_experts=3, experts_per_token=2)
    >>> MixtureOfExperts(config)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 4])
    """

    handicap: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        kind = SwiGLU if config.feed_forward == "swiglu" else MLP
        self.active = config.experts_per_token
        self.gate = nn.Linear(config.d_model, config.n_experts, bias=False)
        self.experts = nn.ModuleList(kind(config) for _ in range(config.n_experts))
        self.register_buffer("handicap", torch.zeros(config.n_experts))
        self.load = torch.zeros(config.n_experts, device="cpu")

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Send each vector through the experts that it is given to."""
        tokens = x.flatten(0, -2)
        chosen, weights = self.route(tokens)
        answer = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, places = (chosen == number).nonzero(as_tuple=True)
            given = weights[rows, places, None] * expert(tokens[rows])
            answer = answer.index_add(0, rows, given.to(answer.dtype))
        return answer.reshape(x.shape)

    def route(
        self, tokens: Float[Tensor, "tokens d_model"]
    ) -> tuple[Int[Tensor, "tokens active"], Float[Tensor, "tokens active"]]:
        """Choose the experts of each token.

        Returns:
            Their numbers, and the weights of their answers, which add up to one.
        """
        wide = torch.promote_types(tokens.dtype, torch.float32)
        likely = self.gate(tokens).softmax(dim=-1, dtype=wide)
        chosen = (likely - self.handicap).topk(self.active, dim=-1).indices
        if self.training:
            self.load += torch.bincount(chosen.flatten(), minlength=len(self.load)).cpu()
        weights = likely.gather(-1, chosen)
        return chosen, weights / weights.sum(dim=-1, keepdim=True)

    def balance(self, rate: float = BALANCE_RATE) -> Float[Tensor, "experts"]:
        """Move each handicap against the load since the last call, and begin to count again.

        Args:
            rate: By how much, in probability.

        Returns:
            The share of the choices that each expert had.
        """
        load, self.load = self.load, torch.zeros_like(self.load)
        self.handicap += rate * (load - load.mean()).sign().to(self.handicap.device)
        return load / load.sum().clamp(min=1)


def balance(model: nn.Module, rate: float = BALANCE_RATE) -> None:
    """Balance the experts of all layers of a model, if it has any.

    >>> balance(nn.Linear(2, 2))
    """
    for module in model.modules():
        if isinstance(module, MixtureOfExperts):
            module.balance(rate)
