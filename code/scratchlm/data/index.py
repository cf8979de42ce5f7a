"""The list of a folder's shards, kept up to date while they are written."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scratchlm.data.fields import from_fields
from scratchlm.data.header import Header
from scratchlm.errors import InputError
from scratchlm.storage import write_atomically

INDEX, FORMAT, VERSION = "index.json", "scratchlm shards", 1


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
        entry = Entry(self.next_name, header.documents, header.tokens, header.sha256, text_sha256)
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
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        try:
            write_atomically(folder / INDEX, (json.dumps(content, indent=1) + "\n").encode())
        except OSError as error:
            raise InputError(
                f"{folder / INDEX}: expected a file that can be written, found {error.strerror}; "
                "free some space and run the same command to resume"
            ) from error

    @classmethod
    def load(cls, folder: Path) -> "ShardIndex":
        """Read an index that `save` wrote.

        Raises:
            InputError: The file is missing, something else, or of another version.
        """
        path = folder / INDEX
        try:
            content = json.loads(path.read_bytes())
            form, version = content.pop("format"), content.pop("version")
            if (form, version) != (FORMAT, VERSION):
                raise InputError(
                    f"{path}: expected {FORMAT} of version {VERSION}, found {form} of {version}; "
                    "write the shards again"
                )
            shards = tuple(from_fields(Entry, entry) for entry in content.pop("shards"))
            index = from_fields(cls, {**content, "shards": shards})
        except OSError as error:
            raise InputError(
                f"{path}: expected the index of a folder of shards, found {error.strerror}; "
                "make one with scratchlm data pack"
            ) from error
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise InputError(
                f"{path}: expected the index of a folder of shards, found {error}; "
                "write the shards again, into an empty folder"
            ) from error
        for number, entry in enumerate(shards):
            if entry.name != shard_name(number):  # no way out of the folder
                raise InputError(
                    f"{path}: expected the name {shard_name(number)}, found {entry.name!r}; "
                    "write the shards again, into an empty folder"
                )
        return index
