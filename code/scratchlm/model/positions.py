"""How a model learns where its tokens stand."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.model.config import ModelConfig
from scratchlm.model.rope import TURNS, rotation_angles, sharpening


class Positions(nn.Module):
    """Nothing is said about positions: only what a token may look at tells the order.

    The other schemes change one of the three methods. Source: Haviv et al. (2022), "Transformer
    Language Models without Positional Encodings Still Learn Positional Information".

    >>> x = torch.ones(1, 3, 4)
    >>> Positions().embed(x, start=0) is x
    True
    """

    def embed(
        self,
        x: Float[Tensor, "batch new d_model"],
        start: int,
        padding: Int[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Add to the tokens' vectors, the first of which stand at ``start``, less the padding."""
        return x

    def rotate(
        self,
        query: Float[Tensor, "batch heads new head_dim"],
        key: Float[Tensor, "batch n_kv_heads new head_dim"],
        start: int,
    ) -> tuple[Tensor, Tensor]:
        """Turn queries and keys, the first of which stand at ``start``."""
        return query, key

    def bias(self, new: int, seen: int) -> Float[Tensor, "heads new seen"] | None:
        """What is added to the scores of the last ``new`` of ``seen`` positions."""
        return None


def places(
    x: Float[Tensor, "batch new d_model"], start: int, padding: Int[Tensor, "batch"] | None = None
) -> Int[Tensor, "*batch new"]:
    """Where the tokens of all rows, or of each row behind its padding, stand.

    >>> places(torch.zeros(2, 3, 4), start=1, padding=torch.tensor([0, 2]))
    tensor([[1, 2, 3],
            [0, 0, 1]])
    """
    at = torch.arange(start, start + x.shape[1], device=x.device)
    return at if padding is None else (at - padding[:, None]).clamp(min=0)


class LearnedPositions(Positions):
    """A vector for each position, learned like those of the tokens.

    Source: Gehring et al. (2017), "Convolutional Sequence to Sequence Learning", section 3.1.

    >>> config = ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1, positions="learned")
    >>> LearnedPositions(config).weight.shape
    torch.Size([8, 4])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(config.max_seq_len, config.d_model))

    def embed(
        self,
        x: Float[Tensor, "batch new d_model"],
        start: int,
        padding: Int[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Add the vectors of the positions."""
        return x + F.embedding(places(x, start, padding), self.weight)


class SinusoidalPositions(Positions):
    """Fixed vectors of sines and cosines, from fast to slow.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.5.

    >>> config = ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1, positions="sinusoidal")
    >>> SinusoidalPositions(config).table[0]
    tensor([0., 1., 0., 1.])
    """

    table: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        angles = rotation_angles(
            torch.arange(config.max_seq_len), config.d_model, config.rope_theta
        )
        table = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
        self.register_buffer("table", table[:, : config.d_model].float(), persistent=False)

    def embed(
        self,
        x: Float[Tensor, "batch new d_model"],
        start: int,
        padding: Int[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Add the vectors of the positions."""
        return x + self.table[places(x, start, padding)]


class RotaryPositions(Positions):
    """Queries and keys turn with their position, so their product knows the distance.

    Source: Su et al. (2021), "RoFormer", section 3.2.2.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> RotaryPositions(config).cos.shape
    torch.Size([8, 1, 2])
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        angles = rotation_angles(
            torch.arange(config.max_seq_len),
            config.head_dim,
            config.rope_theta,
            config.rope_scaling,
        )
        # A product of a query and a key has the square of it.
        angles = angles[:, None]  # the same for all heads
        length = sharpening(config.rope_scaling)
        self.register_buffer("cos", (length * angles.cos()).float(), persistent=False)
        self.register_buffer("sin", (length * angles.sin()).float(), persistent=False)
        self.turn = TURNS[config.rope_layout]

    def rotate(
        self,
        query: Float[Tensor, "batch heads new head_dim"],
        key: Float[Tensor, "batch n_kv_heads new head_dim"],
        start: int,
    ) -> tuple[Tensor, Tensor]:
        """Turn both by the angles of their positions."""
        end = start + query.shape[2]
        cos, sin = self.cos[start:end], self.sin[start:end]
        # Positions before heads, as the projections left them: the answer then needs no copy.
        query = self.turn(query.transpose(1, 2), cos, sin).transpose(1, 2)
        return query, self.turn(key.transpose(1, 2), cos, sin).transpose(1, 2)


class LinearBias(Positions):
    """Each head takes off a score in proportion to the distance; nothing is learned (ALiBi).

    Source: Press et al. (2022), "Train Short, Test Long", section 3.

    >>> config = ModelConfig(9, max_seq_len=8, d_model=4, n_layers=1, n_heads=2, positions="alibi")
    >>> LinearBias(config).bias(1, 3)
    tensor([[[-0.1250, -0.0625, -0.0000]],
    <BLANKLINE>
            [[-0.0078, -0.0039, -0.0000]]])
    """

    slopes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        steps = torch.arange(1, config.n_heads + 1) / config.n_heads
        self.register_buffer("slopes", 2.0 ** (-8 * steps), persistent=False)

    def bias(self, new: int, seen: int) -> Float[Tensor, "heads new seen"]:
        """Minus the slope times the distance; what lies ahead is for the mask to hide."""
        at = torch.arange(seen, device=self.slopes.device)
        distance = at[seen - new :, None] - at
        return -self.slopes[:, None, None] * distance


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
