"""Near-duplicates: a text with a known number of its words exchanged."""

import random
from collections.abc import Sequence
from functools import cache

from scratchlm.world.check import WORD, story_words, vocabulary


@cache
def _spares() -> tuple[str, ...]:
    """The village's plain words in alphabetical order."""
    return tuple(sorted(word for word in vocabulary() if word.isascii() and word.isalpha()))


def exchange(
    paragraphs: Sequence[str], rate: float, rng: random.Random
) -> tuple[tuple[str, ...], float]:
    """Exchange a share of the words, each for one that the text does not have.

    Each new word costs one edit however the two texts are aligned, and no alignment needs more:
    so the word-level edit distance (Levenshtein, 1966) is exactly the number of exchanges.

    Args:
        paragraphs: A text.
        rate: Exchanges over words, between 0 and 1; rounded to whole words.
        rng: Which words, and what for.

    Returns:
        The new paragraphs, and the exact rate.

    >>> exchange(["The dog ran."], 0.3, random.Random(0))
    (('The was ran.',), 0.3333333333333333)
    """
    places = [
        (number, found.start(), found.end())
        for number, text in enumerate(paragraphs)
        for found in WORD.finditer(text)
    ]
    present = set(story_words(" ".join(paragraphs)))
    edited = list(paragraphs)
    number = round(rate * len(places))
    # Back to front, so that the places of words still to be exchanged stay right.
    for place, start, end in sorted(rng.sample(places, number), reverse=True):
        old, new = edited[place][start:end], rng.choice(_spares())
        while new in present:
            new = rng.choice(_spares())
        new = new.capitalize() if old[0].isupper() else new
        edited[place] = edited[place][:start] + new + edited[place][end:]
    return tuple(edited), number / len(places) if places else 0.0
