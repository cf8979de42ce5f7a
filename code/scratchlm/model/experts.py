"""Many feed-forward layers beside each other, of which each token uses a few."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig
from scratchlm.model.feed_forward import MLP, SwiGLU

BIAS_RATE = 1e-3  # Wang et al. (2024), section 4.1


class MixtureOfExperts(nn.Module):
    """A router sends each token through its most probable experts, and mixes their outputs.

    The router's softmax over all experts gives each a probability; the chosen ones share out the
    weight among them (Shazeer et al., 2017, "Outrageously Large Neural Networks", section 2;
    Yang et al., 2025, "Qwen3 Technical Report", section 2).

    A bias for each expert is added to its probability for the choice, not for the weight, so the
    loss knows nothing of it; `update_expert_bias` lowers it after each step for experts that got
    too many tokens, and raises it for others (Wang et al., 2024, "Auxiliary-Loss-Free Load
    Balancing Strategy for Mixture-of-Experts", algorithm 1).

    Compiled whole, it needs ``torch._dynamo.config.capture_dynamic_output_shape_ops``, since how
    many tokens an expert gets is known only then.

    >>> config = ModelConfig(9, 8, 4, n_layers=2, n_heads=1, n_experts=3, experts_per_token=2)
    >>> MixtureOfExperts(config)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 4])
    """

    expert_bias: Tensor
    tokens_per_expert: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        kind = SwiGLU if config.feed_forward == "swiglu" else MLP
        self.experts_per_token = config.experts_per_token
        self.counting = True  # not while activations are recomputed
        self.gate = nn.Linear(config.d_model, config.n_experts, bias=False)
        self.experts = nn.ModuleList(kind(config) for _ in range(config.n_experts))
        self.register_buffer("expert_bias", torch.zeros(config.n_experts))
        self.register_buffer("tokens_per_expert", torch.zeros(config.n_experts), persistent=False)

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Send each vector through the experts that it is given to."""
        tokens = x.flatten(0, -2)
        chosen, weights = self.route(tokens)
        output = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, places = (chosen == number).nonzero(as_tuple=True)
            given = weights[rows, places, None] * expert(tokens[rows])
            output = output.index_add(0, rows, given.to(output.dtype))
        return output.reshape(x.shape)

    def route(
        self, tokens: Float[Tensor, "tokens d_model"]
    ) -> tuple[Int[Tensor, "tokens experts_per_token"], Float[Tensor, "tokens experts_per_token"]]:
        """Choose the experts of each token.

        Returns:
            Their numbers, and the weights of their outputs, which add up to one.
        """
        wide = torch.promote_types(tokens.dtype, torch.float32)
        probs = self.gate(tokens).softmax(dim=-1, dtype=wide)
        chosen = (probs + self.expert_bias).topk(self.experts_per_token, dim=-1).indices
        if self.training and self.counting:
            ones = torch.ones_like(chosen.flatten(), dtype=self.tokens_per_expert.dtype)
            self.tokens_per_expert.index_add_(0, chosen.flatten(), ones)
        weights = probs.gather(-1, chosen)
        return chosen, weights / weights.sum(dim=-1, keepdim=True)

    def update_expert_bias(self, rate: float = BIAS_RATE) -> Float[Tensor, "experts"]:
        """Move each bias against the load since the last call, and begin to count again.

        Args:
            rate: By how much, in probability.

        Returns:
            The share of the choices that each expert had.
        """
        load = self.tokens_per_expert.clone()
        self.tokens_per_expert.zero_()
        self.expert_bias -= rate * (load - load.mean()).sign()
        return load / load.sum().clamp(min=1)


def update_expert_bias(model: nn.Module, rate: float = BIAS_RATE) -> None:
    """Balance the load of the experts in all layers of a model, if it has any.

    >>> update_expert_bias(nn.Linear(2, 2))
    """
    for module in model.modules():
        if isinstance(module, MixtureOfExperts):
            module.update_expert_bias(rate)
