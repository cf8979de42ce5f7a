"""What a model costs: parameters, operations and memory, from its configuration alone."""

from dataclasses import dataclass

from scratchlm.model.config import ModelConfig

OPTIMIZER_STATE = {"adamw": 2, "muon": 1, "sgd": 0}  # numbers kept for each parameter


@dataclass(frozen=True)
class Parameters:
    """How many numbers each part of a model holds.

    Attributes:
        embeddings: Vectors of tokens and positions.
        attention: Matrices and constants of attention, in all blocks.
        feed_forward: Those of the feed-forward layers.
        norms: Gains and shifts of all norms.
        head: The matrix that scores tokens, where it is not that of the embeddings.

    >>> sum(vars(count_parameters(ModelConfig.gpt2())).values())
    124439808
    """

    embeddings: int
    attention: int
    feed_forward: int
    norms: int
    head: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(vars(self).values())


def count_parameters(config: ModelConfig) -> Parameters:
    """Count the numbers that training may change, part by part.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=1, heads=1)
    >>> count_parameters(config).total
    248
    """
    width, inner = config.width, config.inner_width
    own, shared = config.heads * config.head_width, config.shared_heads * config.head_width
    constants = {"none": 0, "qkv": own + 2 * shared, "all": own + 2 * shared + width}[config.bias]
    up = 2 if config.feed_forward == "swiglu" else 1
    outer = up * inner + width if config.bias == "all" else 0
    norm = width if config.norm == "rms" else 2 * width
    places = 4 if config.placement == "sandwich" else 2
    last = norm if config.placement in ("pre", "sandwich") else 0
    positions = config.context if config.positions == "learned" else 0
    return Parameters(
        embeddings=(config.vocab_size + positions) * width,
        attention=config.layers * (width * (2 * own + 2 * shared) + constants),
        feed_forward=config.layers * ((up + 1) * width * inner + outer),
        norms=config.layers * (places * norm + 2 * config.qk_norm * config.head_width) + last,
        head=0 if config.tie_embeddings else config.vocab_size * width,
    )


@dataclass(frozen=True)
class Operations:
    """Multiplications and additions that the matrix products of one forward pass need.

    Attributes:
        attention: Projections to queries, keys and values, and back.
        scores: Products of queries and keys, and of their weights and values.
        feed_forward: The feed-forward layers.
        head: Scoring every token of the vocabulary.
    """

    attention: int
    scores: int
    feed_forward: int
    head: int

    @property
    def forward(self) -> int:
        """The forward pass."""
        return sum(vars(self).values())

    @property
    def training(self) -> int:
        """Forward and backward: each product has two more, for either factor's gradient."""
        return 3 * self.forward


def count_operations(config: ModelConfig, rows: int, time: int) -> Operations:
    """Count the operations of the matrix products in a forward pass (FLOPs).

    A product of matrices of a × b and b × c has 2abc of them. Scores are counted in full, as if
    positions looked ahead, too. The embedding is a look-up and costs none. Source: Kaplan et al.
    (2020), "Scaling Laws for Neural Language Models", table 1.

    Args:
        config: Of the model.
        rows: Rows in the batch.
        time: Tokens in a row.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=1, heads=1)
    >>> count_operations(config, rows=1, time=8).forward
    4672
    """
    parts = count_parameters(config)
    matrices = 3 if config.feed_forward == "swiglu" else 2
    tokens, own = rows * time, config.heads * config.head_width
    shared = config.shared_heads * config.head_width
    return Operations(
        attention=2 * tokens * config.layers * config.width * (2 * own + 2 * shared),
        scores=4 * tokens * time * config.layers * own,
        feed_forward=2 * tokens * config.layers * matrices * config.width * config.inner_width,
        head=2 * tokens * (parts.head or config.vocab_size * config.width),
    )


@dataclass(frozen=True)
class Memory:
    """Bytes that a model needs beside its activations.

    Attributes:
        weights: The parameters.
        gradients: As many numbers again, while training.
        optimizer: What the optimizer keeps.
        cache: Keys and values of a full context for one row, while writing.
    """

    weights: int
    gradients: int
    optimizer: int
    cache: int


def count_memory(
    config: ModelConfig, *, bytes_per_number: int = 4, optimizer: str = "adamw"
) -> Memory:
    """Count the bytes of weights, gradients, optimizer state, and the cache of one row.

    Args:
        config: Of the model.
        bytes_per_number: 4 for float32, 2 for bfloat16; the optimizer's numbers have 4.
        optimizer: ``adamw`` keeps two numbers for each parameter, ``muon`` one, ``sgd`` none.

    >>> count_memory(ModelConfig.gpt2()).cache  # 2 · 12 layers · 1,024 positions · 768 · 4 bytes
    75497472
    """
    total = count_parameters(config).total
    shared = config.shared_heads * config.head_width
    return Memory(
        weights=bytes_per_number * total,
        gradients=bytes_per_number * total,
        optimizer=4 * OPTIMIZER_STATE[optimizer] * total,
        cache=bytes_per_number * 2 * config.layers * config.context * shared,
    )
