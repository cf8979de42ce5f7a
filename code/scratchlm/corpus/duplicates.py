"""Exact duplicates: whole documents, and lines such as a site's menu."""

import hashlib
import re
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int64, UInt64

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.step import Comparison

DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class SameDocument(Comparison):
    """Drops a document whose text came before, byte for byte.

    Texts are compared by 64 bits of their hash, so that among n documents the chance that any is
    dropped wrongly is about n^2 / 2^65: one in 370,000 for ten million.

    >>> page = Document("Hello.", id="1", source="web", end=6)
    >>> step = SameDocument()
    >>> step.originals([step.signatures(page), step.signatures(page)]).tolist()
    [0, 0]
    """

    def signatures(self, document: Document) -> UInt64[np.ndarray, "1 1"]:
        """The hash of the text."""
        return hash_texts([document.text])

    def originals(self, shards: list[UInt64[np.ndarray, "_ 1"]]) -> Int64[np.ndarray, "all_rows"]:
        """The first document with the same hash."""
        return first_copies(np.concatenate(shards)[:, 0])

    def apply(self, document: Document, copied: Bool[np.ndarray, "1"]) -> Document | Dropped:
        """Drop a copy."""
        return Dropped("copy", "the same text came before") if copied.any() else document


@dataclass(frozen=True)
class SameLine(Comparison):
    r"""Takes away lines that came before, in any document (Wenzek et al., 2020, section 3.1).

    Lines are compared in lower case, with every number as 0 and without the white space around
    them. Of what is repeated, the first copy stays.

    Attributes:
        min_characters: Shorter lines, blank ones among them, are never taken away.

    >>> step = SameLine(min_characters=5)
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

    def originals(self, shards: list[UInt64[np.ndarray, "_ 1"]]) -> Int64[np.ndarray, "all_rows"]:
        """The first line with the same hash."""
        return first_copies(np.concatenate(shards)[:, 0])

    def apply(self, document: Document, copied: Bool[np.ndarray, "lines"]) -> Document | Dropped:
        """Take the copies away; drop the document if nothing but white space is left."""
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


def first_copies(keys: UInt64[np.ndarray, "rows"]) -> Int64[np.ndarray, "rows"]:
    """For each key, the place where it came first.

    >>> first_copies(np.array([7, 9, 7, 7], dtype=np.uint64)).tolist()
    [0, 1, 0, 0]
    """
    _, firsts, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return firsts[inverse].astype(np.int64)
