"""Exact deduplication: whole documents, and lines such as a site's menu."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int64, UInt64

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.step import Deduplicator

DIGITS = re.compile(r"\d+")
KEYS_AT_ONCE = 1 << 18  # keys that are compared at once, at some forty bytes each


class HashDedup(Deduplicator):
    """Compares rows by a hash of each."""

    def originals(self, shards: Iterable[UInt64[np.ndarray, "_ 1"]]) -> Int64[np.ndarray, "rows"]:
        """The first row with the same hash."""
        return first_copies(shards)

    def copied(self, shards: Iterable[UInt64[np.ndarray, "_ 1"]]) -> Bool[np.ndarray, "rows"]:
        """Whether a row has a hash that came before; a byte of memory for each, no more."""
        copied = np.zeros(sum(map(len, shards)), dtype=bool)
        for places, firsts in groups(shards, len(copied)):
            copied[places] = firsts != places
        return copied


@dataclass(frozen=True)
class ExactDedup(HashDedup):
    """Exact deduplication: drops a document whose text came before, byte for byte.

    Texts are compared by 64 bits of their hash, so that among n documents the chance that any is
    dropped wrongly is about n^2 / 2^65: one in 370,000 for ten million.

    >>> page = Document("Hello.", id="1", source="web", end=6)
    >>> step = ExactDedup()
    >>> step.originals([step.signatures(page), step.signatures(page)]).tolist()
    [0, 0]
    """

    def signatures(self, document: Document) -> UInt64[np.ndarray, "1 1"]:
        """The hash of the text."""
        return hash_texts([document.text])

    def apply(self, document: Document, copied: Bool[np.ndarray, "1"]) -> Document | Dropped:
        """Drop a copy."""
        return Dropped("copy", "the same text came before") if copied.any() else document


@dataclass(frozen=True)
class LineDedup(HashDedup):
    r"""Line deduplication: takes away lines that came before, in any document.

    After Wenzek et al. (2020), section 3.1.

    Lines are compared in lower case, with every number as 0 and without the whitespace around
    them. Of what is repeated, the first copy stays.

    Attributes:
        min_characters: Shorter lines, blank ones among them, are never taken away.

    >>> step = LineDedup(min_characters=5)
    >>> page = Document("Log in\nHello, Ann!\nLOG IN\n", id="1", source="web", end=26)
    >>> lines = step.originals([step.signatures(page)])
    >>> step.apply(page, lines != np.arange(4)).text
    'Log in\nHello, Ann!\n'
    """

    min_characters: int = 20

    def signatures(self, document: Document) -> UInt64[np.ndarray, "lines 1"]:
        """The hash of each line."""
        lines = document.text.split("\n")
        return hash_texts([DIGITS.sub("0", line.strip().lower()) for line in lines])

    def apply(self, document: Document, copied: Bool[np.ndarray, "lines"]) -> Document | Dropped:
        """Take the copies away; drop the document if nothing but whitespace is left."""
        lines = document.text.split("\n")
        kept = [
            line
            for line, copy in zip(lines, copied, strict=True)
            if not copy or len(line.strip()) < self.min_characters
        ]
        if len(kept) == len(lines):
            return document
        if not any(map(str.strip, kept)):
            return Dropped("only copied lines", "all of its lines came before")
        return replace(document, text="\n".join(kept))


def hash_texts(texts: list[str]) -> UInt64[np.ndarray, "texts 1"]:
    """Hash each text to 64 bits.

    >>> hash_texts(["a", "b", "a"])[:, 0].tolist() == hash_texts(["a", "b", "a"])[::-1, 0].tolist()
    True
    """
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 1)


def first_copies(shards: Iterable[UInt64[np.ndarray, "*_"]]) -> Int64[np.ndarray, "rows"]:
    """For each key, counted through all shards, the place where it came first.

    >>> keys = np.array([7, 9], dtype=np.uint64)
    >>> first_copies([keys, keys[::-1]]).tolist()
    [0, 1, 1, 0]
    """
    found = np.zeros(sum(map(len, shards)), dtype=np.int64)
    for places, firsts in groups(shards, len(found)):
        found[places] = firsts
    return found


def groups(
    shards: Iterable[UInt64[np.ndarray, "*_"]], rows: int, at_once: int = KEYS_AT_ONCE
) -> Iterator[tuple[Int64[np.ndarray, "part"], Int64[np.ndarray, "part"]]]:
    """Compare keys in parts that fit the memory: equal ones have equal remainders.

    Of a key that comes again and again, as that of the blank line does, each shard gives only the
    first to the comparison.

    Args:
        shards: The keys, one a row; they are gone through twice for every part.
        rows: How many there are in all.
        at_once: About how many are compared at once.

    Yields:
        The places of some keys, and for each the place where the same key came first.

    >>> keys = np.array([7, 9, 7], dtype=np.uint64)
    >>> [(places.tolist(), firsts.tolist()) for places, firsts in groups([keys], 3)]
    [([0, 1, 2], [0, 1, 0])]
    """
    parts = 1 + rows // at_once
    for part in range(parts if rows else 0):
        keys, places = [], []
        for start, inside, found in keys_in_part(shards, parts, part):
            different, first = np.unique(found, return_index=True)
            keys.append(different)
            places.append(start + inside[first])
        every, first = np.unique(np.concatenate(keys), return_index=True)
        firsts = np.concatenate(places)[first]
        for start, inside, found in keys_in_part(shards, parts, part):
            yield start + inside, firsts[np.searchsorted(every, found)]


def keys_in_part(
    shards: Iterable[UInt64[np.ndarray, "*_"]], parts: int, part: int
) -> Iterator[tuple[int, Int64[np.ndarray, "some"], UInt64[np.ndarray, "some"]]]:
    """For each shard: where it starts, which of its rows belong to a part, and their keys.

    >>> keys = np.array([7, 8, 9], dtype=np.uint64)
    >>> [(start, rows.tolist()) for start, rows, _ in keys_in_part([keys, keys], 2, 1)]
    [(0, [0, 2]), (3, [0, 2])]
    """
    start = 0
    for shard in shards:
        keys = shard.reshape(-1)
        inside = np.flatnonzero(keys % np.uint64(parts) == part)
        yield start, inside, keys[inside]
        start += len(keys)
