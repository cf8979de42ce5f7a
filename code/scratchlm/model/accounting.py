"""What a model costs: parameters, operations and memory, from its configuration alone."""

from dataclasses import dataclass

from scratchlm.model.config import ModelConfig

# Numbers kept for each parameter: of matrices inside the blocks, and of all others.
OPTIMIZER_STATE = {"adamw": (2, 2), "muon": (1, 2), "sgd": (0, 0)}


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


@dataclass(frozen=True)
class BlockMatrices:
    """How many numbers the matrices of one block hold.

    Attributes:
        attention: Projections to queries, keys and values, and back.
        expert: One feed-forward layer.
        router: What chooses among several of them.
        expert_constants: What one feed-forward layer adds, beside its matrices.
    """

    attention: int
    expert: int
    router: int
    expert_constants: int


def block_matrices(config: ModelConfig) -> BlockMatrices:
    """Count the numbers in the matrices of one block.

    >>> block_matrices(ModelConfig(9, 8, width=4, layers=1, heads=1))
    BlockMatrices(attention=64, expert=128, router=0, expert_constants=0)
    """
    own, shared = config.heads * config.head_width, config.shared_heads * config.head_width
    ups = 2 if config.feed_forward == "swiglu" else 1
    constants = ups * config.inner_width + config.width
    return BlockMatrices(
        attention=config.width * (2 * own + 2 * shared),
        expert=(ups + 1) * config.width * config.inner_width,
        router=config.experts * config.width,
        expert_constants=constants if config.bias == "all" else 0,
    )


def count_parameters(config: ModelConfig) -> Parameters:
    """Count the numbers that training may change, part by part.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=1, heads=1)
    >>> count_parameters(config).total
    248
    """
    width, matrices = config.width, block_matrices(config)
    own, shared = config.heads * config.head_width, config.shared_heads * config.head_width
    constants = {"none": 0, "qkv": own + 2 * shared, "all": own + 2 * shared + width}[config.bias]
    sinks = config.heads if config.sinks else 0
    norm = width if config.norm == "rms" else 2 * width
    places = 4 if config.placement == "sandwich" else 2
    last = 0 if config.placement in ("post", "deepnorm") else norm
    heads = sum(config.qk_norm_widths) if config.qk_norm else 0
    positions = config.context if config.positions == "learned" else 0
    experts = max(config.experts, 1) * (matrices.expert + matrices.expert_constants)
    return Parameters(
        embeddings=(config.vocab_size + positions) * width,
        attention=config.layers * (matrices.attention + constants + sinks),
        feed_forward=config.layers * (experts + matrices.router),
        norms=config.layers * (places * norm + heads) + last,
        head=0 if config.tie_embeddings else config.vocab_size * width,
    )


def count_active(config: ModelConfig) -> int:
    """Count the parameters that one token meets: of the experts, only those it is sent through.

    >>> config = ModelConfig(9, 8, width=4, layers=1, heads=1, experts=8, active_experts=2)
    >>> count_parameters(config).total - count_active(config)  # six experts of 128 numbers
    768
    """
    matrices, total = block_matrices(config), count_parameters(config).total
    idle = config.layers * (config.experts - config.active_experts) if config.experts else 0
    return total - idle * (matrices.expert + matrices.expert_constants)


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
    matrices, tokens = block_matrices(config), rows * time
    used = (config.active_experts if config.experts else 1) * matrices.expert + matrices.router
    return Operations(
        attention=2 * tokens * config.layers * matrices.attention,
        scores=4 * tokens * time * config.layers * config.heads * config.head_width,
        feed_forward=2 * tokens * config.layers * used,
        head=2 * tokens * config.vocab_size * config.width,
    )


@dataclass(frozen=True)
class Memory:
    """Bytes that a model needs beside its activations.

    Attributes:
        weights: The parameters.
        gradients: As many numbers again, while training.
        optimizer: What the optimizer keeps.
        cache: Keys and values of a full context for one row, while writing; layers with a window
            keep no more than that.
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
        optimizer: ``adamw`` keeps two numbers for each parameter, ``sgd`` none; ``muon`` keeps one
            for each in the blocks' matrices, and leaves the others to AdamW.

    >>> count_memory(ModelConfig.gpt2()).cache  # 2 · 12 layers · 1,024 positions · 768 · 4 bytes
    75497472
    """
    total, matrices = count_parameters(config).total, block_matrices(config)
    experts = max(config.experts, 1) * matrices.expert
    inner = config.layers * (matrices.attention + experts + matrices.router)
    of_inner, of_rest = OPTIMIZER_STATE[optimizer]
    places = sum(min(window or config.context, config.context) for window in config.windows)
    return Memory(
        weights=bytes_per_number * total,
        gradients=bytes_per_number * total,
        optimizer=4 * (of_inner * inner + of_rest * (total - inner)),
        cache=bytes_per_number * 2 * places * config.shared_heads * config.head_width,
    )
