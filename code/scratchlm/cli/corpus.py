"""`scratchlm corpus`: texts by name, documents of a file, stories, and how text is cleaned."""

import os
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from scratchlm import corpus, world
from scratchlm.cli.clean import Clean, Mix, TrainClassifier, clean, mix_corpora, train_classifier
from scratchlm.errors import InputError
from scratchlm.storage import AtomicFile


@dataclass(frozen=True)
class ListTexts:
    """Print every text that can be fetched by name: size, license, what it is."""


@dataclass(frozen=True)
class GetText:
    """Fetch a text by name into the cache, check it, and print where it lies."""

    name: tyro.conf.Positional[str]
    """Which text; `scratchlm corpus list` shows the names."""


@dataclass(frozen=True)
class WriteVillage:
    """Write stories of the village to a text file, separated by lines of <|endoftext|>."""

    out: Path
    """The file to write."""
    stories: int = 10_000
    """How many stories."""
    split: Literal["train", "valid", "test"] = "train"
    """Which stream they come from; no two streams share their random numbers."""


@dataclass(frozen=True)
class ReadFile:
    """Print the documents of a crawl, a dump or a file of texts, and what had to be left out."""

    file: tyro.conf.Positional[Path]
    """WARC, WET, MediaWiki XML, Stack Exchange Posts.xml, JSON Lines, Parquet or text."""
    limit: int | None = None
    """How many documents at most."""
    start: int = 0
    """Where to go on: the "end" of the last document printed before."""
    format: Literal["jsonl", "text"] = "jsonl"
    """One JSON object a line, or the texts with lines of <|endoftext|> between them."""
    field: str = "text"
    """Where the text stands in JSON Lines and Parquet."""
    errors: Literal["strict", "replace"] = "strict"
    """Leave plain text that is not UTF-8 out, or put U+FFFD in the place of such bytes."""
    on_error: Literal["skip", "stop"] = "skip"
    """What to do at a broken record: count it and go on after it, or stop."""


@dataclass(frozen=True)
class Corpus:
    """Text to train on: fetch it, read, clean and mix documents, or write stories."""

    action: tyro.conf.OmitSubcommandPrefixes[
        Annotated[ListTexts, tyro.conf.subcommand("list")]
        | Annotated[GetText, tyro.conf.subcommand("get")]
        | Annotated[ReadFile, tyro.conf.subcommand("read")]
        | Annotated[WriteVillage, tyro.conf.subcommand("village")]
        | Annotated[Clean, tyro.conf.subcommand("clean")]
        | Annotated[TrainClassifier, tyro.conf.subcommand("classifier")]
        | Annotated[Mix, tyro.conf.subcommand("mix")]
    ]
    """What to do."""


def run_corpus(options: Corpus) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: the name is unknown, the download fails, or the file cannot be written.
    """
    match options.action:
        case ListTexts():
            print_registry()
        case GetText(name):
            print(corpus.get(name))
        case ReadFile() as wanted:
            print_documents(wanted)
        case WriteVillage(out, stories, split):
            write_village(out, stories, split)
        case Clean() as options_of_clean:
            clean(options_of_clean)
        case TrainClassifier() as examples:
            train_classifier(examples)
        case Mix() as shares:
            mix_corpora(shares)


def print_registry() -> None:
    """Print a line for each text, and whether the cache holds it.

    >>> print_registry()  # doctest: +ELLIPSIS
    shakespeare ...
    """
    for entry in corpus.registry().values():
        cached = (corpus.cache_folder() / entry.name / entry.file).exists()
        state = "cached" if cached else ""
        print(
            f"{entry.name:16} {entry.bytes / 1e6:4.2f} MB {state:7}{entry.title} [{entry.license}]"
        )


def print_documents(wanted: ReadFile) -> None:
    r"""Print documents to standard output; progress and damage go to standard error.

    Args:
        wanted: What to read, and how to print it.

    Raises:
        InputError: the file is of no known kind, cannot be read, or damage stops it.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "one.txt"
    >>> _ = file.write_text("Once.\n")
    >>> print_documents(ReadFile(file, format="text"))
    Once.
    <|endoftext|>
    """
    if wanted.limit is not None and wanted.limit < 0:
        raise InputError(f"--limit: expected at least 0 documents, found {wanted.limit}")
    on_error = corpus.ErrorPolicy(wanted.on_error)
    size = wanted.file.stat().st_size if wanted.file.exists() else 0
    with tqdm(total=size, unit="B", unit_scale=True, disable=None, file=sys.stderr) as bar:
        documents = corpus.read(
            wanted.file,
            wanted.start,
            field=wanted.field,
            errors=wanted.errors,
            on_error=on_error,
            progress=bar.update,
        )
        try:
            for document in islice(documents, wanted.limit):
                if wanted.format == "jsonl":
                    print(corpus.write_line(document))
                else:
                    print(document.text.removesuffix("\n"), corpus.SEPARATOR, sep="\n")
        except BrokenPipeError:  # whoever read along has seen enough, as `| head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if on_error.counts:
        print(f"left out or altered:\n{on_error}", file=sys.stderr)


def write_village(out: Path, stories: int, split: str) -> None:
    """Write stories to a file; it appears under its name only once it is whole.

    Args:
        out: the file.
        stories: how many.
        split: ``train``, ``valid`` or ``test``.

    Raises:
        InputError: there is nothing to write, or the file cannot be written.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "village.txt"
    >>> write_village(file, 2, "valid")  # doctest: +ELLIPSIS
    2 stories...
    >>> len(list(corpus.read_texts(file, separator=corpus.SEPARATOR)))
    2
    """
    if stories < 1:
        raise InputError(f"--stories: expected at least 1, found {stories}")
    nats = 0.0
    with AtomicFile(out) as file:
        for told in tqdm(world.corpus(split, stories), total=stories, unit=" stories"):
            file.write(f"{told.text}\n{corpus.SEPARATOR}\n".encode())
            nats += told.nats
    print(f"{stories:,} stories, {out.stat().st_size:,} bytes: {out}")
