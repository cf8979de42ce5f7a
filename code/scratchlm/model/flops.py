"""What a token costs in training, counted before anything runs."""

from scratchlm.model.config import ModelConfig


def training_flops(config: ModelConfig, time: int) -> int:
    """Floating-point operations for one token, forward and backward.

    Each weight of a matrix is multiplied and added once on the way forward, and twice on the way
    back: 6 operations. Attention compares a token with all `time` tokens of its row, and mixes
    them, without any weights (Chowdhery et al., 2022, appendix B). The matrix that scores the
    tokens counts; looking up an embedding does not, and neither do norms and softmax.

    Args:
        config: The model.
        time: Tokens in a row.

    >>> training_flops(ModelConfig(vocab_size=10, context=8, width=4, layers=1, heads=1), time=8)
    1776
    """
    block = 12 * config.width**2  # 4 for attention and 8 for the feed-forward network
    head = config.width * config.vocab_size
    attention = 2 * config.layers * config.width * time
    return 6 * (config.layers * block + head + attention)
