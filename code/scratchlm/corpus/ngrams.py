"""All n-grams of words in a text as numbers, without a Python object for any of them.

Texts are compared by their words alone: lower case, with a single space between them. Every
n-gram is then a stretch of one byte string, and the hash of a stretch is a difference of two
prefix sums (Karp and Rabin, 1987): a few passes of numpy over the bytes, whatever n is.
"""

import re
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt64

WORD = re.compile(r"\w+")
SPACE = ord(" ")
BLOCK = 1 << 20  # characters at a time, so that a huge document needs little memory

# An odd base has an inverse modulo 2^64, in which numpy's integers count by themselves. Strings
# made to collide exist for any base; they do not occur by chance.
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)


def normalize(text: str) -> str:
    """Write down the words of a text in lower case, with a space between two of them.

    >>> normalize("The cat, the HAT!")
    'the cat the hat'
    """
    return " ".join(WORD.findall(text)).lower()


def ngram_hashes(text: str, n: int) -> Iterator[UInt64[np.ndarray, "ngrams"]]:
    """Hash every n-gram of words, in order; block by block.

    Args:
        text: Any text; only its words count. A text of fewer words than n is one n-gram.
        n: Words in an n-gram.

    Yields:
        A 64-bit number for each n-gram, equal for equal ones. Two different ones get the same
        number with a chance of about 2^-64.

    >>> first, second = [next(ngram_hashes(text, 2)) for text in ("A b c.", "a B d")]
    >>> (first == second).tolist()
    [True, False]
    """
    carried: list[str] = []
    hashed = False
    for piece in _pieces(text):
        words = carried + WORD.findall(piece)
        if len(words) >= n:
            hashed = True
            yield hash_stretches(" ".join(words).lower().encode(), n)
            words = words[len(words) - n + 1 :]
        carried = words
    if not hashed:
        yield hash_stretches(" ".join(carried).lower().encode(), max(1, len(carried)))


def hash_stretches(line: bytes, n: int) -> UInt64[np.ndarray, "ngrams"]:
    """Hash every stretch of n words of a line that has single spaces between its words.

    With the line's bytes b and the base p, the prefix sums are S(i) = b(0) + b(1) p + … +
    b(i-1) p^(i-1); the stretch from s to e has the hash (S(e) - S(s)) / p^s modulo 2^64. The
    bits are mixed at the end, since the lowest ones of the sum depend on the lowest ones alone.

    >>> len(hash_stretches(b"to be or not", 2))
    3
    """
    values = np.frombuffer(line, dtype=np.uint8)
    spaces = np.flatnonzero(values == SPACE)
    starts = np.concatenate([[0], spaces + 1])
    ends = np.append(spaces, len(values))
    sums = np.zeros(len(values) + 1, dtype=np.uint64)
    np.cumsum((values + np.uint64(1)) * _powers(BASE, len(values)), out=sums[1:])
    first, last = starts[: len(starts) - n + 1], ends[n - 1 :]
    return mix_bits((sums[last] - sums[first]) * _powers(INVERSE, len(values) + 1)[first])


def mix_bits(values: UInt64[np.ndarray, "*shape"]) -> UInt64[np.ndarray, "*shape"]:
    """Let every bit depend on every bit: the finalizer of MurmurHash3, a one-to-one map.

    >>> int(mix_bits(np.array([1], dtype=np.uint64))[0])
    12994781566227106604
    """
    shift = np.uint64(33)
    values = (values ^ (values >> shift)) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> shift)) * np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> shift
    return values


def _powers(base: int, count: int) -> UInt64[np.ndarray, "count"]:
    powers = np.full(count, base, dtype=np.uint64)
    powers[:1] = 1
    np.cumprod(powers, out=powers)
    return powers


def _pieces(text: str) -> Iterator[str]:
    """The text in blocks, cut where there is no word."""
    start = 0
    while start < len(text):
        end = start + BLOCK
        while end < len(text) and WORD.match(text[end]):
            end += 1
        yield text[start:end]
        start = end
