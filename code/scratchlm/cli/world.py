"""`scratchlm world`: the village as a crawl, an encyclopedia or a forum, with labels."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from scratchlm.errors import InputError
from scratchlm.world import dumps

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True)
class Dump:
    """What all three have in common."""

    out: Path
    """The folder to write to."""
    size: str = "10MB"
    """How much, before compression: bytes, or a number with kB, MB or GB."""
    seed: int = 0
    """Dumps of different seeds share no story."""


@dataclass(frozen=True)
class Crawl(Dump):
    """Web pages as crawl.warc.gz and crawl.warc.wet.gz, good and bad; labels/crawl.jsonl."""


@dataclass(frozen=True)
class Encyclopedia(Dump):
    """Articles as pages-articles.xml.bz2, in wikitext; labels/pages-articles.jsonl."""


@dataclass(frozen=True)
class Forum(Dump):
    """Questions, answers and votes as Posts.xml; labels/Posts.jsonl."""


@dataclass(frozen=True)
class World:
    """The village in the three formats that language models are trained on."""

    action: tyro.conf.OmitSubcommandPrefixes[
        Annotated[Crawl, tyro.conf.subcommand("crawl")]
        | Annotated[Encyclopedia, tyro.conf.subcommand("encyclopedia")]
        | Annotated[Forum, tyro.conf.subcommand("forum")]
    ]
    """What to write."""


def run_world(options: World) -> None:
    """Write a dump, and print its files.

    Raises:
        InputError: the size or the seed cannot be used, or the folder cannot be written.

    >>> import tempfile
    >>> run_world(World(Forum(Path(tempfile.mkdtemp()), size="1kB")))  # doctest: +ELLIPSIS
    /...Posts.xml: ... bytes
    /...Posts.jsonl: ... bytes
    """
    dump = options.action
    size = parse_size(dump.size)
    with tqdm(total=size, unit="B", unit_scale=True) as bar:
        extent = dumps.Extent(size=size, report=bar.update)
        match dump:
            case Crawl():
                files = dumps.write_crawl(dump.out, dumps.CrawlConfig(dump.seed), extent)
            case Encyclopedia():
                wiki = dumps.EncyclopediaConfig(dump.seed)
                files = dumps.write_encyclopedia(dump.out, wiki, extent)
            case Forum():
                files = dumps.write_forum(dump.out, dumps.ForumConfig(dump.seed), extent)
    for file in files:
        print(f"{file}: {file.stat().st_size:,} bytes")


def parse_size(text: str) -> int:
    """A size in bytes; units are powers of 1,000.

    Raises:
        InputError: the text is not a size.

    >>> parse_size("10MB"), parse_size("1.5 kB"), parse_size("300")
    (10000000, 1500, 300)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?)b?\s*", text, re.IGNORECASE)
    if match is None:
        raise InputError(f"--size: expected a size such as 300kB, 10MB or 1.5GB, found {text!r}")
    return int(float(match[1]) * UNITS[match[2].lower()])
