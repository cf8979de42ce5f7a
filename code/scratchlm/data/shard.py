"""Token ids on disk, read without loading them into memory."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt

from scratchlm.data.shard_header import CHUNK, HEADER_BYTES, SHARD, Header, id_dtype, read_header
from scratchlm.data.shard_writer import ShardWriter
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer


@dataclass(frozen=True)
class Shard:
    """A token shard: documents, one after the other, and where each starts.

    Attributes:
        tokens: All ids, in two bytes or in four; a memory map when read from disk.
        starts: First position of each document, and the end of the last.
        path: The file, where there is one.

    >>> shard = Shard.of([[7, 8, 9], [7, 5]])
    >>> len(shard), shard.document(1).tolist()
    (2, [7, 5])
    """

    tokens: UInt[np.ndarray, "tokens"]
    starts: Int64[np.ndarray, "documents_and_one"]
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __reduce__(self) -> tuple[object, ...]:
        # A process that is started afresh is told the file's name, not its gigabytes.
        if self.path is None:
            return Shard, (self.tokens, self.starts)
        return Shard.load, (self.path,)

    def document(self, index: int) -> UInt[np.ndarray, "length"]:
        """The ids of one document."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    @classmethod
    def of(cls, documents: Iterable[Sequence[int]]) -> "Shard":
        """Gather documents in memory.

        Raises:
            InputError: There is no token at all, or an id does not fit into four bytes.

        >>> Shard.of([[1, 2]]).tokens.tolist()
        [1, 2]
        """
        rows = [np.asarray(document, dtype=np.int64) for document in documents]
        tokens = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        if not len(tokens):
            raise InputError("shard: expected at least one token, found none; is the text empty?")
        if tokens.min() < 0:
            raise InputError(f"shard: expected ids from 0 on, found {tokens.min()}")
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(tokens.astype(id_dtype(int(tokens.max()) + 1)), starts)

    def save(self, path: Path, tokenizer: Tokenizer) -> Header:
        """Write the shard to a file; it is whole, or not there.

        Args:
            path: The file.
            tokenizer: What made the ids.

        Raises:
            InputError: An id is not the tokenizer's, the disk is full, or the folder cannot be
                written.
        """
        with ShardWriter(path, tokenizer) as writer:
            for index in range(len(self)):
                writer.append(self.document(index))
        return writer.header

    @classmethod
    def load(cls, path: Path, tokenizer: str | None = None) -> "Shard":
        """Map a saved shard into memory.

        Args:
            path: The file.
            tokenizer: Fingerprint of the tokenizer that its ids must belong to.

        Raises:
            InputError: The file is missing or damaged, or belongs to another tokenizer.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.shard"
        >>> _ = Shard.of([[1, 2], [3]]).save(path, Tokenizer([]))
        >>> Shard.load(path).document(1).tolist()
        [3]
        """
        header = read_header(path, tokenizer)
        dtype = id_dtype(header.vocab_size)
        tokens = np.memmap(path, dtype, "r", HEADER_BYTES, (header.tokens,))
        starts = np.memmap(path, "<i8", "r", header.starts_at, (header.documents + 1,))
        if starts[0] != 0 or starts[-1] != header.tokens:
            raise InputError(
                f"{path}: expected documents from token 0 to {header.tokens}, found them from "
                f"{starts[0]} to {starts[-1]}; write the shard again"
            )
        return cls(tokens, starts, path)


def verify_shard(path: Path) -> Header:
    """Read all of a shard, and check that nothing has changed since it was written.

    Raises:
        InputError: Its sha256 is another one, or an id is not in the vocabulary.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.shard"
    >>> _ = Shard.of([[1, 2], [3]]).save(path, Tokenizer([])); verify_shard(path).tokens
    3
    """
    header = read_header(path)
    found = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while chunk := file.read(CHUNK):
            found.update(chunk)
    if found.hexdigest() != header.body_sha256:
        raise InputError(
            f"{path}: expected sha256 {header.body_sha256}, found {found.hexdigest()}: it was "
            f"changed or damaged; {SHARD.remedy}"
        )
    tokens = Shard.load(path).tokens
    largest = max(int(tokens[at : at + CHUNK].max()) for at in range(0, len(tokens), CHUNK))
    if largest >= header.vocab_size:
        raise InputError(
            f"{path}: expected ids below {header.vocab_size}, found {largest}; {SHARD.remedy}"
        )
    return header
