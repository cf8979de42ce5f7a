"""What the backward pass needs from the forward pass, in numbers."""

from scratchlm.model.config import ModelConfig

KEPT_INSIDE = {
    "relu": 1,
    "relu2": 2,
    "gelu": 2,
    "gelu_exact": 2,
    "swiglu": 4,
}  # times the inner width


def count_activations(config: ModelConfig, batch_size: int, seq_len: int) -> int:
    """Count the bytes that a training step keeps between forward and backward, in float32.

    Each operation keeps what its gradient needs: a matrix product its input, a norm its input and
    one or two numbers a vector, the attention kernel its inputs, its output and one number a head
    and position; the loss keeps a number for each token of the vocabulary. Compare Korthikanti et
    al. (2022), "Reducing Activation Recomputation in Large Transformer Models", section 4.1, which
    counts a model with other layers.

    Args:
        config: Of the model.
        batch_size: Sequences in the batch (batch size).
        seq_len: Tokens in a sequence (sequence length).

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> count_activations(config, batch_size=1, seq_len=8)
    4096
    """
    block = norms_kept(config) + attention_kept(config, seq_len) + feed_forward_kept(config)
    # The tokens themselves, what the head reads, what the loss keeps, and the targets.
    ends = 2 + config.d_model + config.vocab_size + 2
    ends += config.d_model + 1 if config.embedding_norm else 0
    ends += norm_kept(config) if config.norm_placement not in ("post", "deepnorm") else 0
    each_row = config.n_layers * block + ends
    return 4 * seq_len * (batch_size * each_row + masks_kept(config, seq_len))


def norm_kept(config: ModelConfig) -> int:
    """Numbers that a norm keeps for each token; what it gives is counted where it is read.

    >>> norm_kept(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))
    9
    """
    return 2 * config.d_model + 1 if config.norm == "rms" else config.d_model + 2


def norms_kept(config: ModelConfig) -> int:
    """Numbers that the norms of a block keep for each token, and what attention and MLP read.

    >>> norms_kept(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))
    26
    """
    places = 4 if config.norm_placement == "sandwich" else 2
    return places * norm_kept(config) + 2 * config.d_model


def attention_kept(config: ModelConfig, seq_len: int) -> int:
    """Numbers that attention keeps for each token of a row; it may keep scores of all pairs.

    >>> attention_kept(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1), seq_len=8)
    35
    """
    own, shared = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    by_head = config.qk_norm and config.qk_norm_span == "head"
    kept = 2 * own  # queries, and what the heads answer
    if config.qk_norm:
        vectors = config.n_heads + config.n_kv_heads if by_head else 2
        kept += 2 * own + 2 * shared + vectors
    if (
        config.attn_logit_softcap is not None or config.attention_sinks
    ):  # keys and values are repeated, weights kept
        capped = config.n_heads * seq_len if config.attn_logit_softcap is not None else 0
        return kept + 2 * own + config.n_heads * (seq_len + config.attention_sinks) + capped
    return kept + 2 * shared + config.n_heads


def masks_kept(config: ModelConfig, seq_len: int) -> int:
    """Numbers that are kept once for all rows of a batch, for each position.

    >>> masks_kept(ModelConfig(9, 8, d_model=4, n_layers=3, n_heads=1, sliding_window=2), seq_len=8)
    28
    """
    kept = {"learned": 2, "rope": config.head_dim}.get(config.positions, 0)
    written = config.attn_logit_softcap is not None or config.attention_sinks
    if config.positions == "alibi":  # added to written scores, and forgotten
        return kept + (0 if written else config.n_heads * seq_len * len(set(config.windows)))
    if written:
        return kept + config.n_layers * seq_len // 4  # a byte for each pair
    narrow = [window for window in config.windows if window is not None and window < seq_len]
    return kept + len(narrow) * seq_len


def feed_forward_kept(config: ModelConfig) -> int:
    """Numbers that the feed-forward layer keeps for each token.

    >>> feed_forward_kept(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))
    32
    """
    inside = KEPT_INSIDE[config.feed_forward] * config.d_ff
    if config.n_experts == 0:
        return inside
    router = config.n_experts + 3 * config.experts_per_token + 1
    return router + config.experts_per_token * (inside + 3 * config.d_model + 5)
