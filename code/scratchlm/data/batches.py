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

IGNORE_INDEX = -100  # a target that PyTorch's cross-entropy leaves out


@dataclass(frozen=True)
class Batch:
    """Inputs and what should come after each of them.

    Attributes:
        input_ids: Token ids.
        targets: The next id, or `IGNORE_INDEX` behind a row's end.
        document_ids: The number of each position's document in its row, where rows are packed.
        position_ids: The position of each position in its document, where rows are packed.
    """

    input_ids: Int[Tensor, "batch seq_len"]
    targets: Int[Tensor, "batch seq_len"]
    document_ids: Int[Tensor, "batch seq_len"] | None = None
    position_ids: Int[Tensor, "batch seq_len"] | None = None

    @property
    def count(self) -> int:
        """How many targets are to be guessed."""
        return int((self.targets != IGNORE_INDEX).sum())

    @property
    def mask(self) -> Bool[Tensor, "batch seq_len seq_len"] | None:
        """Which places may look at which; None where each looks at all before it in its row."""
        return None if self.document_ids is None else document_mask(self.document_ids)


class Batches(ABC):
    """Batches by number.

    Args:
        pieces: How many rows there are before they come in another order.
        batch_size: Rows in a batch.
        seed: Decides every order.

    Raises:
        InputError: There are no rows.
    """

    def __init__(self, pieces: int, batch_size: int, seed: int) -> None:
        if batch_size < 1:
            raise InputError(f"batches: expected at least 1 row, found {batch_size}")
        self.pieces, self.batch_size, self.seed = pieces, batch_size, seed

    @abstractmethod
    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0."""


class EpochBatches(Batches):
    """The pieces of a corpus, in an order that changes with every pass over it."""

    def __init__(self, pieces: int, batch_size: int, seed: int) -> None:
        super().__init__(pieces, batch_size, seed)
        self.per_epoch = max(1, pieces // batch_size)
        self._epoch, self._order = -1, np.zeros((0, batch_size), dtype=np.int64)

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0 over all epochs."""
        epoch, place = divmod(number, self.per_epoch)
        if epoch != self._epoch:
            random = np.random.default_rng([self.seed, epoch])
            self._epoch, self._order = epoch, self._arrange(random)
        return self._build(self._order[place])

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches batch_size"]:
        """Decide which pieces form which batch; those left over wait for the next epoch."""
        order = np.resize(random.permutation(self.pieces), self.per_epoch * self.batch_size)
        return order.reshape(self.per_epoch, self.batch_size)

    @abstractmethod
    def _build(self, pieces: Int[np.ndarray, "batch_size"]) -> Batch:
        """Turn pieces into tensors."""


class StreamBatches(EpochBatches):
    """Windows of a long text, ``seq_len`` tokens each; where they are cut moves with every epoch.

    Raises:
        InputError: The text is shorter than one window.

    >>> batches = StreamBatches(Shard.of([range(10)]), seq_len=4, batch_size=1)
    >>> batch = batches.batch(0)
    >>> bool((batch.targets == batch.input_ids + 1).all())
    True
    """

    def __init__(self, shard: Shard, seq_len: int, batch_size: int, seed: int = 0) -> None:
        spare = len(shard.tokens) - 1 - seq_len
        if spare < 0:
            raise InputError(
                f"batches: expected more than {seq_len} tokens, found {len(shard.tokens)}; "
                "give a longer text or a shorter context"
            )
        self.shard, self.seq_len, self._shift = shard, seq_len, 0
        super().__init__(max(1, spare // seq_len), batch_size, seed)

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches batch_size"]:
        spare = len(self.shard.tokens) - self.pieces * self.seq_len
        self._shift = int(random.integers(0, max(1, min(spare, self.seq_len))))
        return super()._arrange(random)

    def _build(self, pieces: Int[np.ndarray, "batch_size"]) -> Batch:
        first = self._shift + pieces * self.seq_len
        window = self.shard.tokens[first[:, None] + np.arange(self.seq_len + 1)]
        ids = torch.from_numpy(window.astype(np.int64))
        return Batch(ids[:, :-1], ids[:, 1:])


class DocumentBatches(EpochBatches):
    """One whole document a row, with neighbors of like length, padded to the longest.

    Every document is seen from its start to its end and nothing else is in its row. After the last
    token the model is to guess the first one of the next document: the separator.

    Raises:
        InputError: A document does not fit.

    >>> batches = DocumentBatches(Shard.of([[0, 5, 6], [0, 7]]), seq_len=8, batch_size=2)
    >>> batches.batch(0).targets.sort(dim=0).values
    tensor([[   5,    0, -100],
            [   7,    6,    0]])
    """

    def __init__(self, shard: Shard, seq_len: int, batch_size: int, seed: int = 0) -> None:
        self.shard, self.lengths = shard, np.diff(shard.starts)
        if (longest := int(self.lengths.max())) > seq_len:
            raise InputError(
                f"batches: expected documents of at most {seq_len} tokens, found one of {longest}; "
                "raise the context, or train on windows"
            )
        super().__init__(len(shard), batch_size, seed)

    def _arrange(self, random: np.random.Generator) -> Int[np.ndarray, "batches batch_size"]:
        batches = super()._arrange(random).ravel()
        stretch = 32 * self.batch_size  # long enough to find neighbors, short enough to stay mixed
        for first in range(0, len(batches), stretch):
            part = batches[first : first + stretch]
            batches[first : first + stretch] = part[np.argsort(self.lengths[part], kind="stable")]
        return random.permutation(batches.reshape(-1, self.batch_size))

    def _build(self, pieces: Int[np.ndarray, "batch_size"]) -> Batch:
        seq_len = int(self.lengths[pieces].max())
        inputs = torch.zeros(len(pieces), seq_len, dtype=torch.long)
        targets = torch.full((len(pieces), seq_len), IGNORE_INDEX)
        for row, piece in enumerate(pieces):
            ids = torch.from_numpy(self.shard.document(int(piece)).astype(np.int64))
            inputs[row, : len(ids)] = ids
            targets[row, : len(ids)] = ids.roll(-1)  # the first id stands behind the last
        return Batch(inputs, targets)
