"""Language identification: which language makes the n-grams of characters likely?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.filters.classifier import Classifier, by_label, round_weights
from scratchlm.corpus.filters.features import character_bag
from scratchlm.corpus.step import Step
from scratchlm.errors import InputError

LANGUAGE_ORDERS = (1, 2, 3, 4)
LANGUAGE_BUCKETS = 1 << 16
SMOOTHING = 0.05  # counted for every bucket, so that a new n-gram makes no language impossible


def train_language(
    examples: Iterable[tuple[str, str]],
    *,
    orders: tuple[int, ...] = LANGUAGE_ORDERS,
    buckets: int = LANGUAGE_BUCKETS,
) -> Classifier:
    """Train a naive Bayes classifier on n-grams of characters (Cavnar and Trenkle, 1994).

    All languages count as equally likely beforehand. A few thousand characters of each are enough
    to tell a paragraph, more are needed for a short sentence.

    Args:
        examples: Texts, each with the name of its language.
        orders: Lengths of n-grams.
        buckets: How many numbers the n-grams are hashed to.

    Raises:
        InputError: There are fewer than two languages.

    >>> known = train_language([("the cat and the dog", "en"), ("le chat et le chien", "fr")])
    >>> found = known.probabilities("the dogs")
    >>> max(found, key=found.get)
    'en'
    """
    texts = by_label(examples)
    counts = np.full((len(texts), buckets), SMOOTHING)
    for row, spoken in zip(counts, texts.values(), strict=True):
        for text in spoken:
            where, times = character_bag(text, orders, buckets)
            row[where] += times
    likely = np.log(counts / counts.sum(axis=1, keepdims=True))
    bias = round_weights(np.zeros(len(texts)))
    return Classifier(tuple(texts), round_weights(likely), bias, "characters", orders, mean=False)


@dataclass(frozen=True)
class Language(Step):
    """Language filter: keeps documents in the languages wanted, and notes the language of each.

    Attributes:
        classifier: From `train_language`; it should also know the languages that are not wanted.
        wanted: Labels of the classifier.
        min_probability: How sure it must be.

    Raises:
        InputError: The classifier does not know a language that is wanted.

    >>> known = train_language([("the cat and the dog", "en"), ("le chat et le chien", "fr")])
    >>> step = Language(known, wanted=("fr",))
    >>> step(Document("Les chats et les chiens.", id="1", source="web", end=24)).meta
    {'language': 'fr'}
    """

    classifier: Classifier
    wanted: tuple[str, ...] = ("en",)
    min_probability: float = 0.5

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.wanted) - set(self.classifier.labels)):
            raise InputError(
                f"language: expected some of {', '.join(self.classifier.labels)}, found "
                f"{', '.join(unknown)}; train the classifier on texts in that language"
            )

    def __call__(self, document: Document) -> Document | Dropped:
        """Give the document back with ``meta["language"]``, or say what it is instead."""
        found = self.classifier.probabilities(document.text)
        label = max(found, key=lambda name: found[name])
        if label not in self.wanted:
            return Dropped(f"in {label}", f"with a probability of {found[label]:.2f}")
        if found[label] < self.min_probability:
            return Dropped("unsure", f"{label} with a probability of {found[label]:.2f}")
        return replace(document, meta={**document.meta, "language": label})
