"""The first bytes of a shard: what it holds, and which tokenizer its ids belong to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scratchlm.errors import InputError
from scratchlm.storage import Envelope, cannot_read

HEADER_BYTES = 512  # one line of JSON, filled up with spaces
CHUNK = 1 << 20  # bytes that are read at once


def id_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger]:
    """The smallest type that holds every id of a vocabulary: two bytes or four.

    Raises:
        InputError: Four bytes are not enough.

    >>> id_dtype(65_536), id_dtype(65_537)
    (dtype('uint16'), dtype('uint32'))
    """
    for name in ("<u2", "<u4"):
        if vocab_size - 1 <= np.iinfo(name).max:
            return np.dtype(name)
    raise InputError(f"shard: expected ids below 2**32, found {vocab_size - 1}; is it an id?")


@dataclass(frozen=True)
class Header:
    """What stands before the tokens of a shard.

    Attributes:
        tokenizer: Fingerprint of the tokenizer that made the ids.
        vocab_size: Every id is smaller.
        dtype: ``uint16`` or ``uint32``, little-endian.
        documents: How many there are.
        tokens: How many there are, over all documents.
        body_sha256: Of everything after the header.

    >>> Header("5f" * 32, 300, "uint16", documents=2, tokens=7, body_sha256="00" * 32).starts_at
    528
    """

    tokenizer: str
    vocab_size: int
    dtype: str
    documents: int
    tokens: int
    body_sha256: str

    @property
    def starts_at(self) -> int:
        """Offset of the documents' starts, in bytes: after the tokens, a multiple of 8."""
        return HEADER_BYTES + -(-self.tokens * np.dtype(self.dtype).itemsize // 8) * 8

    @property
    def file_bytes(self) -> int:
        """Size of the whole file, in bytes."""
        return self.starts_at + 8 * (self.documents + 1)

    def to_bytes(self) -> bytes:
        """Write the header as one line of `HEADER_BYTES` bytes.

        >>> len(Header("5f" * 32, 300, "uint16", 2, 7, "00" * 32).to_bytes())
        512
        """
        return SHARD.pack(self).ljust(HEADER_BYTES - 1) + b"\n"


SHARD = Envelope(
    "scratchlm shard",
    2,
    Header,
    "make the shards again, in an empty folder (`scratchlm data pack`, or `pretrain` for its own)",
)


def read_header(path: Path, tokenizer: str | None = None) -> Header:
    """Read a shard's header, and check the size of the file and whose ids it holds.

    Args:
        path: The shard.
        tokenizer: Fingerprint of the tokenizer that the caller will use.

    Raises:
        InputError: The file is missing, no shard, of another version, cut off, or made by
            another tokenizer.

    >>> read_header(Path("none.shard"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none.shard: expected a file, found No such file or directory; ...
    """
    try:
        with path.open("rb") as file:
            line = file.read(HEADER_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error, SHARD.remedy) from error
    header = SHARD.unpack(line, path)
    if header.dtype != (wanted := id_dtype(header.vocab_size).name):
        raise InputError(
            f"{path}: expected {wanted} for {header.vocab_size} ids, found {header.dtype}; "
            f"{SHARD.remedy}"
        )
    if size != header.file_bytes:
        raise InputError(
            f"{path}: expected {header.file_bytes} bytes, as its header says, found {size}; "
            f"the shard was cut off or damaged: {SHARD.remedy}"
        )
    if tokenizer is not None and tokenizer != header.tokenizer:
        raise InputError(
            f"{path}: expected ids of the tokenizer {tokenizer[:12]}, found those of "
            f"{header.tokenizer[:12]}; use that tokenizer, or write the shard again"
        )
    return header
