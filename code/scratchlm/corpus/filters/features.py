"""A text as counts of its n-grams, hashed into a fixed number of buckets."""

import numpy as np
from jaxtyping import Float64, Int64

from scratchlm.corpus.ngrams import mix_bits, ngram_hashes

Bag = tuple[Int64[np.ndarray, "buckets"], Float64[np.ndarray, "buckets"]]

LOOK = 10_000  # characters: the beginning says enough, and a huge document costs no more


def character_bag(text: str, orders: tuple[int, ...], buckets: int) -> Bag:
    """Count n-grams of characters, in lower case and with every whitespace as one space.

    Args:
        text: Any text; its first `LOOK` characters are looked at.
        orders: Lengths of n-grams.
        buckets: How many numbers the n-grams are hashed to.

    Returns:
        The buckets that are not empty, in order, and how many n-grams each holds.

    >>> where, counts = character_bag("AaaA", (1, 2), 1 << 16)
    >>> sorted(counts.tolist())  # a and aa; the text stands between two spaces
    [1.0, 1.0, 2.0, 3.0, 4.0]
    """
    line = f" {' '.join(text[:LOOK].lower().split())} "
    points = np.frombuffer(line.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    hashes = []
    for n in orders:
        keys = np.full(max(0, len(points) - n + 1), n, dtype=np.uint64)
        for place in range(n):
            keys = mix_bits(keys + points[place : place + len(keys)])
        hashes.append(keys)
    return _count(np.concatenate(hashes), buckets)


def word_bag(text: str, orders: tuple[int, ...], buckets: int) -> Bag:
    """Count n-grams of words.

    Args:
        text: Any text; its first `LOOK` characters are looked at.
        orders: Numbers of words in an n-gram.
        buckets: How many numbers the n-grams are hashed to.

    Returns:
        The buckets that are not empty, in order, and how many n-grams each holds.

    >>> where, counts = word_bag("to be or not to be", (1, 2), 1 << 16)
    >>> sorted(counts.tolist())
    [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    """
    text = text[:LOOK]
    hashes = [block + np.uint64(n) for n in orders for block in ngram_hashes(text, n)]
    return _count(np.concatenate(hashes), buckets)


def _count(hashes: np.ndarray, buckets: int) -> Bag:
    where, counts = np.unique(hashes % np.uint64(buckets), return_counts=True)
    return where.astype(np.int64), counts.astype(np.float64)
