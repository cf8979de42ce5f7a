"""From a text of one's own to a tokenizer and token shards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scratchlm.corpus import hold_out, read_texts
from scratchlm.data.batch import Batches
from scratchlm.data.documents import encode_document
from scratchlm.data.shard import Shard, verify_shard
from scratchlm.data.stream_batches import StreamBatches
from scratchlm.data.training_text import TrainingText
from scratchlm.tokenizer import TOKENIZER_FILE, Tokenizer, train_bpe

TRAIN, HELD_OUT = "train.shard", "held-out.shard"


@dataclass(frozen=True)
class OwnText(TrainingText):
    """A text, split and tokenized by a tokenizer of its own.

    Attributes:
        train: Documents to learn from.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "song.txt"
    >>> _ = file.write_text("la " * 100)
    >>> text = prepare_text(file, vocab_size=257)
    >>> text.save(file.parent / "run"); OwnText.load(file.parent / "run").held_out_text()
    ['la la la la la la la la la la ']
    """

    train: Shard

    @property
    def tokens(self) -> int:
        """How many there are to learn from."""
        return len(self.train.tokens)

    def batches(self, seq_len: int, batch_size: int, seed: int) -> Batches:
        """Windows; a short text may fill only shorter ones than asked for."""
        return StreamBatches(self.train, min(seq_len, self.tokens - 1), batch_size, seed)

    def save(self, folder: Path) -> None:
        """Write the tokenizer and both shards, so that a run goes on with the text it began with.

        Raises:
            InputError: The disk is full or the folder cannot be written.
        """
        self.train.save(folder / TRAIN, self.tokenizer)
        self.held_out.save(folder / HELD_OUT, self.tokenizer)
        self.tokenizer.save(folder / TOKENIZER_FILE)

    @classmethod
    def load(cls, folder: Path) -> "OwnText":
        """Read what `save` wrote.

        Raises:
            InputError: A file is missing or damaged, or the files do not belong together.
        """
        tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
        for name in (TRAIN, HELD_OUT):
            verify_shard(folder / name)
        train, held_out = (
            Shard.load(folder / name, tokenizer.fingerprint) for name in (TRAIN, HELD_OUT)
        )
        return cls(tokenizer, held_out, train)


def prepare_text(
    path: Path,
    *,
    vocab_size: int,
    errors: Literal["strict", "replace"] = "strict",
    separator: str | None = None,
) -> OwnText:
    """Read, hold out the last tenth, learn a tokenizer from the rest, and tokenize.

    Args:
        path: A file, or a folder of text files.
        vocab_size: Tokens in all; 257 are the bytes and the separator, which is letter by letter
            for English.
        errors: What to do with bytes that are not UTF-8.
        separator: A line between documents; without it, a file is one document.

    Raises:
        InputError: The text cannot be read, or is too short to be split.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "song.txt"
    >>> _ = file.write_text("la " * 100)
    >>> prepare_text(file, vocab_size=257).tokens
    271
    """
    learned, held_out = hold_out(list(read_texts(path, errors=errors, separator=separator)))
    tokenizer = train_bpe(learned, vocab_size)
    train, measured = (
        Shard.of(encode_document(text, tokenizer) for text in part) for part in (learned, held_out)
    )
    return OwnText(tokenizer, measured, train)
