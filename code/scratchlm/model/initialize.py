"""Drawing new weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from scratchlm.model.config import ModelConfig

TO_THE_STREAM = ("o_proj.weight", "down_proj.weight")  # what they write is added to the stream
DEEPNORM = ("v_proj.weight", "o_proj.weight", "up_proj.weight", "down_proj.weight")


@torch.no_grad()
def initialize(model: nn.Module, config: ModelConfig, seed: int) -> None:
    """Draw new weights, in the order in which the model names them.

    Gains start at one and biases at zero. ``zero_residual`` gives matrices the variance
    1 / fan-in, but zero to those that write to the residual stream, so each block begins as the
    identity (Goyal et al., 2017, section 5.1, do so with gains), and zero to an untied head: the
    first prediction is uniform. ``gpt2`` gives all the standard deviation 0.02, and less to those
    that write to the stream (Radford et al., 2019, section 2.3). ``xavier`` gives the variance
    2 / (fan-in + fan-out) (Glorot and Bengio, 2010, eq. 16).

    Args:
        model: Whose weights.
        config: Of the model.
        seed: Decides the draws.

    >>> layer = nn.Linear(2, 2)
    >>> initialize(layer, ModelConfig(9, 8, d_model=2, n_layers=1, n_heads=1), seed=0)
    >>> layer.bias.tolist()
    [0.0, 0.0]
    """
    generator = torch.Generator().manual_seed(seed)
    standard_deviation = STANDARD_DEVIATIONS[config.initialization]
    for name, weight in model.named_parameters():
        if weight.is_meta:
            continue
        if weight.ndim == 1:
            weight.fill_(0.0 if name.endswith(("bias", "sinks")) else 1.0)
        elif (spread := standard_deviation(name, weight, config)) == 0:
            weight.zero_()
        else:
            # Drawn on the processor: the same weights on every device.
            draws = torch.empty(weight.shape, device="cpu")
            weight.copy_(draws.normal_(0.0, spread, generator=generator))
        if config.norm_placement == "deepnorm" and name.endswith(DEEPNORM):
            weight.mul_((8 * config.n_layers) ** -0.25)  # Wang et al. (2022), table 2


def _zero(name: str, weight: Tensor, config: ModelConfig) -> float:
    if name.endswith((*TO_THE_STREAM, "lm_head.weight")):
        return 0.0
    if name.endswith(("embed_tokens.weight", "positions.weight")):
        # Tied, this matrix also makes the logits, which should start small.
        return 0.02 if config.tie_embeddings else 1.0
    return float(weight.shape[1] ** -0.5)


def _gpt2(name: str, weight: Tensor, config: ModelConfig) -> float:
    return 0.02 * ((2 * config.n_layers) ** -0.5 if name.endswith(TO_THE_STREAM) else 1.0)


def _xavier(name: str, weight: Tensor, config: ModelConfig) -> float:
    if name.endswith(("embed_tokens.weight", "positions.weight")):
        return float(config.d_model**-0.5)
    return float((2 / sum(weight.shape)) ** 0.5)


STANDARD_DEVIATIONS: dict[str, Callable[[str, Tensor, ModelConfig], float]] = {
    "zero_residual": _zero,
    "gpt2": _gpt2,
    "xavier": _xavier,
}
