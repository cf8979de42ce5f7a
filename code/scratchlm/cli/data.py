"""`scratchlm data`: text into token shards, and what a folder of them holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from scratchlm import data
from scratchlm.cli.texts import read_input, text_inputs
from scratchlm.corpus import SEPARATOR, ErrorPolicy
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer, choose_encoder

SAMPLE = 200_000  # characters on which two encoders are compared


@dataclass(frozen=True)
class Pack:
    """Tokenize text into shards; run again after a stop, it goes on where it was."""

    input: tyro.conf.Positional[Path]
    """Text, or JSON Lines (*.jsonl, *.jsonl.gz, *.jsonl.zst): a file, or a folder of one kind."""
    tokenizer: Path
    """The tokenizer's file, from `scratchlm tokenizer`."""
    out: Path
    """The folder for the shards."""
    shard_tokens: int = data.SHARD_TOKENS
    """Most tokens in a shard."""
    separator: str = SEPARATOR
    """The line that ends a document in a text file of many."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place (text files only)."""
    field: str = "text"
    """Where the text stands in a line of JSON."""
    on_error: Literal["stop", "skip"] = "stop"
    """Stop at a line that holds no text, or count it and read on (JSON Lines only)."""
    workers: int = 1
    """Processes that tokenize; the shards are the same."""
    encoder: Literal["auto", "ours", "tiktoken"] = "auto"
    """Who encodes: tiktoken where it is installed and gives the same ids for the first documents,
    or our own code; the shards are the same."""


@dataclass(frozen=True)
class Show:
    """Print what a folder of shards holds."""

    folder: tyro.conf.Positional[Path]
    """The folder."""
    tokenizer: Path | None = None
    """Check that the ids belong to this tokenizer."""
    verify: bool = False
    """Read every byte, and check that none has changed."""
    seq_len: int | None = None
    """Tokens that a model sees at once: print how full rows of whole documents would be."""


@dataclass(frozen=True)
class Data:
    """Token shards: make them from text, or show what a folder of them holds."""

    action: tyro.conf.OmitSubcommandPrefixes[
        Annotated[Pack, tyro.conf.subcommand("pack")]
        | Annotated[Show, tyro.conf.subcommand("show")]
    ]
    """What to do."""


def run_data(options: Data) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: A file cannot be used, or files do not belong together.
    """
    match options.action:
        case Pack() as action:
            pack_text(action)
        case Show() as action:
            show_shards(action)


def pack_text(options: Pack) -> None:
    """Write the shards, and print how many there are.

    Raises:
        InputError: The text or the tokenizer cannot be used, or the folder not be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()); Tokenizer([]).save(folder / "t.json")
    >>> _ = (folder / "a.txt").write_text("ab")
    >>> pack_text(Pack(folder / "a.txt", folder / "t.json", folder / "out"))  # doctest: +ELLIPSIS
    1 shard, 1 document, 3 tokens: ...
    encoded by tiktoken, with the same ids as ours (compared on 1 document)
    """
    tokenizer = Tokenizer.load(options.tokenizer)
    size = sum(file.stat().st_size for file in text_inputs(options.input)[0])
    on_error = ErrorPolicy(options.on_error)
    with tqdm(total=size, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        texts = read_input(
            options.input,
            separator=options.separator,
            errors=options.errors,
            field=options.field,
            on_error=on_error,
            progress=bar.update,
        )
        sample, texts = take_sample(texts)
        tokenizer, encoder = choose_encoder(tokenizer, options.encoder, sample)
        index = data.write_shards(
            texts,
            tokenizer,
            options.out,
            options.shard_tokens,
            workers=options.workers,
        )
    print(f"{summary(index)}: {options.out}")
    print(f"encoded by {encoder}")
    if on_error.counts:
        print(on_error)


def take_sample(texts: Iterator[str], size: int = SAMPLE) -> tuple[list[str], Iterator[str]]:
    """Take the first documents, until they have so many characters.

    Returns:
        These, and all documents. Where one of the first cannot be read, the error comes when its
        turn has come among all, so that those before it are packed.

    >>> sample, texts = take_sample(iter(["ab", "cd", "ef"]), 3); sample, list(texts)
    (['ab', 'cd'], ['ab', 'cd', 'ef'])
    """
    sample: list[str] = []
    failure: InputError | None = None
    try:
        while size > 0 and (text := next(texts, None)) is not None:
            sample.append(text)
            size -= len(text)
    except InputError as error:
        failure = error

    def every() -> Iterator[str]:
        yield from sample
        if failure is not None:
            raise failure
        yield from texts

    return sample, every()


def show_shards(options: Show) -> None:
    """Print a line for the whole, one for each shard, and what was asked for beside.

    Raises:
        InputError: The folder is no finished folder of shards, belongs to another tokenizer, or
            has changed.
    """
    if options.seq_len is not None and options.seq_len < 1:
        raise InputError(f"data: expected --seq-len of at least 1, found {options.seq_len}")
    tokenizer = Tokenizer.load(options.tokenizer).fingerprint if options.tokenizer else None
    shards = data.Shards.load(options.folder, tokenizer)
    index = data.ShardIndex.load(options.folder)
    print(
        f"{summary(index)} of {shards.shards[0].tokens.dtype.name}, "
        f"{index.vocab_size:,} in the vocabulary of the tokenizer {index.tokenizer[:12]}"
    )
    for entry in index.shards:
        if options.verify:
            data.verify_shard(options.folder / entry.name)
        print(
            f"{entry.name}  {entry.documents:12,} documents  {entry.tokens:15,} tokens  "
            f"sha256 {entry.sha256[:12]}{'  verified' * options.verify}"
        )
    if options.seq_len is not None:
        print(packing_report(shards, options.seq_len))


def packing_report(shards: data.Shards, seq_len: int) -> str:
    """Say how full rows of whole documents are, and what document masks save.

    Raises:
        InputError: A row would hold no token.

    >>> print(packing_report(data.Shards([data.Shard.of([range(3), range(5), range(4)])]), 8))
    packed into rows of 8 tokens: 2 rows, 75.0 % full
    documents cut: 0.0 % by windows, 0.0 % by packing
    attention inside documents: 31 pairs of tokens, 67.4 % of the 46 without document masks
    """
    packing = data.best_fit_pack(shards.lengths, seq_len)
    inside, all_pairs = data.attention_pairs(packing)
    by_windows = data.documents_cut(shards.lengths, seq_len) / len(shards)
    by_packing = float((shards.lengths > seq_len).mean())
    return (
        f"packed into rows of {seq_len:,} tokens: {len(packing):,} "
        f"row{'s' * (len(packing) != 1)}, "
        f"{100 * packing.fill:.1f} % full\n"
        f"documents cut: {100 * by_windows:.1f} % by windows, {100 * by_packing:.1f} % by packing\n"
        f"attention inside documents: {inside:,} pairs of tokens, "
        f"{100 * inside / all_pairs:.1f} % of the {all_pairs:,} without document masks"
    )


def summary(index: data.ShardIndex) -> str:
    """Count what there is.

    >>> summary(data.ShardIndex("5f" * 32, 300, 1000))
    '0 shards, 0 documents, 0 tokens'
    """
    counts = (
        (len(index.shards), "shard"),
        (index.documents, "document"),
        (index.tokens, "token"),
    )
    return ", ".join(f"{count:,} {noun}{'s' * (count != 1)}" for count, noun in counts)
