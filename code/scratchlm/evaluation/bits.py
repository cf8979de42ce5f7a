"""Bits per byte: one unit for every model of text, whatever it reads letter by letter or not."""

import math
from collections.abc import Callable, Iterable

from scratchlm.errors import InputError


def bits_per_byte(nats: Callable[[str], float], texts: Iterable[str]) -> float:
    """Measure how many bits a model needs for a byte of text.

    A text counts the bytes of its UTF-8 form, so that models with different tokenizers (or none)
    can be compared (Gao et al., 2020, "The Pile", section 3.1). The end of a text is not charged.

    Args:
        nats: the model: minus the natural logarithm of the probability it gives to a text.
        texts: what the model has not been trained on.

    Returns:
        All bits over all bytes; 8.0 for a model that takes each of 256 byte values for equally
        likely.

    Raises:
        InputError: there is not a single byte.

    >>> bits_per_byte(lambda text: len(text.encode()) * math.log(256), ["Zoë", "🎉"])
    8.0
    """
    total, size = 0.0, 0
    for text in texts:
        total += nats(text)
        size += len(text.encode())
    if not size:
        raise InputError("bits_per_byte: expected at least one byte of text, found none")
    return total / math.log(2) / size


def perplexity(bits: float) -> float:
    """Turn bits per symbol into the number of equally likely choices that are as hard to guess.

    >>> perplexity(8.0)
    256.0
    """
    return float(2.0**bits)
