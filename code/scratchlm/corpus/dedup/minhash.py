"""Near-duplicates by MinHash and banding (locality-sensitive hashing, LSH).

The chance that two sets have the same smallest member, in a random order, is the share of members
that they have in common (Broder, 1997). So a few hundred smallest members stand for a document.
Cut into bands, they find the pairs that agree in one band without comparing all pairs (Indyk and
Motwani, 1998; Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, section 3.4).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64, UInt32, UInt64

from scratchlm.corpus.dedup.exact import groups
from scratchlm.corpus.dedup.union_find import UnionFind
from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.ngrams import mix_bits, ngram_hashes, normalize
from scratchlm.corpus.step import Deduplicator
from scratchlm.errors import InputError

SEED = 1
NGRAMS_AT_ONCE = 1 << 10  # n-grams: their hashes in all orders stay in the processor's cache

Permutations = tuple[UInt32[np.ndarray, "orders 1"], UInt32[np.ndarray, "orders 1"]]


@dataclass(frozen=True)
class MinHashDedup(Deduplicator):
    """MinHash deduplication with banding (LSH): drops documents nearly the same as one before.

    Documents that agree in a band are linked, and of all that are linked, directly or through
    others, the first stays. The defaults are those of FineWeb (Penedo et al., 2024, appendix
    E.1): two documents that share three quarters of their n-grams are linked with a chance of
    77 %.

    Attributes:
        bands: How often two documents get the chance to agree.
        rows: Smallest members in a band: all of them must agree.
        ngram: Words in an n-gram.

    Raises:
        InputError: One of them is smaller than 1.
    """

    bands: int = 14
    rows: int = 8
    ngram: int = 5

    def __post_init__(self) -> None:
        if min(self.bands, self.rows, self.ngram) < 1:
            raise InputError(
                f"near-duplicates: expected at least 1 band, 1 row and 1 word, found {self.bands}, "
                f"{self.rows} and {self.ngram}"
            )

    def signatures(self, document: Document) -> UInt32[np.ndarray, "1 orders"]:
        """The smallest member in each order."""
        return signature(document.text, self.ngram, permutations(self.bands * self.rows))[None]

    def originals(
        self, shards: Iterable[UInt32[np.ndarray, "_ orders"]]
    ) -> Int64[np.ndarray, "documents"]:
        """The first document that each is linked to; one band is in memory at a time."""
        sets = UnionFind(sum(map(len, shards)))
        for band in range(self.bands):
            columns = slice(band * self.rows, (band + 1) * self.rows)
            keys = np.concatenate([band_keys(shard[:, columns]) for shard in shards])
            for places, firsts in groups([keys], len(keys)):
                copied = firsts != places
                sets.union(places[copied], firsts[copied])
        return sets.root

    def apply(self, document: Document, copied: Bool[np.ndarray, "1"]) -> Document | Dropped:
        """Drop a copy."""
        return Dropped("near copy", "nearly the same came before") if copied.any() else document


def permutations(count: int, seed: int = SEED) -> Permutations:
    """Draw orders of the 32-bit numbers: h becomes a h + b modulo 2^32, with an odd a.

    Args:
        count: How many.
        seed: Decides which.

    >>> a, b = permutations(3)
    >>> a.shape, bool((a % 2 == 1).all())
    ((3, 1), True)
    """
    draws = mix_bits(np.arange(2 * count, dtype=np.uint64) + np.uint64(seed << 32) + np.uint64(1))
    a, b = (draws >> np.uint64(32)).astype(np.uint32).reshape(2, count, 1)
    return a | np.uint32(1), b


def signature(text: str, ngram: int, orders: Permutations) -> UInt32[np.ndarray, "orders"]:
    """Find the smallest hash of a text's n-grams in each order.

    Args:
        text: Any text; only its words count.
        ngram: Words in an n-gram.
        orders: From `permutations`.

    >>> texts = "the cat sat on the mat", "The cat sat; on the mat!", "a dog"
    >>> one, same, other = (signature(text, 2, permutations(8)) for text in texts)
    >>> bool((one == same).all()), bool((one == other).any())
    (True, False)
    """
    a, b = orders
    smallest = np.full(len(a), np.iinfo(np.uint32).max, dtype=np.uint32)
    for block in ngram_hashes(text, ngram):
        short = (block >> np.uint64(32)).astype(np.uint32)
        for start in range(0, len(short), NGRAMS_AT_ONCE):
            placed = a * short[start : start + NGRAMS_AT_ONCE]
            placed += b
            np.minimum(smallest, placed.min(axis=1), out=smallest)
    return smallest


def band_keys(band: UInt32[np.ndarray, "documents rows"]) -> UInt64[np.ndarray, "documents"]:
    """Hash the rows of a band to one number for each document.

    >>> first, second, third = band_keys(np.array([[1, 2], [2, 1], [1, 2]], dtype=np.uint32))
    >>> bool(first == third), bool(first == second)
    (True, False)
    """
    keys = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        keys = mix_bits(keys + column + np.uint64(1))
    return keys


def similarity(left: UInt32[np.ndarray, "orders"], right: UInt32[np.ndarray, "orders"]) -> float:
    """Estimate the Jaccard similarity of two texts from their signatures.

    The standard error is the square root of s (1 - s) / orders.

    >>> text = "to be or not to be"
    >>> similarity(*[signature(text, 2, permutations(16))] * 2)
    1.0
    """
    return float((left == right).mean())


def jaccard(left: str, right: str, ngram: int) -> float:
    """The Jaccard similarity of two texts: shared n-grams over all n-grams, exactly.

    >>> jaccard("a b c", "a b d", 2)
    0.3333333333333333
    """
    one, other = (_ngrams(normalize(text).split(), ngram) for text in (left, right))
    return len(one & other) / len(one | other)


def _ngrams(words: list[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))}


def s_curve(
    similarity: Float[np.ndarray, "*shape"] | float, bands: int, rows: int
) -> Float[np.ndarray, "*shape"]:
    """The chance that two documents agree in at least one band: 1 - (1 - s^rows)^bands.

    Args:
        similarity: Their Jaccard similarity s.
        bands: Into how many parts the signature is cut.
        rows: How long each is.

    >>> s_curve(np.array([0.5, 0.75, 0.9]), bands=14, rows=8).round(2).tolist()
    [0.05, 0.77, 1.0]
    """
    return np.asarray(1 - (1 - np.asarray(similarity) ** rows) ** bands)
