"""From scores to a choice."""

from dataclasses import dataclass
from math import inf

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.errors import InputError


@dataclass(frozen=True)
class SamplingParams:
    """How daring the choice of the next token is.

    Attributes:
        temperature: Divides the logits: 0 always takes the likeliest token, 1 is the model's own
            guess, more is bolder.
        top_k: Only the k likeliest tokens may be chosen; 0 means all.
        top_p: Only the likeliest tokens that hold this share of the probability together may be
            chosen; 1 means all.

    >>> SamplingParams(temperature=0.8, top_p=0.95).top_k
    0
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < inf or self.top_k < 0 or not 0 < self.top_p <= 1:
            raise InputError(
                f"sampling: expected temperature >= 0, top_k >= 0 and 0 < top_p <= 1, found {self}"
            )


def sampling_probs(
    logits: Float[Tensor, "*batch vocab"], sampling: SamplingParams
) -> Float[Tensor, "*batch vocab"]:
    """Return the probabilities that a token is drawn from, in float64.

    First the temperature, then top-k, then top-p among what is left. The likeliest token always
    stays; equal scores are kept by the smaller id. Sources: Fan et al. (2018), "Hierarchical
    Neural Story Generation", section 5; Holtzman et al. (2020), "The Curious Case of Neural Text
    Degeneration", section 3.1.

    Args:
        logits: Logits of all tokens.
        sampling: What to keep.

    >>> logits = torch.tensor([0.5, 0.3, 0.2]).log()
    >>> sampling_probs(logits, SamplingParams(top_p=0.6))
    tensor([0.6250, 0.3750, 0.0000], dtype=torch.float64)
    """
    scores = logits.double()
    if sampling.temperature == 0:
        best = scores.argmax(dim=-1, keepdim=True)
        return torch.zeros_like(scores).scatter(-1, best, 1.0)
    scores, ids = (scores / sampling.temperature).sort(dim=-1, descending=True, stable=True)
    if 0 < sampling.top_k < scores.shape[-1]:
        scores[..., sampling.top_k :] = -torch.inf
    likely = torch.softmax(scores, dim=-1)
    if sampling.top_p < 1:
        before = likely.cumsum(dim=-1) - likely  # what the likelier tokens hold already
        likely = likely.masked_fill(before >= sampling.top_p, 0.0)
        likely /= likely.sum(dim=-1, keepdim=True)
    return torch.zeros_like(likely).scatter(-1, ids, likely)


def sample(
    logits: Float[Tensor, "batch vocab"], sampling: SamplingParams, generator: torch.Generator
) -> Int[Tensor, "batch"]:
    """Draw one token for each row.

    A uniform number is looked up in the running sum of the probabilities, in float64: rounding in
    the logits changes the choice only when the number falls next to a boundary, so the same seed
    gives the same text on other processors, nearly always.

    Args:
        logits: Of all tokens, a row each, on any device.
        sampling: How to choose.
        generator: Source of chance.

    >>> generator = torch.Generator().manual_seed(0)
    >>> sample(torch.tensor([[0.0, 9.0]]), SamplingParams(temperature=0.0), generator)
    tensor([1])
    """
    # Choosing is cheap, and not every device has a generator, or float64.
    ladder = sampling_probs(logits.to("cpu"), sampling).cumsum(dim=-1)
    chance = torch.rand(len(logits), 1, generator=generator, dtype=torch.float64)
    # Scaled by the last rung, which rounding leaves a hair off one.
    return torch.searchsorted(ladder, chance * ladder[:, -1:], right=True).squeeze(-1)
