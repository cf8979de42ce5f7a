"""The samples of a whole training run by number, and the batches made of them."""

from collections.abc import Sequence, Sized
from typing import Protocol

from torch import Tensor
from torch.utils.data import Dataset, default_collate

from scratchlm.data.batch import Batch, Batches, check_ranks
from scratchlm.data.mixture import Mixture
from scratchlm.data.permutation import Shuffle
from scratchlm.errors import InputError


class Samples(Sized, Protocol):
    """What `Windows` and `PackedDocuments` are: samples with a length."""

    def __getitem__(self, index: int) -> tuple[Tensor, ...]: ...


class SampleStream(Dataset[tuple[Tensor, ...]]):
    """An endless sequence of samples, mixed from datasets, each of them shuffled anew every epoch.

    Sample n depends on n, on the seed, and on nothing that came before. So a run that was cut off
    goes on with the number it had reached, and any process can make any part.

    Args:
        datasets: The sources; each gives its samples in epochs of its own.
        weights: The share of each source; by default they are equal.
        seed: Another seed, another order.

    Raises:
        InputError: There is no sample in a dataset, or datasets or weights do not go together.

    >>> from scratchlm.data.shard import Shard
    >>> from scratchlm.data.shards import Shards
    >>> from scratchlm.data.windows import Windows
    >>> stream = SampleStream([Windows(Shards([Shard.of([range(9)])]), seq_len=2)])
    >>> sorted(stream[number][0].tolist() for number in range(4))
    [[0, 1], [2, 3], [4, 5], [6, 7]]
    """

    def __init__(
        self, datasets: Sequence[Samples], weights: Sequence[float] | None = None, seed: int = 0
    ) -> None:
        weights = [1] * len(datasets) if weights is None else weights
        if not datasets or len(weights) != len(datasets) or not all(map(len, datasets)):
            raise InputError(
                "stream: expected datasets that are not empty, with a weight each, found "
                f"{len(weights)} weights for datasets of {list(map(len, datasets))} samples"
            )
        shapes = {tuple(part.shape for part in dataset[0]) for dataset in datasets}
        if len(shapes) > 1:
            raise InputError(
                f"stream: expected samples of one shape, found {sorted(shapes)}; use one context, "
                "and either windows or packed documents"
            )
        self.datasets, self.seed, self.mixture = datasets, seed, Mixture(weights)
        # A source of its own seed, or two of equal size would be shuffled alike.
        self._orders = [
            Shuffle(len(dataset), seed * len(datasets) + source)
            for source, dataset in enumerate(datasets)
        ]

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        source, sample = self.mixture[number]
        return self.datasets[source][self._orders[source][sample]]


class SampleBatches(Batches):
    """Batches of a stream: number n holds the samples from n · batch_size on.

    Where several processes (ranks) train one model, each takes its part of every batch; side by
    side the parts are the batch of a single process.

    Args:
        stream: The samples.
        batch_size: Samples in a batch, over all ranks.
        rank: Which part is ours, from 0.
        ranks: How many parts there are.

    Raises:
        InputError: The samples of a batch cannot be shared out equally, or there is no such rank.

    >>> from scratchlm.data.shard import Shard
    >>> from scratchlm.data.shards import Shards
    >>> from scratchlm.data.windows import Windows
    >>> stream = SampleStream([Windows(Shards([Shard.of([range(9)])]), seq_len=2)])
    >>> SampleBatches(stream, batch_size=4, rank=1, ranks=2).numbers(3)
    range(14, 16)
    """

    def __init__(
        self, stream: SampleStream, batch_size: int, *, rank: int = 0, ranks: int = 1
    ) -> None:
        super().__init__(sum(map(len, stream.datasets)), batch_size, stream.seed)
        check_ranks(batch_size, rank, ranks)
        self.stream, self.share, self.rank = stream, batch_size // ranks, rank

    def numbers(self, number: int) -> range:
        """The numbers of our samples in a batch."""
        first = number * self.batch_size + self.rank * self.share
        return range(first, first + self.share)

    def batch(self, number: int) -> Batch:
        """Return our part of the batch with this number, counted from 0."""
        return collate([self.stream[sample] for sample in self.numbers(number)])

    def for_rank(self, rank: int, ranks: int) -> "SampleBatches":
        """The part of every batch that one rank trains on, of which it makes its own only."""
        return SampleBatches(self.stream, self.batch_size, rank=rank, ranks=ranks)


def collate(samples: Sequence[tuple[Tensor, ...]]) -> Batch:
    """Lay samples on top of each other.

    >>> import torch
    >>> one = torch.tensor([1, 2])
    >>> collate([(one, one + 1), (one, one)]).targets
    tensor([[2, 3],
            [1, 2]])
    """
    return Batch(*default_collate(list(samples)))
