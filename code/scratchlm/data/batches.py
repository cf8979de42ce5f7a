"""Rows of tokens for the model, in an order that a seed and a number decide.

Batch number n is always the same, so training that was cut off goes on with batch n and has
neither repeated nor skipped anything.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from scratchlm.data.masks import document_mask
from scratchlm.data.shard import Shard
from scratchlm.errors import InputError

IGNORED = -100  # a target that PyTorch's cross-entropy leaves out


@dataclass(frozen=True)
class Batch:
    """Inputs and what should come after each of them.

    Attributes:
        inputs: Token ids.
        targets: The next id, or `IGNORED` behind a row's end.
        documents: The number of each position's document in its row, where rows are packed.
        positions: The place of each position in its document, where rows are packed.
    """

    inputs: Int[Tensor, "rows time"]
    targets: Int[Tensor, "rows time"]
    documents: Int[Tensor, "rows time"] | None = None
    positions: Int[Tensor, "rows time"] | None = None

    @property
    def count(self) -> int:
        """How many targets are to be guessed."""
        return int((self.targets != IGNORED).sum())

    @property
    def mask(self) -> Bool[Tensor, "rows time time"] | None:
        """Which places may look at which; None where each looks at all before it in its row."""
        return None if self.documents is None else document_mask(self.documents)


class Batches(ABC):
    """Batches by number.

    Args:
        pieces: How many rows there are before they come in another order.
        rows: Rows in a batch.
        seed: Decides every order.

    Raises:
        InputError: There are no rows.
    """

    def __init__(self, pieces: int, rows: int, seed: int) -> None:
        if rows < 1:
            raise InputError(f"batches: expected at least 1 row, found {rows}")
        self.pieces, self.rows, self.seed = pieces, rows, seed

    @abstractmethod
    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0."""


class EpochBatches(Batches):
    """The pieces of a corpus, in an order that changes with every pass over it."""

    def __init__(self, pieces: int, rows: int, seed: int) -> None:
        super().__init__(pieces, rows, seed)
        self.per_epoch = max(1, pieces // rows)
        self._epoch, self._order = -1, np.zeros((0, rows), dtype=np.int64)

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0 over all epochs."""
        epoch, place = divmod(number, self.per_epoch)
        if epoch != self._epoch:
            random = np.random.default_rng([self.seed, epoch])
            self._epoch, self._order = epoch, self._arrange(random)
        return self._build(self._order[place])

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches rows"]:
        """Decide which pieces form which batch; those left over wait for the next epoch."""
        order = np.resize(random.permutation(self.pieces), self.per_epoch * self.rows)
        return order.reshape(self.per_epoch, self.rows)

    @abstractmethod
    def _build(self, pieces: Int[np.ndarray, "rows"]) -> Batch:
        """Turn pieces into tensors."""


class StreamBatches(EpochBatches):
    """Windows of a long text, ``time`` tokens each; where they are cut moves with every epoch.

    Raises:
        InputError: The text is shorter than one window.

    >>> batches = StreamBatches(Shard.of([range(10)]), time=4, rows=1)
    >>> batch = batches.batch(0)
    >>> bool((batch.targets == batch.inputs + 1).all())
    True
    """

    def __init__(self, shard: Shard, time: int, rows: int, seed: int = 0) -> None:
        spare = len(shard.tokens) - 1 - time
        if spare < 0:
            raise InputError(
                f"batches: expected more than {time} tokens, found {len(shard.tokens)}; "
                "give a longer text or a shorter context"
            )
        self.shard, self.time, self._shift = shard, time, 0
        super().__init__(max(1, spare // time), rows, seed)

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches rows"]:
        spare = len(self.shard.tokens) - self.pieces * self.time
        self._shift = int(random.integers(0, max(1, min(spare, self.time))))
        return super()._arrange(random)

    def _build(self, pieces: Int[np.ndarray, "rows"]) -> Batch:
        first = self._shift + pieces * self.time
        window = self.shard.tokens[first[:, None] + np.arange(self.time + 1)]
        ids = torch.from_numpy(window.astype(np.int64))
        return Batch(ids[:, :-1], ids[:, 1:])


class DocumentBatches(EpochBatches):
    """One whole document a row, with neighbors of like length, padded to the longest.

    Every document is seen from its start to its end and nothing else is in its row. After the last
    token the model is to guess the first one of the next document: the separator.

    Raises:
        InputError: A document does not fit.

    >>> batches = DocumentBatches(Shard.of([[0, 5, 6], [0, 7]]), time=8, rows=2)
    >>> batches.batch(0).targets.sort(dim=0).values
    tensor([[   5,    0, -100],
            [   7,    6,    0]])
    """

    def __init__(self, shard: Shard, time: int, rows: int, seed: int = 0) -> None:
        self.shard, self.lengths = shard, np.diff(shard.starts)
        if (longest := int(self.lengths.max())) > time:
            raise InputError(
                f"batches: expected documents of at most {time} tokens, found one of {longest}; "
                "raise the context, or train on windows"
            )
        super().__init__(len(shard), rows, seed)

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches rows"]:
        batches = super()._arrange(random).ravel()
        stretch = 32 * self.rows  # long enough to find neighbors, short enough to stay mixed
        for first in range(0, len(batches), stretch):
            part = batches[first : first + stretch]
            batches[first : first + stretch] = part[np.argsort(self.lengths[part], kind="stable")]
        return random.permutation(batches.reshape(-1, self.rows))

    def _build(self, pieces: Int[np.ndarray, "rows"]) -> Batch:
        time = int(self.lengths[pieces].max())
        inputs = torch.zeros(len(pieces), time, dtype=torch.long)
        targets = torch.full((len(pieces), time), IGNORED)
        for row, piece in enumerate(pieces):
            ids = torch.from_numpy(self.shard.document(int(piece)).astype(np.int64))
            inputs[row, : len(ids)] = ids
            targets[row, : len(ids)] = ids.roll(-1)  # the first id stands behind the last
        return Batch(inputs, targets)
