"""A linear classifier over hashed n-grams: what it is, and how it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32
from safetensors import safe_open
from safetensors.numpy import save

from scratchlm.corpus.filters.features import Bag, character_bag, word_bag
from scratchlm.errors import InputError
from scratchlm.storage import Envelope, pack_tensors, sha256, unpack_tensors, write_atomically

Unit = Literal["characters", "words"]
BAGS = {"characters": character_bag, "words": word_bag}
STEP = 2.0**-10  # weights are multiples of it: see `round_weights`


@dataclass(frozen=True, eq=False)
class Classifier:
    """Weights for each label and each bucket of n-grams.

    Attributes:
        labels: What a text can be.
        weights: How much an n-gram in a bucket speaks for each label.
        bias: What speaks for each label beforehand.
        unit: Of what the n-grams are made: ``characters`` or ``words``.
        orders: Their lengths.
        mean: Whether weights are averaged over a text's n-grams, rather than added up.
    """

    labels: tuple[str, ...]
    weights: Float32[np.ndarray, "labels buckets"]
    bias: Float32[np.ndarray, "labels"]
    unit: Unit
    orders: tuple[int, ...]
    mean: bool

    @property
    def fingerprint(self) -> str:
        """The hash of all that decides an answer."""
        return sha256(self._bytes())

    def bag(self, text: str) -> Bag:
        """The features of a text."""
        return BAGS[self.unit](text, self.orders, self.weights.shape[1])

    def probabilities(self, text: str) -> dict[str, float]:
        """How likely a text is to have each label.

        >>> weights = round_weights(np.zeros((2, 8)))
        >>> bias = round_weights(np.zeros(2))
        >>> Classifier(("a", "b"), weights, bias, "words", (1,), False).probabilities("any")
        {'a': 0.5, 'b': 0.5}
        """
        where, counts = self.bag(text)
        scores = self.weights[:, where].astype(np.float64) @ counts
        scores = scores / (counts.sum() if self.mean else 1.0) + self.bias
        odds = np.exp(scores - scores.max())
        return dict(zip(self.labels, (odds / odds.sum()).tolist(), strict=True))

    def save(self, path: Path) -> None:
        """Write a safetensors file that says what it is.

        Raises:
            InputError: The file cannot be written.
        """
        write_atomically(path, self._bytes())

    def _bytes(self) -> bytes:
        settings = Settings(self.labels, self.unit, self.orders, self.mean)
        # Without the copy, an array in Fortran's order would be written in another order, silently.
        arrays = {"weights": np.ascontiguousarray(self.weights), "bias": self.bias}
        return pack_tensors(FORMAT, settings, save(arrays))

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Read what `save` has written.

        Raises:
            InputError: There is no such file, it is something else, or it was changed.
        """
        settings = unpack_tensors(FORMAT, path)
        with safe_open(path, framework="np") as file:
            weights, bias = file.get_tensor("weights"), file.get_tensor("bias")
        return cls(settings.labels, weights, bias, settings.unit, settings.orders, settings.mean)


@dataclass(frozen=True)
class Settings:
    """What decides a classifier's answers beside its numbers; see `Classifier`."""

    labels: tuple[str, ...]
    unit: Unit
    orders: tuple[int, ...]
    mean: bool


FORMAT = Envelope(
    "scratchlm classifier",
    2,
    Settings,
    "train one with `scratchlm corpus classifier`, or name another file",
)


def round_weights(weights: np.ndarray) -> Float32[np.ndarray, "*shape"]:
    """Round to multiples of 2^-10.

    Sums of such numbers, times whole counts, are exact in float64. So the order in which a
    processor adds them up cannot change an answer: a pipeline's output is the same everywhere.

    >>> round_weights(np.array([0.3333])).tolist()
    [0.3330078125]
    """
    return (np.round(weights / STEP) * STEP).astype(np.float32)


def by_label(examples: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """Sort texts by their label, labels in alphabetical order.

    Args:
        examples: Texts, each with its label.

    Raises:
        InputError: There are fewer than two labels.

    >>> by_label([("oui", "fr"), ("yes", "en")])
    {'en': ['yes'], 'fr': ['oui']}
    """
    texts: dict[str, list[str]] = {}
    for text, label in examples:
        texts.setdefault(label, []).append(text)
    if len(texts) < 2:
        raise InputError(
            f"classifier: expected texts with at least two labels, found {sorted(texts)}; "
            "give examples of each kind"
        )
    return dict(sorted(texts.items()))
