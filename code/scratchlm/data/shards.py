"""Many shards as one: documents by number, and any stretch of the text."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt

from scratchlm.data.shard import Shard
from scratchlm.data.shard_header import read_header
from scratchlm.data.shard_index import INDEX, ShardIndex
from scratchlm.errors import InputError


class Shards:
    """Token shards one after the other, as if they were a single one.

    Attributes:
        shards: The parts, in order.
        tokens: How many tokens there are in all.

    >>> shards = Shards([Shard.of([[7, 8, 9]]), Shard.of([[7, 5], [7]])])
    >>> len(shards), shards.document(1).tolist(), shards.read(2, 5).tolist()
    (3, [7, 5], [9, 7, 5])
    """

    def __init__(self, shards: Sequence[Shard]) -> None:
        if not shards:
            raise InputError("shards: expected at least one, found none")
        self.shards = tuple(shards)
        self._first_document = np.cumsum([0, *map(len, shards)]).tolist()
        self._first_token = np.cumsum([0, *(len(shard.tokens) for shard in shards)]).tolist()
        self.tokens: int = self._first_token[-1]

    def __len__(self) -> int:
        return self._first_document[-1]  # type: ignore[no-any-return]

    @cached_property
    def lengths(self) -> Int64[np.ndarray, "documents"]:
        """Tokens in each document."""
        return np.concatenate([np.diff(shard.starts) for shard in self.shards])

    def document(self, index: int) -> UInt[np.ndarray, "length"]:
        """The ids of one document, counted over all shards; IndexError where there is none."""
        index = range(len(self))[index]
        part = bisect_right(self._first_document, index) - 1
        return self.shards[part].document(index - self._first_document[part])

    def read(self, first: int, last: int) -> UInt[np.ndarray, "length"]:
        """The ids of a stretch of the text, in whichever shards it lies.

        Args:
            first: Where it begins, from 0.
            last: Where it ends: after ``first``, and at most `tokens`.
        """
        part = bisect_right(self._first_token, first) - 1
        pieces = []
        while first < last:
            start, end = self._first_token[part : part + 2]
            pieces.append(self.shards[part].tokens[first - start : min(last, end) - start])
            first, part = end, part + 1
        return np.concatenate(pieces)

    @classmethod
    def load(cls, folder: Path, tokenizer: str | None = None) -> "Shards":
        """Map all shards of a folder into memory.

        Args:
            folder: What `write_shards` or ``scratchlm data pack`` wrote.
            tokenizer: Fingerprint of the tokenizer that the ids must belong to.

        Raises:
            InputError: The folder is not finished, a shard is damaged or is not the one that the
                index names, or all belong to another tokenizer.

        >>> import tempfile
        >>> from scratchlm.data.write_shards import write_shards
        >>> from scratchlm.tokenizer import Tokenizer
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = write_shards(["ab", "c"], Tokenizer([]), folder, 3)
        >>> Shards.load(folder).lengths.tolist()
        [3, 2]
        """
        index = ShardIndex.load(folder)
        if not index.complete:
            raise InputError(
                f"{folder}: expected finished shards, found {len(index.shards)} of a run that was "
                "cut off; run the same command again to finish it"
            )
        for entry in index.shards:
            if read_header(folder / entry.name, tokenizer).body_sha256 != entry.sha256:
                raise InputError(
                    f"{folder / entry.name}: expected the shard that {INDEX} names, found another; "
                    "write the shards again, into an empty folder"
                )
        return cls([Shard.load(folder / entry.name) for entry in index.shards])
