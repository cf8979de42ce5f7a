"""Writing a shard document by document, in memory that does not grow with its tokens."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import Int

from scratchlm.data.shard_header import HEADER_BYTES, Header, id_dtype
from scratchlm.errors import InputError
from scratchlm.storage import AtomicFile
from scratchlm.tokenizer import Tokenizer


class ShardWriter:
    """A shard that is growing; it takes its name when it is whole, or leaves nothing behind.

    In memory are only the places where documents start, 8 bytes each.

    Args:
        path: Where the shard will be; its folder is made where it is missing.
        tokenizer: What makes the ids.

    Raises:
        InputError: The disk is full, or the folder cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.shard"
    >>> with ShardWriter(path, Tokenizer([])) as writer:
    ...     writer.append([256, 97]); writer.append([256])
    >>> writer.header.documents, writer.header.tokens, path.stat().st_size
    (2, 3, 544)
    """

    header: Header  # known when the shard is whole

    def __init__(self, path: Path, tokenizer: Tokenizer) -> None:
        self.path, self.tokenizer = path, tokenizer
        self.starts = [0]
        self._dtype = id_dtype(tokenizer.vocab_size)
        self._sum = hashlib.sha256()
        self._file = AtomicFile(path)
        self._file.write(bytes(HEADER_BYTES))  # the place of the header

    @property
    def tokens(self) -> int:
        """How many have been written."""
        return self.starts[-1]

    def append(self, ids: Sequence[int] | Int[np.ndarray, "length"]) -> None:
        """Add one document.

        Raises:
            InputError: An id is not in the vocabulary, or the disk is full.
        """
        row = np.asarray(ids, dtype=np.int64)
        size = self.tokenizer.vocab_size
        if len(wrong := row[(row < 0) | (row >= size)]):
            raise InputError(
                f"{self.path}: document {len(self.starts) - 1}: expected ids from 0 to "
                f"{size - 1}, found {wrong[0]}; was it made by another tokenizer?"
            )
        self._write(row.astype(self._dtype).tobytes())
        self.starts.append(self.tokens + len(row))

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._file.discard()

    def _finish(self) -> None:
        if not self.tokens:
            raise InputError(
                f"{self.path}: expected at least one token, found none; is the text empty?"
            )
        self._write(
            bytes(-self.tokens * self._dtype.itemsize % 8)
        )  # numbers of 8 bytes lie at multiples of 8
        self._write(np.array(self.starts, dtype="<i8").tobytes())
        self.header = Header(
            self.tokenizer.fingerprint,
            self.tokenizer.vocab_size,
            self._dtype.name,
            len(self.starts) - 1,
            self.tokens,
            self._sum.hexdigest(),
        )
        self._file.write(self.header.to_bytes(), at=0)
        self._file.finish()

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._sum.update(content)
