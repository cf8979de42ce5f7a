"""The repetition rules of MassiveText: how much of a page has the page said before?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt64

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.filters.words import split_words
from scratchlm.corpus.step import Step

PARAGRAPHS = re.compile(r"\n{2,}")
LINES = re.compile(r"\n+")
ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, made odd

# Rae et al. (2021), table A1: n, and the largest share of the characters.
TOP_NGRAMS = ((2, 0.20), (3, 0.18), (4, 0.16))
DUPLICATE_NGRAMS = ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))


@dataclass(frozen=True)
class GopherRepetition(Step):
    r"""Drops what repeats itself (Rae et al., 2021, appendix A.1.1, table A1).

    Shares of characters are of the whole text, whitespace included.

    Attributes:
        lines, paragraphs: The largest share of lines and paragraphs that came before.
        line_characters, paragraph_characters: The same, by their characters.
        top_ngrams: For each n, the largest share that the most frequent n-gram may take.
        duplicate_ngrams: For each n, the largest share of n-grams that came before.

    >>> GopherRepetition()(Document("ho\nho\nho\n", id="1", source="files", end=9))
    Dropped(rule='lines', reason='50% of lines came before')
    """

    lines: float = 0.3
    paragraphs: float = 0.3
    line_characters: float = 0.2
    paragraph_characters: float = 0.2
    top_ngrams: tuple[tuple[int, float], ...] = TOP_NGRAMS
    duplicate_ngrams: tuple[tuple[int, float], ...] = DUPLICATE_NGRAMS

    def __call__(self, document: Document) -> Document | Dropped:
        """Give the document back, or the first rule that it breaks."""
        text = document.text
        if not text:
            return Dropped("empty", "no character at all")
        return (
            self._parts("paragraphs", PARAGRAPHS.split(text.strip()), len(text))
            or self._parts("lines", LINES.split(text), len(text))
            or self._ngrams(split_words(text), len(text))
            or document
        )

    def _parts(self, name: str, parts: Sequence[str], size: int) -> Dropped | None:
        repeated = repeats(parts)
        if (share := len(repeated) / len(parts)) > getattr(self, name):
            return Dropped(name, f"{share:.0%} of {name} came before")
        rule = f"{name.removesuffix('s')}_characters"
        if (share := sum(map(len, repeated)) / size) > getattr(self, rule):
            return Dropped(rule.replace("_", " "), f"{share:.0%} of the text is in such {name}")
        return None

    def _ngrams(self, found: Sequence[str], size: int) -> Dropped | None:
        numbers: dict[str, int] = {}
        ids = np.array([numbers.setdefault(word, len(numbers)) for word in found], dtype=np.uint64)
        ends = np.cumsum([0, *map(len, found)])
        for n, limit in self.top_ngrams:
            if (share := top_ngram_characters(ids, ends, n) / size) > limit:
                return Dropped(f"top {n}-gram", f"{share:.0%} of the text is one {n}-gram")
        for n, limit in self.duplicate_ngrams:
            if (share := repeated_ngram_characters(ids, ends, n) / size) > limit:
                return Dropped(f"repeated {n}-grams", f"{share:.0%} of the text came before")
        return None


def repeats(parts: Sequence[str]) -> list[str]:
    """The parts that came before, each as often as it came again.

    >>> repeats(["a", "b", "a", "a"])
    ['a', 'a']
    """
    seen: set[str] = set()
    return [part for part in parts if part in seen or seen.add(part)]  # type: ignore[func-returns-value]


def ngram_keys(ids: UInt64[np.ndarray, "words"], n: int) -> UInt64[np.ndarray, "ngrams"]:
    """A number for each n-gram, the same for the same words (but for one chance in 2^64).

    >>> keys = ngram_keys(np.array([1, 2, 1, 2], dtype=np.uint64), 2)
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    keys = np.zeros(max(0, len(ids) - n + 1), dtype=np.uint64)
    for place in range(n):
        keys = (keys + ids[place : place + len(keys)] + np.uint64(1)) * ODD
        keys ^= keys >> np.uint64(32)
    return keys


def top_ngram_characters(
    ids: UInt64[np.ndarray, "words"], ends: Int64[np.ndarray, "words_and_one"], n: int
) -> int:
    """Characters that the most frequent n-gram takes, with a space between its words.

    Of several that are equally frequent, it is the one that comes first.

    Args:
        ids: A number for each word.
        ends: Where each word would end if they were written without spaces; 0 in front.
        n: Words in an n-gram.

    >>> top_ngram_characters(np.array([0, 1, 0, 1], dtype=np.uint64), np.array([0, 2, 4, 6, 8]), 2)
    10
    """
    keys = ngram_keys(ids, n)
    if not len(keys):
        return 0
    _, firsts, counts = np.unique(keys, return_index=True, return_counts=True)
    first = int(firsts[counts == counts.max()].min())
    return int(ends[first + n] - ends[first] + n - 1) * int(counts.max())


def repeated_ngram_characters(
    ids: UInt64[np.ndarray, "words"], ends: Int64[np.ndarray, "words_and_one"], n: int
) -> int:
    """Characters, without spaces, in n-grams that came before; none is counted twice.

    A repeated n-gram is counted and stepped over; any other is remembered, and the search goes
    on one word later.

    Args:
        ids: A number for each word.
        ends: Where each word would end if they were written without spaces; 0 in front.
        n: Words in an n-gram.

    >>> repeated_ngram_characters(np.zeros(5, dtype=np.uint64), np.arange(6), 2)
    4
    """
    keys = ngram_keys(ids, n).tolist()
    seen: set[int] = set()
    if len(set(keys)) == len(keys):  # most texts repeat nothing: then there is nothing to step over
        return 0
    characters = place = 0
    while place < len(keys):
        if keys[place] in seen:
            characters += int(ends[place + n] - ends[place])
            place += n
        else:
            seen.add(keys[place])
            place += 1
    return characters
