"""The shape of a model, as data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Literal, cast, get_args

from scratchlm.errors import InputError, quote
from scratchlm.model.rope import RopeLayout, RopeScaling

FeedForwardKind = Literal["relu2", "swiglu", "relu", "gelu", "gelu_exact"]
NormKind = Literal["rms", "layer"]
NormPlacement = Literal["pre", "post", "sandwich", "reordered", "deepnorm"]
PositionKind = Literal["rope", "learned", "sinusoidal", "alibi", "none"]
NormSpan = Literal["head", "all"]
BiasKind = Literal["none", "qkv", "all"]
Initialization = Literal["zero_residual", "gpt2", "xavier"]

SIZES: dict[str, tuple[int, int, int]] = {  # name: (d_model, n_layers, n_heads)
    "mini": (64, 4, 2),
    "small": (128, 4, 4),
    "base": (160, 5, 5),
    "medium": (256, 6, 8),
}
CHOICES = {
    "feed_forward": get_args(FeedForwardKind),
    "norm": get_args(NormKind),
    "norm_placement": get_args(NormPlacement),
    "positions": get_args(PositionKind),
    "rope_layout": get_args(RopeLayout),
    "qk_norm_span": get_args(NormSpan),
    "bias": get_args(BiasKind),
    "initialization": get_args(Initialization),
}
# Past these goes no published model, but many a damaged file: they are refused before anything is
# allocated.
LARGEST = {
    "vocab_size": 2**24,
    "max_seq_len": 2**24,
    "d_model": 2**17,
    "n_layers": 2**10,
    "n_heads": 2**12,
    "n_kv_heads": 2**12,
    "head_dim": 2**14,
    "d_ff": 2**20,
    "n_experts": 2**12,
    "experts_per_token": 2**12,
}
# What stands for a zero.
DERIVED: dict[str, Callable[["ModelConfig"], int]] = {
    "n_kv_heads": lambda config: config.n_heads,
    "head_dim": lambda config: config.d_model // config.n_heads,
    "d_ff": lambda config: (
        8 * config.d_model // 3 if config.feed_forward == "swiglu" else 4 * config.d_model
    ),
}


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides which tensors a model has and how they are used.

    Attributes:
        vocab_size: Number of token ids.
        max_seq_len: Longest sequence that the model reads, in tokens (the context length).
        d_model: Width of the residual stream: numbers that describe a position between blocks.
        n_layers: Number of blocks.
        n_heads: Attention heads in a block; they share `d_model` evenly, unless `head_dim` says
            otherwise.
        feed_forward: ``relu2`` is a squared ReLU, with `d_ff` of four times `d_model`, as are
            ``relu``, ``gelu`` (by GPT-2's formula with a tanh) and ``gelu_exact``; ``swiglu`` is
            gated, and as large (8/3 times, three matrices).
        tie_embeddings: One matrix is both the token embedding and the output head.
        rope_theta: Base of the rotary wavelengths.
        n_kv_heads: Heads of keys and values, which groups of query heads share (grouped-query
            attention); 0: as many as `n_heads` (multi-head attention).
        head_dim: Numbers in a head; 0: `d_model` / `n_heads`.
        d_ff: Width of the feed-forward layer's hidden layer; 0: as `feed_forward` has it.
        norm: ``rms``, or ``layer``, which also subtracts the mean.
        norm_epsilon: Added to the variance under the root.
        norm_placement: Where the norms stand in a block (``reordered`` is OLMo 2's).
        positions: How the model learns where a token stands.
        bias: Which linear layers have a bias: none, those of queries, keys and values, or all but
            the head.
        qk_norm: Queries and keys are normalized.
        qk_norm_span: Each head by itself, or all heads of a position together.
        embedding_norm: The embedding is normalized before the first block.
        rope_scaling: How rotary positions are scaled for a longer context; None: not at all.
        rope_layout: Which numbers of a head rotate together: ``half`` takes the first with the
            middle one and so on, ``interleaved`` takes neighbors.
        sliding_window: Most positions that a position attends to, itself among them; None:
            all.
        full_attention_layers: Layers, from 0, that attend to all positions in spite of the window.
        attn_logit_softcap: Attention scores are kept between minus and plus this; None: they
            are not.
        attention_sinks: Each head has a learned score that takes weight and gives nothing.
        n_experts: Feed-forward layers beside each other in a block (a mixture of experts), among
            which a router chooses for each token; 0: a single one, and no router.
        experts_per_token: How many of them a token goes through; at least two.
        initialization: How the weights are drawn.

    Zeros of `n_kv_heads`, `head_dim` and `d_ff` are replaced by what they stand for.

    >>> ModelConfig.named("small", vocab_size=512, max_seq_len=128).head_dim
    32
    """

    vocab_size: int
    max_seq_len: int
    d_model: int
    n_layers: int
    n_heads: int
    feed_forward: FeedForwardKind = "relu2"
    tie_embeddings: bool = True
    rope_theta: float = 10_000.0
    n_kv_heads: int = 0
    head_dim: int = 0
    d_ff: int = 0
    norm: NormKind = "rms"
    norm_epsilon: float = 1e-6
    norm_placement: NormPlacement = "pre"
    positions: PositionKind = "rope"
    bias: BiasKind = "none"
    qk_norm: bool = True
    qk_norm_span: NormSpan = "head"
    embedding_norm: bool = True
    rope_scaling: RopeScaling | None = None
    rope_layout: RopeLayout = "half"
    sliding_window: int | None = None
    full_attention_layers: tuple[int, ...] = ()
    attn_logit_softcap: float | None = None
    attention_sinks: bool = False
    n_experts: int = 0
    experts_per_token: int = 2
    initialization: Initialization = "zero_residual"

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_choices()
        derived = {name for name in DERIVED if getattr(self, name) == 0}
        if "head_dim" in derived and self.d_model % self.n_heads:
            raise InputError(
                f"model: expected n_heads that share d_model evenly, found {self.n_heads} heads "
                f"for {self.d_model} numbers; choose a d_model that is a multiple of {self.n_heads}"
            )
        for name in derived:
            object.__setattr__(self, name, DERIVED[name](self))
        if self.positions == "rope" and self.head_dim % 2:
            raise InputError(
                f"model: expected an even head_dim for rotary positions, found {self.head_dim}; "
                f"choose a d_model that is a multiple of {2 * self.n_heads}"
            )
        if self.n_heads % self.n_kv_heads:
            raise InputError(
                f"model: expected n_kv_heads that {self.n_heads} query heads share evenly, found "
                f"{self.n_kv_heads}; choose a divisor of {self.n_heads}"
            )
        if not set(self.full_attention_layers) <= set(range(self.n_layers)):
            raise InputError(
                f"model: expected full_attention_layers between 0 and {self.n_layers - 1}, found "
                f"{quote(self.full_attention_layers)}"
            )
        if self.n_experts and not 2 <= self.experts_per_token <= self.n_experts:
            raise InputError(  # the weight of a single one is always one: its router learns nothing
                f"model: expected 2 to {self.n_experts} experts_per_token, found "
                f"{self.experts_per_token}"
            )

    def _check_numbers(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, most in LARGEST.items():
            found, least = getattr(self, name), int(name not in (*DERIVED, "n_experts"))
            if not least <= found <= most:
                raise InputError(f"model: expected {name} from {least} to {most:,}, found {found}")
        for name in ("sliding_window", "attn_logit_softcap"):
            found = getattr(self, name)
            if found is not None and not 0 < found < inf:
                raise InputError(f"model: expected {name} above 0, or None, found {found}")
        if not 1 < self.rope_theta < inf:
            raise InputError(f"model: expected rope_theta above 1, found {self.rope_theta}")
        if not 0 <= self.norm_epsilon < inf:
            raise InputError(f"model: expected norm_epsilon from 0 on, found {self.norm_epsilon}")

    def _check_choices(self) -> None:
        """Refuse names that mean nothing."""
        for name, known in CHOICES.items():
            if (found := getattr(self, name)) not in known:
                raise InputError(
                    f"model: expected {' or '.join(known)} as {name}, found {quote(found)}"
                )

    def replace(self, **changes: object) -> "ModelConfig":
        """Change some fields; `n_kv_heads`, `head_dim` and `d_ff`, where usual, stay usual.

        >>> config = ModelConfig(9, 8, d_model=12, n_layers=1, n_heads=2)
        >>> config.replace(feed_forward="swiglu").d_ff, replace(config, feed_forward="swiglu").d_ff
        (32, 48)
        """
        usual = {name: 0 for name, rule in DERIVED.items() if getattr(self, name) == rule(self)}
        return replace(self, **cast(dict[str, Any], usual | changes))

    @property
    def windows(self) -> tuple[int | None, ...]:
        """The sliding window of each layer.

        >>> ModelConfig(9, 8, 4, 3, 1, sliding_window=2, full_attention_layers=(1,)).windows
        (2, None, 2)
        """
        return tuple(
            None if layer in self.full_attention_layers else self.sliding_window
            for layer in range(self.n_layers)
        )

    @property
    def qk_norm_widths(self) -> tuple[int, int]:
        """How many gains the norms of queries and of keys have."""
        if self.qk_norm_span == "head":
            return self.head_dim, self.head_dim
        return self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim

    @classmethod
    def named(
        cls,
        size: str,
        *,
        vocab_size: int,
        max_seq_len: int,
        feed_forward: FeedForwardKind = "relu2",
        tie_embeddings: bool = True,
    ) -> "ModelConfig":
        """Return one of the sizes that the book uses.

        Args:
            size: A key of `SIZES`.
            vocab_size: Number of token ids.
            max_seq_len: Longest sequence, in tokens.
            feed_forward: See the class.
            tie_embeddings: See the class.

        Raises:
            InputError: There is no such size.

        >>> ModelConfig.named("mini", vocab_size=256, max_seq_len=64).n_layers
        4
        """
        if size not in SIZES:
            raise InputError(
                f"model: expected one of {', '.join(SIZES)} as the size, found {size!r}"
            )
        return cls(vocab_size, max_seq_len, *SIZES[size], feed_forward, tie_embeddings)

    @classmethod
    def gpt2(
        cls,
        *,
        vocab_size: int = 50_257,
        max_seq_len: int = 1024,
        d_model: int = 768,
        n_layers: int = 12,
    ) -> "ModelConfig":
        """Return the shape of GPT-2: by default its smallest, with 124 million parameters.

        Source: Radford et al. (2019), section 2.3 and table 2.

        >>> ModelConfig.gpt2().n_heads
        12
        """
        return cls(
            vocab_size,
            max_seq_len,
            d_model,
            n_layers,
            n_heads=d_model // 64,
            feed_forward="gelu",
            norm="layer",
            norm_epsilon=1e-5,
            positions="learned",
            bias="all",
            qk_norm=False,
            embedding_norm=False,
            initialization="gpt2",
        )
