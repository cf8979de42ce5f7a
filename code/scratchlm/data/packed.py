"""Rows of whole documents as a dataset, with what keeps the documents apart."""

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import Dataset

from scratchlm.data.batches import IGNORE_INDEX
from scratchlm.data.packing import pack
from scratchlm.data.shards import Shards

PADDING = -1  # the document that empty places belong to

Row = tuple[
    Int[Tensor, "seq_len"], Int[Tensor, "seq_len"], Int[Tensor, "seq_len"], Int[Tensor, "seq_len"]
]  # inputs, targets, documents, positions


class PackedDocuments(Dataset[tuple[Tensor, ...]]):
    """Rows of ``seq_len`` tokens, filled with whole documents by best fit.

    After the last token of a document the model is to guess the separator that opened it, as in
    `DocumentBatches`; after the last token of a piece that was cut, the document's next token.

    Attributes:
        packing: Which documents stand in which row.

    Args:
        shards: The documents.
        seq_len: Tokens in a row; longer documents are cut.

    Raises:
        InputError: There is no token.

    >>> from scratchlm.data.shard import Shard
    >>> rows = PackedDocuments(Shards([Shard.of([[0, 5, 6], [0, 7]])]), seq_len=6)
    >>> inputs, targets, documents, positions = rows[0]
    >>> inputs.tolist(), targets.tolist()
    ([0, 5, 6, 0, 7, 0], [5, 6, 0, 7, 0, -100])
    >>> documents.tolist(), positions.tolist()
    ([0, 0, 0, 1, 1, -1], [0, 1, 2, 0, 1, 0])
    """

    def __init__(self, shards: Shards, seq_len: int) -> None:
        self.shards, self.packing = shards, pack(shards.lengths, seq_len)

    def __len__(self) -> int:
        return len(self.packing)

    def __getitem__(self, index: int) -> Row:
        """Return inputs and targets, the number of each place's document, and its place there.

        Empty places hold token 0, the target `IGNORE_INDEX` and the document `PADDING`.
        """
        row = range(len(self))[index]  # refuses what is out of range
        seq_len = self.packing.seq_len
        inputs, positions = torch.zeros(2, seq_len, dtype=torch.long)
        targets, documents = torch.full((seq_len,), IGNORE_INDEX), torch.full((seq_len,), PADDING)
        at = 0
        first, last = self.packing.rows[row : row + 2].tolist()
        for number, piece in enumerate(range(first, last)):
            ids, following = self._piece(piece)
            place = slice(at, at + len(ids))
            inputs[place], targets[place] = ids, following
            documents[place], positions[place] = number, torch.arange(len(ids))
            at += len(ids)
        return inputs, targets, documents, positions

    def _piece(self, piece: int) -> tuple[Int[Tensor, "length"], Int[Tensor, "length"]]:
        packing = self.packing
        document = self.shards.document(int(packing.documents[piece]))
        ids = torch.from_numpy(document.astype(np.int64))
        place = slice(packing.starts[piece], packing.starts[piece] + packing.lengths[piece])
        return ids[place], ids.roll(-1)[place]
