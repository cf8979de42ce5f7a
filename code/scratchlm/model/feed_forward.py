"""The feed-forward layer: each position on its own thinks about what it heard."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.config import ModelConfig


def squared_relu(x: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """The positive part, squared. Source: So et al. (2021), "Primer", section 3.

    >>> import torch
    >>> squared_relu(torch.tensor([-2.0, 3.0]))
    tensor([0., 9.])
    """
    return F.relu(x).square()


def tanh_gelu(x: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """A ReLU with a soft corner, in the approximation that GPT-2 used.

    Source: Hendrycks and Gimpel (2016), "Gaussian Error Linear Units", section 2.

    >>> import torch
    >>> tanh_gelu(torch.tensor([-9.0, 0.0, 9.0])).abs()
    tensor([0., 0., 9.])
    """
    return F.gelu(x, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu2": squared_relu,
    "gelu": tanh_gelu,
    "gelu_exact": F.gelu,
}


class MLP(nn.Module):
    """The feed-forward network with one activation function: wider, the function, and back.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.3.

    >>> import torch
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> MLP(config)(torch.zeros(2, 4)).shape
    torch.Size([2, 4])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        bias = config.bias == "all"
        self.activation = ACTIVATIONS[config.feed_forward]
        self.up_proj = nn.Linear(config.d_model, config.d_ff, bias)
        self.down_proj = nn.Linear(config.d_ff, config.d_model, bias)

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Apply the layer to each vector."""
        return self.down_proj(self.activation(self.up_proj(x)))  # type: ignore[no-any-return]


class SwiGLU(nn.Module):
    """The gated feed-forward network: one projection times the SiLU of another, and back.

    Two thirds of the inner size, so that three matrices hold what two hold otherwise.
    Source: Shazeer (2020), "GLU Variants Improve Transformer", eq. 6.

    >>> import torch
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(9, 8, d_model=6, n_layers=2, n_heads=1, feed_forward="swiglu")
    >>> SwiGLU(config)(torch.zeros(2, 6)).shape
    torch.Size([2, 6])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        bias = config.bias == "all"
        self.gate_proj = nn.Linear(config.d_model, config.d_ff, bias)
        self.up_proj = nn.Linear(config.d_model, config.d_ff, bias)
        self.down_proj = nn.Linear(config.d_ff, config.d_model, bias)

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        """Apply the layer to each vector."""
        gated: Tensor = F.silu(self.gate_proj(x)) * self.up_proj(x)
        return self.down_proj(gated)  # type: ignore[no-any-return]


def feed_forward(config: ModelConfig) -> MLP | SwiGLU:
    """Return the feed-forward layer that the configuration names.

    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(9, 8, d_model=6, n_layers=2, n_heads=1, feed_forward="gelu")
    >>> feed_forward(config).activation.__name__
    'tanh_gelu'
    """
    return SwiGLU(config) if config.feed_forward == "swiglu" else MLP(config)
