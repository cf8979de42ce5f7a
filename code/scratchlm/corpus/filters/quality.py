"""Quality classifier: learns from examples what good text looks like."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.filters.classifier import Classifier, by_label, round_weights
from scratchlm.corpus.filters.features import Bag, word_bag
from scratchlm.corpus.step import Step
from scratchlm.errors import InputError

GOOD, BAD = "good", "bad"
QUALITY_ORDERS = (1, 2)
QUALITY_BUCKETS = 1 << 18
EPOCHS = 5
LEARNING_RATE = 0.5


def train_quality(
    examples: Iterable[tuple[str, str]],
    *,
    orders: tuple[int, ...] = QUALITY_ORDERS,
    buckets: int = QUALITY_BUCKETS,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> Classifier:
    """Train logistic regression on a text's words and pairs of words (Joulin et al., 2017).

    A text is the mean of its n-grams, as in fastText; each step follows one text and is scaled
    for each weight by the gradients that it has seen (Adagrad; Duchi et al., 2011).

    Args:
        examples: Texts, each labeled ``good`` or ``bad``.
        orders: Numbers of words in an n-gram.
        buckets: How many numbers the n-grams are hashed to.
        epochs: How often each text is followed.
        seed: Decides their order.

    Raises:
        InputError: The labels are not these two.

    >>> scale = train_quality([("a calm story", "good"), ("buy cheap now", "bad")] * 4)
    >>> scale.probabilities("a story")["good"] > 0.5 > scale.probabilities("cheap")["good"]
    True
    """
    texts = by_label(examples)
    if set(texts) != {GOOD, BAD}:
        raise InputError(f"quality: expected the labels 'good' and 'bad', found {sorted(texts)}")
    bags = [(word_bag(text, orders, buckets), label == GOOD) for label in texts
            for text in texts[label]]  # fmt: skip
    weights, bias = _descend(bags, buckets, epochs, random.Random(seed))
    both = round_weights(
        np.stack([-weights, weights]) / 2
    )  # softmax over ±s/2 is the logistic of s
    return Classifier(
        (BAD, GOOD), both, round_weights(np.array([-bias, bias]) / 2), "words", orders, mean=True
    )


def _descend(
    bags: list[tuple[Bag, bool]], buckets: int, epochs: int, order: random.Random
) -> tuple[Float64[np.ndarray, "buckets"], float]:
    """Follow the gradient of the logistic loss, one text after the other."""
    weights, squares = np.zeros(buckets), np.full(buckets, 1e-8)
    bias, bias_squares = 0.0, 1e-8
    for _ in range(epochs):
        for (where, counts), good in order.sample(bags, len(bags)):
            shares = counts / counts.sum()
            error = 1 / (1 + np.exp(-(weights[where] @ shares + bias))) - good
            squares[where] += (error * shares) ** 2
            weights[where] -= LEARNING_RATE * error * shares / np.sqrt(squares[where])
            bias_squares += error**2
            bias -= LEARNING_RATE * error / bias_squares**0.5
    return weights, float(bias)


@dataclass(frozen=True)
class Quality(Step):
    """Quality filter: keeps documents that a classifier thinks good, and a few that it does not.

    With `pareto` set, a document stays if its score is greater than 1 minus a draw from a Pareto
    distribution: the lower the score, the rarer, but never impossible (Brown et al., 2020,
    appendix A, with a shape of 9). The draw depends on the text alone, so that it is the same
    wherever the document is looked at.

    Attributes:
        classifier: From `train_quality`.
        threshold: The least probability of being good; without `pareto`.
        pareto: The shape of the distribution.

    >>> scale = train_quality([("a calm story", "good"), ("buy cheap now", "bad")] * 4)
    >>> Quality(scale)(Document("cheap, cheap", id="1", source="web", end=12)).rule
    'quality'
    """

    classifier: Classifier
    threshold: float = 0.5
    pareto: float | None = None

    def __call__(self, document: Document) -> Document | Dropped:
        """Give the document back, or say how good it is."""
        score = self.classifier.probabilities(document.text)[GOOD]
        wanted = self.threshold
        if self.pareto is not None:
            digest = hashlib.sha256(document.text.encode()).digest()
            wanted = 2.0 - random.Random(digest).paretovariate(self.pareto)  # theirs begins at 1
        if score < wanted:
            return Dropped(
                "quality", f"good with a probability of {score:.2f}, {wanted:.2f} wanted"
            )
        return document
