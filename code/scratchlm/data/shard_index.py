"""The list of a folder's shards, kept up to date while they are written."""

from dataclasses import dataclass, replace
from pathlib import Path

from scratchlm.data.shard_header import Header
from scratchlm.errors import InputError, quote
from scratchlm.storage import Envelope

INDEX = "index.json"


def shard_name(number: int) -> str:
    """What a folder's shard with this number is called.

    >>> shard_name(12)
    '00012.shard'
    """
    return f"{number:05}.shard"


@dataclass(frozen=True)
class Entry:
    """A finished shard.

    Attributes:
        name: Of its file.
        documents: How many it holds.
        tokens: How many it holds.
        sha256: Of the shard's content.
        text_sha256: Of all texts from the first shard's first to this one's last: by it a resumed
            run knows that it reads the same text again.
    """

    name: str
    documents: int
    tokens: int
    sha256: str
    text_sha256: str


@dataclass(frozen=True)
class ShardIndex:
    """What a folder of shards holds.

    Attributes:
        tokenizer: Fingerprint of the tokenizer that made the ids.
        vocab_size: Every id is smaller.
        shard_tokens: Most tokens in a shard, unless a single document is longer.
        complete: Whether the text has been read to its end.
        shards: Those that are finished, in the order of the text.

    >>> ShardIndex("5f" * 32, 300, 1000).tokens
    0
    """

    tokenizer: str
    vocab_size: int
    shard_tokens: int
    complete: bool = False
    shards: tuple[Entry, ...] = ()

    @property
    def tokens(self) -> int:
        """How many there are in all shards."""
        return sum(entry.tokens for entry in self.shards)

    @property
    def documents(self) -> int:
        """How many there are in all shards."""
        return sum(entry.documents for entry in self.shards)

    @property
    def next_name(self) -> str:
        """What the next shard's file will be called."""
        return shard_name(len(self.shards))

    def add(self, header: Header, text_sha256: str) -> "ShardIndex":
        """The index with one shard more."""
        entry = Entry(
            self.next_name, header.documents, header.tokens, header.body_sha256, text_sha256
        )
        return replace(self, shards=(*self.shards, entry))

    def save(self, folder: Path) -> None:
        """Write the index; an older one is replaced or left whole.

        Raises:
            InputError: The disk is full, or the folder cannot be written.

        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()); index = ShardIndex("5f" * 32, 300, 1000)
        >>> index.save(folder); ShardIndex.load(folder) == index
        True
        """
        SHARDS.save(folder / INDEX, self)

    @classmethod
    def load(cls, folder: Path) -> "ShardIndex":
        """Read an index that `save` wrote.

        Raises:
            InputError: The file is missing, something else, or of another version.
        """
        path = folder / INDEX
        index = SHARDS.load(path)
        for number, entry in enumerate(index.shards):
            if entry.name != shard_name(number):  # no way out of the folder
                raise InputError(
                    f"{path}: expected the name {shard_name(number)}, found {quote(entry.name)}; "
                    f"{SHARDS.remedy}"
                )
        return index


SHARDS = Envelope(
    "scratchlm index of shards",
    2,
    ShardIndex,
    "write shards into an empty folder with `scratchlm data pack`",
)
