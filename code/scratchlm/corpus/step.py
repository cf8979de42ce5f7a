"""What a pipeline is made of: steps that see one document, and deduplicators that see them all."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Int64, UInt

from scratchlm.corpus.document import Document, Dropped


class Step(ABC):
    """A filter or a transformation of one document; its fields are its configuration.

    A step is a frozen dataclass, so that it can travel to another process and be written into the
    manifest. What it answers depends on the document alone.
    """

    @abstractmethod
    def __call__(self, document: Document) -> Document | Dropped:
        """Give the document back, changed or not, or say why it is dropped."""


class Deduplicator(ABC):
    """Deduplication: compares each document with all that came before it.

    The work is in three parts, so that only the middle one needs to see everything, and that one
    sees a few bytes of each document: every document (or every line of it) leaves a signature,
    the signatures are compared, and the verdict goes back to the documents.
    """

    @abstractmethod
    def signatures(self, document: Document) -> UInt[np.ndarray, "rows width"]:
        """What stands for the document: a row for each part that is compared."""

    @abstractmethod
    def originals(
        self, shards: Iterable[UInt[np.ndarray, "_ width"]]
    ) -> Int64[np.ndarray, "all_rows"]:
        """For each row, counted through all shards, the first row that it is a copy of.

        A row that is no copy is its own original. The shards are gone through one at a time, and
        more than once.
        """

    def copied(self, shards: Iterable[UInt[np.ndarray, "_ width"]]) -> Bool[np.ndarray, "all_rows"]:
        """For each row, counted through all shards, whether it is a copy."""
        originals = self.originals(shards)
        copied: np.ndarray = originals != np.arange(len(originals))
        return copied

    @abstractmethod
    def apply(self, document: Document, copied: Bool[np.ndarray, "rows"]) -> Document | Dropped:
        """Give back what is left of a document, some rows of which are copies."""
