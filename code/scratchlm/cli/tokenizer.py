"""`scratchlm tokenizer`: train a tokenizer, exchange one, or show how one cuts a text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import tyro

from scratchlm import corpus, tokenizer
from scratchlm.cli.texts import read_input
from scratchlm.errors import InputError

TRAINERS: Mapping[str, Callable[..., tokenizer.Tokenizer]] = MappingProxyType(
    {
        "bpe": tokenizer.train_bpe,
        "wordpiece": tokenizer.train_wordpiece,
        "unigram": tokenizer.train_unigram,
        "characters": tokenizer.train_characters,
        "bytes": tokenizer.train_bpe,  # with no room for a merge
    }
)
RANKS = ".tiktoken"
SAMPLE = 5_000_000  # characters that bytes per token are measured on


@dataclass(frozen=True)
class Tokenizer:
    """Learn a tokenizer from text (--text), or use one (--load, --import); --show prints tokens."""

    text: Path | None = None
    """To train on: text, or JSON Lines as `corpus clean` writes them; a file, or a folder."""
    algorithm: Literal["bpe", "wordpiece", "unigram", "characters", "bytes"] = "bpe"
    """How words are cut."""
    vocab_size: int = 4096
    """Tokens in all: 256 bytes, what is learned, and the special tokens."""
    pattern: Literal["gpt2", "gpt4", "single-digits", "digits-from-left", "digits-from-right"] = (
        "gpt2"
    )
    """How text is cut into words first; with --import, the pattern of a file of ranks."""
    chat: bool = False
    """Reserve the special tokens <|im_start|> and <|im_end|> of a chat."""
    workers: int = 1
    """Processes that cut the text into words; the result is the same."""
    out: Path | None = None
    """Where to write the tokenizer; tokenizer.json, if it was trained."""
    separator: str = corpus.SEPARATOR
    """The line that ends a document in a file of many."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    load: Path | None = None
    """A tokenizer that --out wrote."""
    import_: Annotated[Path | None, tyro.conf.arg(name="import")] = None
    """A tokenizer.json of Hugging Face's, or ranks of tiktoken's (*.tiktoken)."""
    export: Path | None = None
    """Write the tokenizer as Hugging Face's tokenizer.json, or as ranks (*.tiktoken)."""
    show: str | None = None
    """A text whose tokens are printed."""


def run(options: Tokenizer) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: the options do not go together, or a file cannot be used.
    """
    if sum(path is not None for path in (options.text, options.load, options.import_)) != 1:
        raise InputError(
            "expected either --text, to learn from, or --load or --import; give one of the three"
        )
    aims = (options.text, options.show, options.export, options.out)
    if all(aim is None for aim in aims):
        raise InputError("expected --show TEXT, --export or --out beside it, found none; add one")
    if options.text is not None:
        used = train(options)
    elif options.load is not None:
        used = tokenizer.Tokenizer.load(options.load)
    else:
        used = take(options)
    if options.out is not None and options.text is None:
        write(options.out, used.save)
    if options.export is not None:
        ranks = options.export.suffix == RANKS
        save = tokenizer.save_ranks if ranks else tokenizer.save_tokenizer_json
        write(options.export, partial(save, used))
    if options.show is not None:
        print(table(used, options.show))


def train(options: Tokenizer) -> tokenizer.Tokenizer:
    """Train a tokenizer, write it, and print what became of it.

    Raises:
        InputError: the text or the vocabulary size cannot be used, or the file not be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("low lower lowest")
    >>> options = Tokenizer(folder / "a.txt", vocab_size=260, out=folder / "t.json")
    >>> _ = train(options)  # doctest: +ELLIPSIS
    260 tokens, 2.00 bytes each: ...
    """
    assert options.text is not None
    sample: list[str] = []
    documents = read_input(options.text, errors=options.errors, separator=options.separator)
    specials = special_tokens(options)
    asked = options.vocab_size if options.algorithm != "bytes" else 256 + len(specials)
    trained = TRAINERS[options.algorithm](
        keep(documents, sample),
        asked,
        specials=specials,
        pattern=tokenizer.PATTERNS[options.pattern],
        workers=options.workers,
        progress=True,
    )
    out = options.out or Path(tokenizer.TOKENIZER_FILE)
    write(out, trained.save)
    size = sum(len(text.encode()) for text in sample)
    ids = sum(len(trained.encode(text)) for text in sample)
    print(f"{trained.vocab_size:,} tokens, {size / ids:.2f} bytes each: {out}")
    if trained.vocab_size < asked:
        print(f"{asked:,} were asked for, but there is no more to learn from this text")
    return trained


def special_tokens(options: Tokenizer) -> tuple[str, ...]:
    """The names of the control tokens.

    >>> special_tokens(Tokenizer(chat=True))
    ('<|endoftext|>', '<|im_start|>', '<|im_end|>')
    """
    return tokenizer.CHAT_SPECIALS if options.chat else (tokenizer.END_OF_TEXT,)


def keep(texts: Iterable[str], sample: list[str], size: int = SAMPLE) -> Iterator[str]:
    """Pass documents on, and put the first of them into `sample`.

    >>> sample = []
    >>> len(list(keep(["ab", "cd", "ef"], sample, 3))), sample
    (3, ['ab', 'cd'])
    """
    for text in texts:
        if size > 0:
            sample.append(text)
            size -= len(text)
        yield text


def take(options: Tokenizer) -> tokenizer.Tokenizer:
    """Read a vocabulary from elsewhere.

    Raises:
        InputError: the file is missing, damaged, or of another kind.
    """
    assert options.import_ is not None
    if options.import_.suffix != RANKS:
        return tokenizer.load_tokenizer_json(options.import_)
    return tokenizer.load_ranks(
        options.import_,
        pattern=tokenizer.PATTERNS[options.pattern],
        specials=special_tokens(options),
    )


def write(path: Path, save: Callable[[Path], None]) -> None:
    """Write a file.

    Raises:
        InputError: it cannot be written, or its format cannot hold the tokenizer.
    """
    try:
        save(path)
    except OSError as error:
        raise InputError(
            f"{path}: expected a file that can be written, found: {error.strerror}; "
            "check the folder and the free space, or name another file"
        ) from error


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
