"""Four ways to lay the same documents out in rows, to train on each and compare."""

from typing import Literal, get_args

from jaxtyping import Int
from torch import Tensor

from scratchlm.data.batches import Batches, DocumentBatches
from scratchlm.data.packed import PackedDocuments
from scratchlm.data.shard import Shard
from scratchlm.data.shards import Shards
from scratchlm.data.stream import SampleBatches, SampleStream
from scratchlm.data.windows import Windows
from scratchlm.errors import InputError

Layout = Literal["windows", "masked windows", "packed", "one a row"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


class MaskedWindows(Windows):
    """Windows whose places know which document they are in, counted from the window's start.

    A document begins wherever the separator stands; what comes before the first one is the rest
    of a document that the window cuts.

    >>> windows = MaskedWindows(Shards([Shard.of([[0, 7, 7], [0, 8, 8, 8]])]), seq_len=6)
    >>> windows[0][2].tolist()
    [1, 1, 1, 2, 2, 2]
    """

    def __getitem__(self, index: int) -> tuple[Int[Tensor, "seq_len"], ...]:  # type: ignore[override]
        """Return a window, what follows its tokens, and the number of each one's document."""
        inputs, targets = super().__getitem__(index)
        separator = int(self.shards.read(0, 1)[0])  # opens every document, so also the first
        return inputs, targets, (inputs == separator).cumsum(0)


def arrange(layout: Layout, shard: Shard, seq_len: int, batch_size: int, seed: int = 0) -> Batches:
    """Batches of about ``seq_len`` × ``batch_size`` tokens, laid out in one of the four ways.

    Args:
        layout: ``windows`` cut documents and let attention cross their borders; in ``masked
            windows`` it stays inside; ``packed`` rows hold whole documents, with masks; ``one a
            row`` is a document a row, padded.
        shard: The documents, each opened by the separator.
        seq_len: Tokens in a row, or the most that a document may have.
        batch_size: Rows in a batch; of single documents, as many as give as many tokens.
        seed: Decides the order.

    Raises:
        InputError: There is no such layout, or the text does not suit it.

    >>> shard = Shard.of([[0, 5, 6], [0, 7]] * 8)
    >>> batches = [arrange(layout, shard, seq_len=5, batch_size=2) for layout in LAYOUTS]
    >>> [tuple(one.batch(0).input_ids.shape) for one in batches]
    [(2, 5), (2, 5), (2, 5), (4, 2)]
    """
    if layout not in LAYOUTS:
        raise InputError(f"layout: expected one of {', '.join(LAYOUTS)}, found {layout!r}")
    if layout == "one a row":
        whole = round(batch_size * seq_len * len(shard) / len(shard.tokens))
        return DocumentBatches(shard, seq_len, max(1, whole), seed)
    kinds: dict[str, type[Windows] | type[PackedDocuments]] = {
        "windows": Windows,
        "masked windows": MaskedWindows,
        "packed": PackedDocuments,
    }
    return SampleBatches(
        SampleStream([kinds[layout](Shards([shard]), seq_len)], seed=seed), batch_size
    )
