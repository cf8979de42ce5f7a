"""`scratchlm tokenizer`: train a tokenizer, convert one, or show the tokens of a text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

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
Pattern = Literal[
    "gpt2",
    "gpt4",
    "gpt4o",
    "llama3",
    "qwen2",
    "smollm",
    "single-digits",
    "digits-from-left",
    "digits-from-right",
]


@dataclass(frozen=True)
class TokenizerOptions:
    """Learn a tokenizer from text (--text), or use one (--load); --show prints a text's tokens."""

    text: Path | None = None
    """To train on: text, or JSON Lines as `corpus clean` writes them; a file, or a folder."""
    algorithm: Literal["bpe", "wordpiece", "unigram", "characters", "bytes"] = "bpe"
    """How pre-tokens are split into tokens."""
    vocab_size: int = 4096
    """Tokens in all: 256 bytes, what is learned, and the special tokens."""
    pattern: Pattern | None = None
    """The pre-tokenization pattern, gpt2 if none is named; with --load, that of an unknown file of
    ranks."""
    chat: bool = False
    """Reserve the special tokens <|im_start|> and <|im_end|> of a chat."""
    workers: int = 1
    """Processes that pre-tokenize; the result is the same."""
    out: Path | None = None
    """Where to write the tokenizer: a tokenizer.json, which Hugging Face's tokenizers read too, or
    tiktoken's ranks (*.tiktoken). With --text, ./tokenizer.json if nothing is named."""
    separator: str = corpus.SEPARATOR
    """The line that ends a document in a file of many."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    load: Path | None = None
    """A tokenizer.json, ours or a published one, or tiktoken's ranks (*.tiktoken)."""
    convert: Path | None = None
    """A tokenizer.json of our first version, to be written anew with --out."""
    show: str | None = None
    """A text whose tokens are printed."""


def run_tokenizer(options: TokenizerOptions) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: the options do not go together, or a file cannot be used.
    """
    sources = (options.text, options.load, options.convert)
    if sum(source is not None for source in sources) != 1:
        raise InputError(
            "expected either --text, to learn from, or --load or --convert; give one of the three"
        )
    if options.text is None and options.show is None and options.out is None:
        raise InputError("expected --show TEXT or --out FILE beside it, found neither; add one")
    if options.text is not None:
        used = train_tokenizer(options, options.text)
    elif options.load is not None:
        used = load_tokenizer(options, options.load)
    else:
        assert options.convert is not None
        used = tokenizer.convert_tokenizer(options.convert)
    if options.out is not None and options.text is None:
        save_tokenizer(used, options.out)
    if options.show is not None:
        print(token_table(used, options.show))


def train_tokenizer(options: TokenizerOptions, text: Path) -> tokenizer.Tokenizer:
    """Train a tokenizer, write it, and print what became of it.

    Raises:
        InputError: the text or the vocabulary size cannot be used, or the file not be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("low lower lowest")
    >>> options = TokenizerOptions(vocab_size=260, out=folder / "t.json")
    >>> _ = train_tokenizer(options, folder / "a.txt")  # doctest: +ELLIPSIS
    260 tokens, 2.00 bytes each: ...
    """
    sample: list[str] = []
    documents = read_input(text, errors=options.errors, separator=options.separator)
    special = tokenizer.CHAT_SPECIAL_TOKENS if options.chat else (tokenizer.END_OF_TEXT,)
    asked = options.vocab_size if options.algorithm != "bytes" else 256 + len(special)
    trained = TRAINERS[options.algorithm](
        keep(documents, sample),
        asked,
        special_tokens=special,
        pattern=tokenizer.PRETOKEN_PATTERNS[options.pattern or "gpt2"],
        workers=options.workers,
        progress=True,
    )
    out = options.out or Path(tokenizer.TOKENIZER_FILE)
    save_tokenizer(trained, out)
    size = sum(len(text.encode()) for text in sample)
    ids = sum(len(trained.encode(text)) for text in sample)
    print(f"{trained.vocab_size:,} tokens, {size / ids:.2f} bytes each: {out}")
    if trained.vocab_size < asked:
        print(f"{asked:,} were asked for, but there is no more to learn from this text")
    return trained


def load_tokenizer(options: TokenizerOptions, path: Path) -> tokenizer.Tokenizer:
    """Read a tokenizer.json, or ranks.

    Raises:
        InputError: the file is missing, damaged, or of another kind; or ranks are not known, and
            no pattern is named.
    """
    if path.suffix == RANKS:
        return tokenizer.load_tiktoken(
            path,
            pattern=options.pattern and tokenizer.PRETOKEN_PATTERNS[options.pattern],
            special_tokens=tokenizer.CHAT_SPECIAL_TOKENS if options.chat else None,
        )
    if options.pattern is not None or options.chat:
        raise InputError(
            f"{path}: expected no --pattern and no --chat, which a tokenizer.json decides, found "
            "one of them; leave it out"
        )
    return tokenizer.Tokenizer.load(path)


def save_tokenizer(trained: tokenizer.Tokenizer, path: Path) -> None:
    """Write a tokenizer.json, or ranks.

    Raises:
        InputError: the file cannot be written, or its format cannot hold the tokenizer.
    """
    if path.suffix == RANKS:
        tokenizer.save_tiktoken(trained, path)
    else:
        trained.save(path)


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


def token_table(trained: tokenizer.Tokenizer, text: str) -> str:
    r"""List the tokens of a text: id, bytes, and the text where the bytes are characters.

    Special tokens in the text stay text.

    >>> print(token_table(tokenizer.Tokenizer([(104, 105)]), "hi é"))
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
