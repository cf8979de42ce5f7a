"""Packed rows as a dataset, with the ids that keep their documents apart."""

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import Dataset

from scratchlm.data.batch import IGNORE_INDEX
from scratchlm.data.packing import best_fit_pack
from scratchlm.data.shards import Shards

PADDING = -1  # the document id of empty positions

Row = tuple[
    Int[Tensor, "seq_len"], Int[Tensor, "seq_len"], Int[Tensor, "seq_len"], Int[Tensor, "seq_len"]
]  # input_ids, targets, document_ids, position_ids


class PackedDocuments(Dataset[tuple[Tensor, ...]]):
    """Sequence packing: rows of ``seq_len`` tokens, filled with whole documents by best fit.

    Every token is in one row, once. After the last token of a document the model is to predict the
    separator that opened it, as in `DocumentBatches`; after the last token of a piece that was
    cut, the document's next token.

    Attributes:
        packing: Which documents stand in which row.

    Args:
        shards: The documents.
        seq_len: Tokens in a row; longer documents are cut.

    Raises:
        InputError: There is no token.

    >>> from scratchlm.data.shard import Shard
    >>> rows = PackedDocuments(Shards([Shard.of([[0, 5, 6], [0, 7]])]), seq_len=6)
    >>> input_ids, targets, document_ids, position_ids = rows[0]
    >>> input_ids.tolist(), targets.tolist()
    ([0, 5, 6, 0, 7, 0], [5, 6, 0, 7, 0, -100])
    >>> document_ids.tolist(), position_ids.tolist()
    ([0, 0, 0, 1, 1, -1], [0, 1, 2, 0, 1, 0])
    """

    def __init__(self, shards: Shards, seq_len: int) -> None:
        self.shards, self.packing = shards, best_fit_pack(shards.lengths, seq_len)

    def __len__(self) -> int:
        return len(self.packing)

    def __getitem__(self, index: int) -> Row:
        """Return input ids and targets, the id of each position's document, and its position there.

        Empty positions hold token 0, the target `IGNORE_INDEX` and the document `PADDING`.
        """
        row = range(len(self))[index]  # refuses what is out of range
        seq_len = self.packing.seq_len
        input_ids, position_ids = torch.zeros(2, seq_len, dtype=torch.long)
        targets = torch.full((seq_len,), IGNORE_INDEX)
        document_ids = torch.full((seq_len,), PADDING)
        at = 0
        first, last = self.packing.row_starts[row : row + 2].tolist()
        for number, piece in enumerate(range(first, last)):
            ids, following = self._piece(piece)
            place = slice(at, at + len(ids))
            input_ids[place], targets[place] = ids, following
            document_ids[place], position_ids[place] = number, torch.arange(len(ids))
            at += len(ids)
        return input_ids, targets, document_ids, position_ids

    def _piece(self, piece: int) -> tuple[Int[Tensor, "length"], Int[Tensor, "length"]]:
        packing = self.packing
        document = self.shards.document(int(packing.document_ids[piece]))
        ids = torch.from_numpy(document.astype(np.int64))
        first = packing.offsets[piece]
        place = slice(first, first + packing.lengths[piece])
        return ids[place], ids.roll(-1)[place]
