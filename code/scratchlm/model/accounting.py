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
        attention: Matrices and biases of attention, in all blocks.
        feed_forward: Those of the feed-forward layers.
        norms: Gains and biases of all norms.
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

    >>> block_matrices(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))
    BlockMatrices(attention=64, expert=128, router=0, expert_constants=0)
    """
    own, shared = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    ups = 2 if config.feed_forward == "swiglu" else 1
    constants = ups * config.d_ff + config.d_model
    return BlockMatrices(
        attention=config.d_model * (2 * own + 2 * shared),
        expert=(ups + 1) * config.d_model * config.d_ff,
        router=config.n_experts * config.d_model,
        expert_constants=constants if config.bias == "all" else 0,
    )


def count_parameters(config: ModelConfig) -> Parameters:
    """Count the numbers that training may change, part by part.

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> count_parameters(config).total
    248
    """
    width, matrices = config.d_model, block_matrices(config)
    own, shared = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    constants = {"none": 0, "qkv": own + 2 * shared, "all": own + 2 * shared + width}[config.bias]
    sinks = config.n_heads if config.attention_sinks else 0
    norm = width if config.norm == "rms" else 2 * width
    places = 4 if config.norm_placement == "sandwich" else 2
    last = 0 if config.norm_placement in ("post", "deepnorm") else norm
    heads = sum(config.qk_norm_widths) if config.qk_norm else 0
    positions = config.max_seq_len if config.positions == "learned" else 0
    experts = max(config.n_experts, 1) * (matrices.expert + matrices.expert_constants)
    return Parameters(
        embeddings=(config.vocab_size + positions) * width,
        attention=config.n_layers * (matrices.attention + constants + sinks),
        feed_forward=config.n_layers * (experts + matrices.router),
        norms=config.n_layers * (places * norm + heads) + last,
        head=0 if config.tie_embeddings else config.vocab_size * width,
    )


def count_active_parameters(config: ModelConfig) -> int:
    """Count the parameters that one token meets: of the experts, only those it is sent through.

    >>> config = ModelConfig(9, 8, 4, n_layers=1, n_heads=1, n_experts=8, experts_per_token=2)
    >>> count_parameters(config).total - count_active_parameters(config)  # six of 128
    768
    """
    matrices, total = block_matrices(config), count_parameters(config).total
    idle = (
        config.n_layers * (config.n_experts - config.experts_per_token) if config.n_experts else 0
    )
    return total - idle * (matrices.expert + matrices.expert_constants)


@dataclass(frozen=True)
class Flops:
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


def count_flops(config: ModelConfig, batch_size: int, seq_len: int) -> Flops:
    """Count the operations of the matrix products in a forward pass (FLOPs).

    A product of matrices of a × b and b × c has 2abc of them. Scores are counted in full, as if
    positions looked ahead, too. The embedding is a lookup and costs none. Source: Kaplan et al.
    (2020), "Scaling Laws for Neural Language Models", table 1.

    Args:
        config: Of the model.
        batch_size: Sequences in the batch (batch size).
        seq_len: Tokens in a sequence (sequence length).

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> count_flops(config, batch_size=1, seq_len=8).forward
    4672
    """
    matrices, tokens = block_matrices(config), batch_size * seq_len
    used = (config.experts_per_token if config.n_experts else 1) * matrices.expert + matrices.router
    return Flops(
        attention=2 * tokens * config.n_layers * matrices.attention,
        scores=4 * tokens * seq_len * config.n_layers * config.n_heads * config.head_dim,
        feed_forward=2 * tokens * config.n_layers * used,
        head=2 * tokens * config.vocab_size * config.d_model,
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
    experts = max(config.n_experts, 1) * matrices.expert
    inner = config.n_layers * (matrices.attention + experts + matrices.router)
    of_inner, of_rest = OPTIMIZER_STATE[optimizer]
    places = sum(min(window or config.max_seq_len, config.max_seq_len) for window in config.windows)
    return Memory(
        weights=bytes_per_number * total,
        gradients=bytes_per_number * total,
        optimizer=4 * (of_inner * inner + of_rest * (total - inner)),
        cache=bytes_per_number * 2 * places * config.n_kv_heads * config.head_dim,
    )
