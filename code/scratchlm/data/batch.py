"""A batch for the model, and sequences of batches that are functions of a number.

Batch number n is always the same, so training that was cut off goes on with batch n and has
neither repeated nor skipped anything.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Int
from torch import Tensor

from scratchlm.errors import InputError

IGNORE_INDEX = -100  # a target that PyTorch's cross-entropy leaves out


@dataclass(frozen=True)
class Batch:
    """A batch: token ids, and for each position its target, the token that comes next.

    Attributes:
        input_ids: Token ids.
        targets: The next ids, or `IGNORE_INDEX` where none is to be predicted.
        document_ids: The number of each position's document in its row, where rows are packed;
            attention stays inside a document.
        position_ids: The position of each token in its document, where rows are packed.

    >>> batch = Batch(torch.tensor([[5, 6], [7, 8]]), torch.tensor([[6, IGNORE_INDEX], [8, 9]]))
    >>> batch.count, batch.rows(1, 2).input_ids.tolist()
    (3, [[7, 8]])
    """

    input_ids: Int[Tensor, "batch seq_len"]
    targets: Int[Tensor, "batch seq_len"]
    document_ids: Int[Tensor, "batch seq_len"] | None = None
    position_ids: Int[Tensor, "batch seq_len"] | None = None

    @property
    def count(self) -> int:
        """How many targets are to be predicted."""
        return int((self.targets != IGNORE_INDEX).sum())

    def rows(self, first: int, last: int) -> "Batch":
        """Some of the rows, from ``first`` to before ``last``."""
        return self._each(lambda tensor: tensor[first:last])

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """The batch on a device.

        Args:
            device: Where the tensors go.
            non_blocking: Do not wait for the copy; from pinned memory to a GPU only.

        >>> Batch(torch.tensor([[5]]), torch.tensor([[6]])).to("meta").targets.device.type
        'meta'
        """
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """The batch in page-locked memory, which a GPU copies while it computes."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(
            self, **{name: change(one) for name, one in found.items() if one is not None}
        )


class Batches(ABC):
    """Batches by number.

    Args:
        pieces: How many rows there are before they come in another order.
        batch_size: Sequences in a batch (batch size).
        seed: Decides every order.

    Raises:
        InputError: A batch would hold no row.
    """

    def __init__(self, pieces: int, batch_size: int, seed: int) -> None:
        if batch_size < 1:
            raise InputError(f"batches: expected a batch size of at least 1, found {batch_size}")
        self.pieces, self.batch_size, self.seed = pieces, batch_size, seed

    @abstractmethod
    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0."""

    def for_rank(self, rank: int, ranks: int) -> "Batches":
        """The part of every batch that one of several processes (ranks) trains on.

        Side by side, the parts of all ranks are the batch of a single process.

        Args:
            rank: Which part, from 0.
            ranks: How many parts there are.

        Raises:
            InputError: The rows cannot be shared out equally, or there is no such rank.

        >>> from scratchlm.data import Shard, StreamBatches
        >>> batches = StreamBatches(Shard.of([range(10)]), seq_len=4, batch_size=6)
        >>> batches.for_rank(1, 3).batch(0).input_ids.shape
        torch.Size([2, 4])
        """
        check_ranks(self.batch_size, rank, ranks)
        return _RankBatches(self, rank, ranks)


class _RankBatches(Batches):
    """One rank's rows of each batch."""

    def __init__(self, whole: Batches, rank: int, ranks: int) -> None:
        super().__init__(whole.pieces, whole.batch_size, whole.seed)
        self.whole, self.rank, self.share = whole, rank, whole.batch_size // ranks

    def batch(self, number: int) -> Batch:
        first = self.rank * self.share
        return self.whole.batch(number).rows(first, first + self.share)


def check_ranks(batch_size: int, rank: int, ranks: int) -> None:
    """Refuse ranks that cannot share a batch equally.

    Raises:
        InputError: There is a remainder, or no such rank.

    >>> check_ranks(batch_size=8, rank=3, ranks=4)
    """
    if ranks < 1 or batch_size % ranks:
        raise InputError(
            f"batches: expected a batch size that {ranks} ranks share equally, found "
            f"{batch_size}; use a multiple of {ranks}"
        )
    if not 0 <= rank < ranks:
        raise InputError(f"batches: expected a rank from 0 to {ranks - 1}, found {rank}")
