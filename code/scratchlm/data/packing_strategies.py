"""Packing strategies: four ways to put the same documents into rows, to compare them."""

from typing import Literal, get_args

import torch
from jaxtyping import Int
from torch import Tensor

from scratchlm.data.batch import Batches
from scratchlm.data.document_batches import DocumentBatches
from scratchlm.data.packed_documents import PackedDocuments
from scratchlm.data.sample_stream import SampleBatches, SampleStream
from scratchlm.data.shard import Shard
from scratchlm.data.shards import Shards
from scratchlm.data.windows import Windows
from scratchlm.errors import InputError

PackingStrategy = Literal["windows", "masked windows", "packed", "padded"]
PACKING_STRATEGIES: tuple[PackingStrategy, ...] = get_args(PackingStrategy)


class MaskedWindows(Windows):
    """Windows with document ids and position ids, so that attention stays inside a document.

    A document begins wherever the separator stands; what comes before the first one is the rest
    of a document that the window cuts. Positions count from the document's start in the window.

    >>> windows = MaskedWindows(Shards([Shard.of([[0, 7, 7], [0, 8, 8, 8]])]), seq_len=6)
    >>> _, _, document_ids, position_ids = windows[0]
    >>> document_ids.tolist(), position_ids.tolist()
    ([1, 1, 1, 2, 2, 2], [0, 1, 2, 0, 1, 2])
    """

    def __getitem__(self, index: int) -> tuple[Int[Tensor, "seq_len"], ...]:  # type: ignore[override]
        """Return a window, what follows its tokens, and each one's document and position there."""
        input_ids, targets = super().__getitem__(index)
        separator = int(self.shards.read(0, 1)[0])  # opens every document, so also the first
        opens = input_ids == separator
        positions = torch.arange(self.seq_len)
        starts = torch.where(opens, positions, 0).cummax(0).values
        return input_ids, targets, opens.cumsum(0), positions - starts


def make_batches(
    strategy: PackingStrategy, shard: Shard, seq_len: int, batch_size: int, seed: int = 0
) -> Batches:
    """Batches of about ``seq_len`` × ``batch_size`` tokens, by one of four packing strategies.

    Args:
        strategy: ``windows`` cut documents and let attention cross their borders; in ``masked
            windows`` it stays inside; ``packed`` rows hold whole documents, with document masks;
            ``padded`` is a document a row, and padding.
        shard: The documents, each opened by the separator.
        seq_len: Tokens in a row, or the most that a document may have.
        batch_size: Rows in a batch; of single documents, as many as give as many tokens.
        seed: Decides the order.

    Raises:
        InputError: There is no such strategy, or the text does not suit it.

    >>> shard = Shard.of([[0, 5, 6], [0, 7]] * 8)
    >>> every = [make_batches(one, shard, seq_len=5, batch_size=2) for one in PACKING_STRATEGIES]
    >>> [tuple(batches.batch(0).input_ids.shape) for batches in every]
    [(2, 5), (2, 5), (2, 5), (4, 2)]
    """
    if strategy not in PACKING_STRATEGIES:
        names = ", ".join(PACKING_STRATEGIES)
        raise InputError(f"packing: expected one of {names}, found {strategy!r}")
    if strategy == "padded":
        whole = round(batch_size * seq_len * len(shard) / len(shard.tokens))
        return DocumentBatches(shard, seq_len, max(1, whole), seed)
    datasets: dict[str, type[Windows] | type[PackedDocuments]] = {
        "windows": Windows,
        "masked windows": MaskedWindows,
        "packed": PackedDocuments,
    }
    rows = datasets[strategy](Shards([shard]), seq_len)
    return SampleBatches(SampleStream([rows], seed=seed), batch_size)
