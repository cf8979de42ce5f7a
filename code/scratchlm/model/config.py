"""The shape of a model, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scratchlm.errors import InputError
from scratchlm.model.rope import RopeLayout, RopeScaling

FeedForwardKind = Literal["relu2", "swiglu", "relu", "gelu"]
NormKind = Literal["rms", "layer"]
Placement = Literal["pre", "post", "sandwich", "answer", "deepnorm"]
PositionKind = Literal["rope", "learned", "sinusoidal", "alibi", "none"]
NormSpan = Literal["head", "all"]
BiasKind = Literal["none", "qkv", "all"]
Initialization = Literal["zero", "gpt2", "xavier"]

SIZES: dict[str, tuple[int, int, int]] = {  # name: (width, layers, heads)
    "mini": (64, 4, 2),
    "small": (128, 4, 4),
    "base": (160, 5, 5),
    "medium": (256, 6, 8),
}
CHOICES = {
    "feed_forward": get_args(FeedForwardKind),
    "norm": get_args(NormKind),
    "placement": get_args(Placement),
    "positions": get_args(PositionKind),
    "rope_layout": get_args(RopeLayout),
    "qk_norm_span": get_args(NormSpan),
    "bias": get_args(BiasKind),
    "initialization": get_args(Initialization),
}


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides which tensors a model has and how they are used.

    Attributes:
        vocab_size: Number of token ids.
        context: Most tokens the model looks at in one row.
        width: Numbers that describe one position between the layers (d_model).
        layers: Blocks, one after the other.
        heads: Attention heads in a block; they share the width evenly, unless `head_dim` says
            otherwise.
        feed_forward: ``relu2`` is a squared ReLU, four widths inside, as are ``relu`` and
            ``gelu``; ``swiglu`` is gated, and as large (8/3 widths, three matrices).
        tie_embeddings: One matrix both reads tokens and scores them.
        rope_base: Wavelength ratio of the rotary positions.
        kv_heads: Heads of keys and values, which groups of query heads share; None: no sharing.
        head_dim: Numbers in a head; None: the width divided by the heads.
        inner: Numbers inside the feed-forward layer; None: as its kind has it.
        norm: ``rms``, or ``layer``, which also takes out the mean.
        norm_epsilon: Added to the variance under the root.
        placement: Where the norms stand in a block.
        positions: How the model learns where a token stands.
        bias: Which matrices add a constant: none, those of queries, keys and values, or all but
            the head.
        qk_norm: Queries and keys are normed.
        qk_norm_span: Each head by itself, or all heads of a position together.
        embedding_norm: The embedding is normed before the first block.
        rope_scaling: How rotary positions are stretched; None: not at all.
        rope_layout: Which numbers of a head turn together: ``half`` takes the first with the
            middle one and so on, ``interleaved`` takes neighbors.
        window: Most positions that a position looks back at, itself among them; None: all.
        full_layers: Layers, from 0, that look at all positions in spite of the window.
        softcap: Scores are kept between minus and plus this; None: they are not.
        sinks: Each head has a learned score that takes weight and gives nothing.
        experts: Feed-forward layers beside each other in a block, among which a router chooses
            for each token; 0: a single one, and no router.
        active_experts: How many of them a token goes through; at least two.
        initialization: How the weights are drawn.

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
    kv_heads: int | None = None
    head_dim: int | None = None
    inner: int | None = None
    norm: NormKind = "rms"
    norm_epsilon: float = 1e-6
    placement: Placement = "pre"
    positions: PositionKind = "rope"
    bias: BiasKind = "none"
    qk_norm: bool = True
    qk_norm_span: NormSpan = "head"
    embedding_norm: bool = True
    rope_scaling: RopeScaling | None = None
    rope_layout: RopeLayout = "half"
    window: int | None = None
    full_layers: tuple[int, ...] = ()
    softcap: float | None = None
    sinks: bool = False
    experts: int = 0
    active_experts: int = 2
    initialization: Initialization = "zero"

    def __post_init__(self) -> None:
        self._check_choices()
        if self.head_dim is None and self.width % self.heads:
            raise InputError(
                f"model: expected heads that share the width evenly, found {self.width} numbers "
                f"for {self.heads} heads; choose a width that is a multiple of {self.heads}"
            )
        if self.positions == "rope" and self.head_width % 2:
            raise InputError(
                f"model: expected heads of an even width, found {self.width} numbers for "
                f"{self.heads} heads; choose a width that is a multiple of {2 * self.heads}"
            )
        if self.heads % self.shared_heads:
            raise InputError(
                f"model: expected key heads that {self.heads} query heads share evenly, found "
                f"{self.shared_heads}; choose a divisor of {self.heads}"
            )
        if not set(self.full_layers) <= set(range(self.layers)):
            raise InputError(
                f"model: expected full_layers between 0 and {self.layers - 1}, found "
                f"{self.full_layers}"
            )
        if self.experts and not 2 <= self.active_experts <= self.experts:
            raise InputError(  # the weight of a single one is always one: its router learns nothing
                f"model: expected 2 to {self.experts} active_experts, found {self.active_experts}"
            )

    def _check_choices(self) -> None:
        """Refuse numbers and names that mean nothing."""
        for name in ("vocab_size", "context", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise InputError(f"model: expected {name} of at least 1, found {self}")
        for name in ("kv_heads", "head_dim", "inner", "window"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"model: expected {name} of at least 1, or None, found {self}")
        if self.softcap is not None and self.softcap <= 0:
            raise InputError(f"model: expected a softcap above 0, or None, found {self}")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f"model: expected {' or '.join(known)} as {name}, found {getattr(self, name)!r}"
                )

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """Rebuild a configuration from its fields, as they stand beside saved weights.

        >>> from dataclasses import asdict
        >>> config = ModelConfig(9, 8, 4, 1, 1, rope_scaling=RopeScaling(2.0))
        >>> ModelConfig.read(asdict(config)) == config
        True
        """
        scaling = fields.get("rope_scaling")
        return cls(
            **{
                **fields,
                "rope_scaling": scaling and RopeScaling(**scaling),
                "full_layers": tuple(fields.get("full_layers", ())),
            }
        )

    @property
    def head_width(self) -> int:
        """Numbers that one attention head sees of a position."""
        return self.width // self.heads if self.head_dim is None else self.head_dim

    @property
    def shared_heads(self) -> int:
        """Heads of keys and values."""
        return self.heads if self.kv_heads is None else self.kv_heads

    @property
    def windows(self) -> tuple[int | None, ...]:
        """The window of each layer.

        >>> ModelConfig(9, 8, 4, 3, 1, window=2, full_layers=(1,)).windows
        (2, None, 2)
        """
        return tuple(
            None if layer in self.full_layers else self.window for layer in range(self.layers)
        )

    @property
    def qk_norm_widths(self) -> tuple[int, int]:
        """How many gains the norms of queries and of keys have."""
        if self.qk_norm_span == "head":
            return self.head_width, self.head_width
        return self.heads * self.head_width, self.shared_heads * self.head_width

    @property
    def inner_width(self) -> int:
        """Numbers inside the feed-forward layer."""
        if self.inner is not None:
            return self.inner
        return 8 * self.width // 3 if self.feed_forward == "swiglu" else 4 * self.width

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

    @classmethod
    def gpt2(
        cls, *, vocab_size: int = 50_257, context: int = 1024, width: int = 768, layers: int = 12
    ) -> "ModelConfig":
        """Return the shape of GPT-2: by default its smallest, with 124 million parameters.

        Source: Radford et al. (2019), section 2.3 and table 2.

        >>> ModelConfig.gpt2().heads
        12
        """
        return cls(
            vocab_size,
            context,
            width,
            layers,
            heads=width // 64,
            feed_forward="gelu",
            norm="layer",
            norm_epsilon=1e-5,
            positions="learned",
            bias="all",
            qk_norm=False,
            embedding_norm=False,
            initialization="gpt2",
        )
