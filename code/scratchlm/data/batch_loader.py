"""Batches one after the other, made ahead by other processes: a prefetching data loader."""

from collections.abc import Iterator
from itertools import count

import torch
from torch.utils.data import DataLoader, Dataset

from scratchlm.data.batch import Batch, Batches
from scratchlm.errors import InputError


class BatchLoader:
    """A prefetching, resumable data loader: batches in their order, without end.

    What it yields are the batches that `Batches.batch` makes, whatever the number of workers, and
    its state is the number of the next one; what workers have made ahead does not count.

    Args:
        batches: Where batch n comes from.
        first: The number of the first one: after a restart, how many have been used.
        workers: Processes that make batches ahead; 0 makes each when it is asked for.
        prefetch: Batches that every worker has ready, at most.
        pin_memory: Put batches into page-locked memory, from which a GPU copies while it computes.

    Attributes:
        number: The number of the next batch.

    Raises:
        InputError: A number is below its least.

    >>> from scratchlm.data import Shard, StreamBatches
    >>> batches = StreamBatches(Shard.of([range(10)]), seq_len=4, batch_size=2)
    >>> loader = BatchLoader(batches, first=5)
    >>> bool((next(iter(loader)).input_ids == batches.batch(5).input_ids).all())
    True
    >>> loader.state_dict()
    {'number': 6}
    """

    def __init__(
        self,
        batches: Batches,
        first: int = 0,
        *,
        workers: int = 0,
        prefetch: int = 2,
        pin_memory: bool = False,
    ) -> None:
        for name, found, least in (
            ("first", first, 0),
            ("workers", workers, 0),
            ("prefetch", prefetch, 1),
        ):
            if found < least:
                raise InputError(f"loader: expected {name} of at least {least}, found {found}")
        self.batches, self.number = batches, first
        self.workers, self.prefetch, self.pin_memory = workers, prefetch, pin_memory

    def __iter__(self) -> Iterator[Batch]:
        loader = DataLoader(
            _ByNumber(self.batches),
            batch_size=None,  # an item is a batch already
            sampler=count(self.number),
            num_workers=self.workers,
            prefetch_factor=self.prefetch if self.workers else None,
            pin_memory=self.pin_memory,
            generator=torch.Generator(),  # or it would draw from the generator of all
        )
        for batch in loader:
            self.number += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """What a checkpoint keeps."""
        return {"number": self.number}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where another loader was; the next `iter` begins there."""
        self.number = state["number"]


class _ByNumber(Dataset[Batch]):
    """Batches as PyTorch's loader asks for them."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Batch:
        return self.batches.batch(number)
