"""Batches of whole documents, one a row."""

import numpy as np
import torch
from jaxtyping import Int

from scratchlm.data.batch import IGNORE_INDEX, Batch, Batches
from scratchlm.data.shard import Shard
from scratchlm.errors import InputError


class DocumentBatches(Batches):
    """One whole document a row, in batches of similar length (length bucketing), padded.

    Every document is seen from its start to its end and nothing else is in its row. After the last
    token the model is to predict the first one of the next document: the separator.

    Every epoch has an order of its own and takes no document twice. It leaves out those that do
    not fill a batch: fewer than ``batch_size``, others in every epoch. (Fewer documents than rows
    are repeated in the batch.)

    Attributes:
        batches_per_epoch: Batches before the documents come in another order.

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
        self.batches_per_epoch = max(1, len(shard) // batch_size)
        self._epoch, self._order = -1, np.zeros((0, batch_size), dtype=np.int64)

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0 over all epochs."""
        epoch, place = divmod(number, self.batches_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._arrange(epoch)
        return self._build(self._order[place])

    def _arrange(self, epoch: int) -> Int[np.ndarray, "batches batch_size"]:
        """Decide which documents form which batch."""
        random = np.random.default_rng([self.seed, epoch])
        rows = self.batches_per_epoch * self.batch_size
        order = np.resize(random.permutation(len(self.shard)), rows)
        stretch = 32 * self.batch_size  # long enough to find neighbors, short enough to stay mixed
        for first in range(0, rows, stretch):
            part = order[first : first + stretch]
            order[first : first + stretch] = part[np.argsort(self.lengths[part], kind="stable")]
        return random.permutation(order.reshape(-1, self.batch_size))

    def _build(self, documents: Int[np.ndarray, "batch_size"]) -> Batch:
        seq_len = int(self.lengths[documents].max())
        inputs = torch.zeros(len(documents), seq_len, dtype=torch.long)
        targets = torch.full((len(documents), seq_len), IGNORE_INDEX)
        for row, document in enumerate(documents):
            ids = torch.from_numpy(self.shard.document(int(document)).astype(np.int64))
            inputs[row, : len(ids)] = ids
            targets[row, : len(ids)] = ids.roll(-1)  # the first id stands after the last
        return Batch(inputs, targets)
