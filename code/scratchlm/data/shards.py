"""Token ids on disk, read without loading them into memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt16

from scratchlm.errors import InputError
from scratchlm.storage import write_atomically

LARGEST_ID = np.iinfo(np.uint16).max  # two bytes a token: enough for 65,536 ids


@dataclass(frozen=True)
class Shard:
    """Documents, one behind the other, and where each starts.

    Attributes:
        tokens: All ids; a memory map when read from disk.
        starts: First position of each document, and the end of the last.

    >>> shard = Shard.of([[7, 8, 9], [7, 5]])
    >>> len(shard), shard.document(1).tolist()
    (2, [7, 5])
    """

    tokens: UInt16[np.ndarray, "tokens"]
    starts: Int64[np.ndarray, "documents_and_one"]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def document(self, index: int) -> UInt16[np.ndarray, "length"]:
        """The ids of one document."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    @classmethod
    def of(cls, documents: Iterable[Sequence[int]]) -> "Shard":
        """Gather documents in memory.

        Raises:
            InputError: There is no token at all, or an id needs more than two bytes.

        >>> Shard.of([[1, 2]]).tokens.tolist()
        [1, 2]
        """
        rows = [np.asarray(document, dtype=np.int64) for document in documents]
        tokens = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        if not len(tokens):
            raise InputError("shard: expected at least one token, found none; is the text empty?")
        if tokens.max() > LARGEST_ID or tokens.min() < 0:
            raise InputError(
                f"shard: expected ids from 0 to {LARGEST_ID}, found {tokens.min()} to "
                f"{tokens.max()}; use a smaller vocabulary"
            )
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(tokens.astype(np.uint16), starts)

    def save(self, folder: Path) -> None:
        """Write ``tokens.npy`` and ``starts.npy``."""
        for name in ("starts", "tokens"):
            buffer = BytesIO()
            np.save(buffer, getattr(self, name))
            write_atomically(folder / f"{name}.npy", buffer.getvalue())

    @classmethod
    def load(cls, folder: Path) -> "Shard":
        """Map a saved shard into memory.

        Raises:
            InputError: A file is missing or damaged, or the two do not belong together.

        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()); Shard.of([[1, 2], [3]]).save(folder)
        >>> Shard.load(folder).document(1).tolist()
        [3]
        """
        try:
            tokens = np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False)
            starts = np.load(folder / "starts.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{folder}: expected a shard (tokens.npy and starts.npy), found {error}; "
                "write it again"
            ) from error
        if tokens.dtype != np.uint16 or not len(starts) or starts[-1] != len(tokens):
            raise InputError(
                f"{folder}: expected two-byte tokens that end where starts.npy says, found "
                f"{len(tokens)} of {tokens.dtype}; write the shard again"
            )
        return cls(tokens, starts)
