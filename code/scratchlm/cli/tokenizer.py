"""`scratchlm tokenizer`: train a tokenizer on text, or show how one cuts a text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scratchlm import corpus, tokenizer
from scratchlm.errors import InputError


@dataclass(frozen=True)
class Tokenizer:
    """Learn a byte-pair encoding from text (--text), or use one (--load); --show prints tokens."""

    text: Path | None = None
    """A text file, or a folder of *.txt and *.md files, to train on."""
    vocab_size: int = 4096
    """Tokens in all: 256 bytes, the merges, and one special token."""
    out: Path = Path("tokenizer.json")
    """Where to write the trained tokenizer."""
    separator: str = corpus.SEPARATOR
    """The line that ends a document in a file of many."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    load: Path | None = None
    """A trained tokenizer, to show tokens with."""
    show: str | None = None
    """A text whose tokens are printed."""


def run(options: Tokenizer) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: the options do not go together, or a file cannot be used.
    """
    if (options.text is None) == (options.load is None):
        raise InputError("expected either --text, to learn from, or --load; give one of the two")
    if options.load is not None and options.show is None:
        raise InputError("expected --show TEXT beside --load, found none; say what to show")
    trained = train(options) if options.load is None else tokenizer.Tokenizer.load(options.load)
    if options.show is not None:
        print(table(trained, options.show))


def train(options: Tokenizer) -> tokenizer.Tokenizer:
    """Train a tokenizer, write it, and print what became of it.

    Raises:
        InputError: the text or the vocabulary size cannot be used, or the file not be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("low lower lowest")
    >>> _ = train(Tokenizer(folder / "a.txt", 260, folder / "t.json"))  # doctest: +ELLIPSIS
    260 tokens, 2.00 bytes each: ...
    """
    assert options.text is not None
    documents = list(
        corpus.read_texts(options.text, errors=options.errors, separator=options.separator)
    )
    trained = tokenizer.train_bpe(documents, options.vocab_size, progress=True)
    try:
        trained.save(options.out)
    except OSError as error:
        raise InputError(
            f"{options.out}: expected a file that can be written, found: {error.strerror}; "
            "check the folder and the free space, or name another file with --out"
        ) from error
    size = sum(len(text.encode()) for text in documents)
    ids = sum(len(trained.encode(text)) for text in documents)
    print(f"{trained.vocab_size:,} tokens, {size / ids:.2f} bytes each: {options.out}")
    if trained.vocab_size < options.vocab_size:
        print(f"{options.vocab_size:,} were asked for, but no more pairs occur twice")
    return trained


def table(trained: tokenizer.Tokenizer, text: str) -> str:
    r"""List the tokens of a text: id, bytes, and the text where the bytes are characters.

    Special tokens in the text stay text.

    >>> print(table(tokenizer.Tokenizer([(104, 105)]), "hi é"))
       256  68 69  'hi'
        32  20     ' '
       195  c3
       169  a9
    """
    ids = trained.encode(text)
    pieces = [trained.token_bytes(id) for id in ids]
    width = max((len(piece.hex(" ")) for piece in pieces), default=0)
    lines = []
    for id, piece in zip(ids, pieces, strict=True):
        try:
            shown = repr(piece.decode())
        except UnicodeDecodeError:
            shown = ""
        lines.append(f"{id:6}  {piece.hex(' '):{width}}  {shown}".rstrip())
    return "\n".join(lines)
