"""Positional encodings: how a model learns where its tokens stand."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.config import ModelConfig
from scratchlm.model.rope import rope_angles, yarn_attention_factor

TABLE = 1024  # positions that a table of sines is first made for


class Positions(nn.Module):
    """No positional encoding: only what a token may attend to tells the order.

    The other schemes change one of the three methods. Source: Haviv et al. (2022), "Transformer
    Language Models without Positional Encodings Still Learn Positional Information".

    >>> x = torch.ones(1, 3, 4)
    >>> Positions().embed(x, torch.arange(3)) is x
    True
    """

    def embed(
        self,
        x: Float[Tensor, "batch seq_len d_model"],
        position_ids: Int[Tensor, "*batch seq_len"],
    ) -> Float[Tensor, "batch seq_len d_model"]:
        """Add to the token embeddings, which stand at these positions."""
        return x

    def rotary(
        self, position_ids: Int[Tensor, "*batch seq_len"]
    ) -> (
        tuple[Float[Tensor, "*batch seq_len 1 half"], Float[Tensor, "*batch seq_len 1 half"]] | None
    ):
        """Cosines and sines by which queries and keys are rotated, the same for all heads."""
        return None

    def slopes(self, device: torch.device) -> Float[Tensor, "n_heads"] | None:
        """By how much each head lowers a score for each position of distance."""
        return None


class LearnedPositions(Positions):
    """Learned absolute positions: a vector for each, trained like those of the tokens.

    Source: Gehring et al. (2017), "Convolutional Sequence to Sequence Learning", section 3.1.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> LearnedPositions(config).weight.shape
    torch.Size([8, 4])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(config.max_seq_len, config.d_model))

    def embed(
        self,
        x: Float[Tensor, "batch seq_len d_model"],
        position_ids: Int[Tensor, "*batch seq_len"],
    ) -> Float[Tensor, "batch seq_len d_model"]:
        """Add the vectors of the positions."""
        return x + F.embedding(position_ids, self.weight)


class SineTable(Positions):
    """Cosines and sines of rotation angles, computed in float64 for as many positions as needed.

    The table is no buffer: it is made anew wherever the model is, however the model was made.
    """

    def __init__(self, config: ModelConfig, dim: int) -> None:
        super().__init__()
        self.config, self.dim = config, dim
        self._table = self._make(min(config.max_seq_len, TABLE))

    def _make(self, positions: int) -> tuple[Tensor, Tensor]:
        with torch.device("cpu"):  # also where the model is made on another, or on none ("meta")
            angles = rope_angles(
                torch.arange(positions),
                self.dim,
                self.config.rope_theta,
                self.config.rope_scaling,
            )
        # A product of a query and a key has the square of the factor.
        factor = yarn_attention_factor(self.config.rope_scaling)
        return (factor * angles.cos()).float(), (factor * angles.sin()).float()

    def at(self, position_ids: Int[Tensor, "*batch seq_len"]) -> tuple[Tensor, Tensor]:
        """Cosines and sines of some positions, on their device."""
        device, have = position_ids.device, len(self._table[0])
        if have < self.config.max_seq_len:
            compiling = torch.compiler.is_compiling()  # looking would cut the graph in two
            end = self.config.max_seq_len if compiling else int(position_ids.max()) + 1
        else:
            end = have
        if have < end:
            self._table = self._make(min(max(end, 2 * have), self.config.max_seq_len))
        if self._table[0].device != device:
            cos, sin = self._table
            self._table = cos.to(device), sin.to(device)
        return self._table[0][position_ids], self._table[1][position_ids]


class SinusoidalPositions(SineTable):
    """Sinusoidal positions: fixed vectors of sines and cosines, from fast to slow.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.5.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> SinusoidalPositions(config).embed(torch.zeros(1, 1, 4), torch.tensor([0]))
    tensor([[[0., 1., 0., 1.]]])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, config.d_model)

    def embed(
        self,
        x: Float[Tensor, "batch seq_len d_model"],
        position_ids: Int[Tensor, "*batch seq_len"],
    ) -> Float[Tensor, "batch seq_len d_model"]:
        """Add the vectors of the positions."""
        cos, sin = self.at(position_ids)
        both = torch.stack((sin, cos), dim=-1).flatten(-2)
        return x + both[..., : x.shape[-1]].to(x.dtype)


class RotaryPositions(SineTable):
    """Rotary positions (RoPE): queries and keys are rotated, so their product knows the distance.

    Source: Su et al. (2021), "RoFormer", section 3.2.2.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> RotaryPositions(config).rotary(torch.arange(3))[0].shape
    torch.Size([3, 1, 2])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config, config.head_dim)

    def rotary(
        self, position_ids: Int[Tensor, "*batch seq_len"]
    ) -> tuple[Float[Tensor, "*batch seq_len 1 half"], Float[Tensor, "*batch seq_len 1 half"]]:
        """Cosines and sines by which queries and keys are rotated, the same for all heads."""
        cos, sin = self.at(position_ids)
        return cos[..., None, :], sin[..., None, :]


class LinearBias(Positions):
    """Attention with linear biases (ALiBi): each head lowers a score with the distance.

    Source: Press et al. (2022), "Train Short, Test Long", section 3.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=2)
    >>> LinearBias(config).slopes(torch.device("cpu"))
    tensor([0.0625, 0.0039])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads

    def slopes(self, device: torch.device) -> Float[Tensor, "n_heads"]:
        """By how much each head lowers a score for each position of distance."""
        return 2.0 ** (-8 * (torch.arange(1, self.n_heads + 1, device=device) / self.n_heads))


KINDS: dict[str, type[LearnedPositions | SinusoidalPositions | RotaryPositions | LinearBias]] = {
    "learned": LearnedPositions,
    "sinusoidal": SinusoidalPositions,
    "rope": RotaryPositions,
    "alibi": LinearBias,
}


def make_positions(config: ModelConfig) -> Positions:
    """Return the scheme that the configuration names.

    >>> type(make_positions(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))).__name__
    'RotaryPositions'
    """
    return Positions() if config.positions == "none" else KINDS[config.positions](config)
