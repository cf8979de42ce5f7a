"""From a text of one's own to a tokenizer and token shards."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scratchlm.corpus import read_texts
from scratchlm.data import Shard
from scratchlm.errors import InputError
from scratchlm.tokenizer import END_OF_TEXT, Tokenizer, train_bpe


@dataclass(frozen=True)
class OwnText:
    """A text, split and tokenized.

    Attributes:
        tokenizer: Learned from the training part.
        train: Tokens to learn from.
        held_out: Documents to be measured on, as token rows.
        held_out_bytes: Their size in UTF-8.
        held_out_characters: Their length in characters.
    """

    tokenizer: Tokenizer
    train: Shard
    held_out: list[list[int]]
    held_out_bytes: int
    held_out_characters: int


def prepare(
    path: Path,
    *,
    vocab_size: int,
    errors: Literal["strict", "replace"] = "strict",
    separator: str | None = None,
    share: float = 0.1,
) -> OwnText:
    """Read, split, learn a tokenizer from the training part, and tokenize.

    Args:
        path: A file, or a folder of text files.
        vocab_size: Tokens in all; 257 are the bytes and the separator, which is letter by letter
            for English.
        errors: What to do with bytes that are not UTF-8.
        separator: A line between documents; without it, a file is one document.
        share: How much of the end is held out.

    Raises:
        InputError: The text cannot be read, or is too short to be split.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "song.txt"
    >>> _ = file.write_text("la " * 100)
    >>> prepare(file, vocab_size=257).held_out_bytes
    30
    """
    documents = list(read_texts(path, errors=errors, separator=separator))
    train, held_out = split(documents, share)
    if not any(map(str.strip, train)) or not any(map(str.strip, held_out)):
        raise InputError(f"{path}: expected enough text to hold out {share:.0%}, found too little")
    tokenizer = train_bpe(train, vocab_size)
    rows = [
        [[tokenizer.specials[END_OF_TEXT], *tokenizer.encode(text)] for text in part]
        for part in (train, held_out)
    ]
    return OwnText(
        tokenizer,
        Shard.of(rows[0]),
        rows[1],
        sum(len(text.encode()) for text in held_out),
        sum(map(len, held_out)),
    )


def split(documents: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Hold out the end: of the list of documents, or of the text where there is only one.

    >>> split(["0123456789"], 0.1)
    (['012345678'], ['9'])
    >>> split(["a", "b", "c"], 0.34)
    (['a', 'b'], ['c'])
    """
    if len(documents) == 1:
        cut = round(len(documents[0]) * (1 - share))
        return [documents[0][:cut]], [documents[0][cut:]]
    cut = min(len(documents) - 1, round(len(documents) * (1 - share)))
    return list(documents[:cut]), list(documents[cut:])
