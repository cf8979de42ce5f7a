"""From folders of token shards to a run, however large they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from scratchlm.data.batch import Batches
from scratchlm.data.packed_documents import PackedDocuments
from scratchlm.data.sample_stream import SampleBatches, SampleStream
from scratchlm.data.shard import Shard
from scratchlm.data.shards import Shards
from scratchlm.data.training_text import TrainingText
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer

MEASURED = 200_000  # tokens of each source that are enough to measure on


@dataclass(frozen=True)
class ShardText(TrainingText):
    """Sources of token shards, mixed by weights; they stay on the disk.

    Attributes:
        train: The sources to learn from.
        weights: The share of each.
    """

    train: Sequence[Shards]
    weights: Sequence[float]

    @property
    def tokens(self) -> int:
        """How many there are to learn from."""
        return sum(source.tokens for source in self.train)

    def batches(self, seq_len: int, batch_size: int, seed: int) -> Batches:
        """Rows of whole documents, which attention keeps apart."""
        sources = [PackedDocuments(source, seq_len) for source in self.train]
        return SampleBatches(SampleStream(sources, self.weights, seed), batch_size)


def open_shards(
    folders: Sequence[Path], tokenizer: Path, weights: Sequence[float] = ()
) -> ShardText:
    """Open sources, each a folder that `write_shards` wrote; the last shard of each is held out.

    Args:
        folders: The sources.
        tokenizer: The file of the tokenizer that made their ids.
        weights: The share of each source; by default they are equal.

    Raises:
        InputError: A folder is no finished one, belongs to another tokenizer, or holds a single
            shard; or there is not a weight for each.

    >>> import tempfile
    >>> from scratchlm.data.write_shards import write_shards
    >>> folder = Path(tempfile.mkdtemp())
    >>> Tokenizer([]).save(folder / "t.json")
    >>> _ = write_shards(["ab", "cd", "ef"], Tokenizer([]), folder / "one", shard_tokens=6)
    >>> text = open_shards([folder / "one"], folder / "t.json")
    >>> text.tokens, text.held_out_text()
    (6, ['ef'])
    """
    if len(weights) not in (0, len(folders)):
        raise InputError(
            f"weights: expected one for each of {len(folders)} folders, found {len(weights)}"
        )
    loaded = Tokenizer.load(tokenizer)
    train, held_out = [], []
    for folder in folders:
        *parts, last = Shards.load(folder, loaded.fingerprint).shards
        if not parts:
            raise InputError(
                f"{folder}: expected at least two shards, of which the last one is held out, "
                "found one; pack the text with a smaller --shard-tokens"
            )
        train.append(Shards(parts))
        held_out.append(first_documents(last, MEASURED))
    return ShardText(
        loaded, Shard.of(chain.from_iterable(held_out)), train, weights or [1.0] * len(train)
    )


def first_documents(shard: Shard, tokens: int) -> list[list[int]]:
    """The first documents of a shard: the first one, and more as long as they fit ``tokens``.

    >>> first_documents(Shard.of([[7, 1], [7, 2], [7, 3]]), 5)
    [[7, 1], [7, 2]]
    """
    fitting = int((shard.starts[1:] <= tokens).sum())
    return [shard.document(index).tolist() for index in range(max(1, fitting))]
