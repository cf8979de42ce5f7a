"""What the backward pass needs from the forward pass, in numbers."""

from scratchlm.model.config import ModelConfig

KEPT_INSIDE = {"relu": 1, "relu2": 2, "gelu": 2, "swiglu": 4}  # times the inner width


def count_activations(config: ModelConfig, rows: int, time: int) -> int:
    """Count the bytes that a training step keeps between forward and backward, in float32.

    Each operation keeps what its gradient needs: a matrix product its input, a norm its input and
    one or two numbers a vector, the attention kernel its inputs, its output and one number a head
    and position; the loss keeps a number for each token of the vocabulary. Compare Korthikanti et
    al. (2022), "Reducing Activation Recomputation in Large Transformer Models", section 4.1, which
    counts a model with other layers.

    Args:
        config: Of the model.
        rows: Rows in the batch.
        time: Tokens in a row.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=1, heads=1)
    >>> count_activations(config, rows=1, time=8)
    3968
    """
    block = norms_kept(config) + attention_kept(config, time) + feed_forward_kept(config)
    # The tokens themselves, what the head reads, what the loss keeps, and the targets.
    ends = 2 + config.width + config.vocab_size + 2
    ends += config.width + 1 if config.embedding_norm else 0
    ends += norm_kept(config) if config.placement not in ("post", "deepnorm") else 0
    each_row = config.layers * block + ends
    return 4 * time * (rows * each_row + masks_kept(config, time))


def norm_kept(config: ModelConfig) -> int:
    """Numbers that a norm keeps for each token; what it gives is counted where it is read.

    >>> norm_kept(ModelConfig(9, 8, width=4, layers=1, heads=1))
    9
    """
    return 2 * config.width + 1 if config.norm == "rms" else config.width + 2


def norms_kept(config: ModelConfig) -> int:
    """Numbers that the norms of a block keep for each token, and what attention and MLP read.

    >>> norms_kept(ModelConfig(9, 8, width=4, layers=1, heads=1))
    26
    """
    places = 4 if config.placement == "sandwich" else 2
    return places * norm_kept(config) + 2 * config.width


def attention_kept(config: ModelConfig, time: int) -> int:
    """Numbers that attention keeps for each token of a row; it may keep scores of all pairs.

    >>> attention_kept(ModelConfig(9, 8, width=4, layers=1, heads=1), time=8)
    35
    """
    own, shared = config.heads * config.head_width, config.shared_heads * config.head_width
    by_head = config.qk_norm and config.qk_norm_span == "head"
    kept = 2 * own  # queries, and what the heads answer
    if config.qk_norm:
        vectors = config.heads + config.shared_heads if by_head else 2
        kept += 2 * own + 2 * shared + vectors
    if config.softcap is not None or config.sinks:  # keys and values are repeated, weights kept
        capped = config.heads * time if config.softcap is not None else 0
        return kept + 2 * own + config.heads * (time + config.sinks) + capped
    return kept + 2 * shared + config.heads


def masks_kept(config: ModelConfig, time: int) -> int:
    """Numbers that are kept once for all rows, for each position.

    >>> masks_kept(ModelConfig(9, 8, width=4, layers=3, heads=1, window=2), time=8)
    24
    """
    kept = 2 if config.positions == "learned" else 0
    written = config.softcap is not None or config.sinks
    if config.positions == "alibi":  # added to written scores, and forgotten
        return kept + (0 if written else config.heads * time * len(set(config.windows)))
    if written:
        return kept + config.layers * time // 4  # a byte for each pair
    narrow = [window for window in config.windows if window is not None and window < time]
    return kept + len(narrow) * time


def feed_forward_kept(config: ModelConfig) -> int:
    """Numbers that the feed-forward layer keeps for each token.

    >>> feed_forward_kept(ModelConfig(9, 8, width=4, layers=1, heads=1))
    32
    """
    inside = KEPT_INSIDE[config.feed_forward] * config.inner_width
    if config.experts == 0:
        return inside
    router = config.experts + 3 * config.active_experts + 1
    return router + config.active_experts * (inside + 3 * config.width + 5)
