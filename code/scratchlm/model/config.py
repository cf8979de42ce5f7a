"""The shape of a model, as data."""

from dataclasses import dataclass
from typing import Literal

from scratchlm.errors import InputError

FeedForwardKind = Literal["relu2", "swiglu"]

SIZES: dict[str, tuple[int, int, int]] = {  # name: (width, layers, heads)
    "mini": (64, 4, 2),
    "small": (128, 4, 4),
    "base": (160, 5, 5),
    "medium": (256, 6, 8),
}


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides which tensors a model has and how they are used.

    Attributes:
        vocab_size: Number of token ids.
        context: Most tokens the model looks at in one row.
        width: Numbers that describe one position between the layers (d_model).
        layers: Blocks, one after the other.
        heads: Attention heads in a block; they share the width evenly.
        feed_forward: ``relu2`` is a squared ReLU, four widths inside; ``swiglu`` is gated, and as
            large (8/3 widths, three matrices).
        tie_embeddings: One matrix both reads tokens and scores them.
        rope_base: Wavelength ratio of the rotary positions.

    >>> ModelConfig.named("small", vocab_size=512, context=128).head_width
    32
    """

    vocab_size: int
    context: int
    width: int
    layers: int
    heads: int
    feed_forward: FeedForwardKind = "relu2"
    tie_embeddings: bool = True
    rope_base: float = 10_000.0

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise InputError(f"model: expected {name} of at least 1, found {self}")
        if self.width % self.heads or self.head_width % 2:
            raise InputError(
                f"model: expected heads of an even width, found {self.width} numbers for "
                f"{self.heads} heads; choose a width that is a multiple of {2 * self.heads}"
            )
        if self.feed_forward not in ("relu2", "swiglu"):
            raise InputError(
                f"model: expected relu2 or swiglu as feed_forward, found {self.feed_forward!r}"
            )

    @property
    def head_width(self) -> int:
        """Numbers that one attention head sees of a position."""
        return self.width // self.heads

    @classmethod
    def named(
        cls,
        size: str,
        *,
        vocab_size: int,
        context: int,
        feed_forward: FeedForwardKind = "relu2",
        tie_embeddings: bool = True,
    ) -> "ModelConfig":
        """Return one of the sizes that the book uses.

        Args:
            size: A key of `SIZES`.
            vocab_size: Number of token ids.
            context: Most tokens in one row.
            feed_forward: See the class.
            tie_embeddings: See the class.

        Raises:
            InputError: There is no such size.

        >>> ModelConfig.named("mini", vocab_size=256, context=64).layers
        4
        """
        if size not in SIZES:
            raise InputError(
                f"model: expected one of {', '.join(SIZES)} as the size, found {size!r}"
            )
        width, layers, heads = SIZES[size]
        return cls(vocab_size, context, width, layers, heads, feed_forward, tie_embeddings)
