"""The feed-forward layer: each position on its own thinks about what it heard."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.config import ModelConfig


class SquaredReLU(nn.Module):
    """Four times as wide, the positive part squared, and back.

    Source: So et al. (2021), "Primer", section 3.

    >>> import torch
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=2, heads=1)
    >>> SquaredReLU(config)(torch.zeros(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up_proj = nn.Linear(config.width, 4 * config.width, bias=False)
        self.down_proj = nn.Linear(4 * config.width, config.width, bias=False)

    def forward(self, x: Float[Tensor, "*any width"]) -> Float[Tensor, "*any width"]:
        """Apply the layer to each vector."""
        return self.down_proj(F.relu(self.up_proj(x)).square())  # type: ignore[no-any-return]


class SwiGLU(nn.Module):
    """One projection, let through a gate that another one opens.

    Two thirds of the inner width, so that three matrices hold what two hold otherwise.
    Source: Shazeer (2020), "GLU Variants Improve Transformer", eq. 6.

    >>> import torch
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(vocab_size=9, context=8, width=6, layers=2, heads=1)
    >>> SwiGLU(config)(torch.zeros(2, 6)).shape
    torch.Size([2, 6])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = 8 * config.width // 3
        self.gate_proj = nn.Linear(config.width, inner, bias=False)
        self.up_proj = nn.Linear(config.width, inner, bias=False)
        self.down_proj = nn.Linear(inner, config.width, bias=False)

    def forward(self, x: Float[Tensor, "*any width"]) -> Float[Tensor, "*any width"]:
        """Apply the layer to each vector."""
        gated: Tensor = F.silu(self.gate_proj(x)) * self.up_proj(x)
        return self.down_proj(gated)  # type: ignore[no-any-return]


def feed_forward(config: ModelConfig) -> nn.Module:
    """Return the feed-forward layer that the configuration names.

    >>> import torch
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(vocab_size=9, context=8, width=6, layers=2, heads=1)
    >>> type(feed_forward(config)).__name__
    'SquaredReLU'
    """
    return SquaredReLU(config) if config.feed_forward == "relu2" else SwiGLU(config)
