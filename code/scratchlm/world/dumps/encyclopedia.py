"""The village's encyclopedia: a MediaWiki export as ``pages-articles.xml.bz2``, and the truth.

First come an article for everybody and everything in `village.txt`, with lists, categories and
templates; then articles on tales, without end. Redirects and talk pages stand between them.
"""

import bz2
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from scratchlm.world.dumps.around import TEMPLATES, category, redirect, talk, template
from scratchlm.world.dumps.article import LISTS, Article, about, listing, tale, whole_village
from scratchlm.world.dumps.mediawiki import END, NUMBERS, WikiPage, siteinfo
from scratchlm.world.dumps.output import Extent, encode_label, whole_files
from scratchlm.world.dumps.stream import story_stream
from scratchlm.world.village import village

FILES = ("pages-articles.xml.bz2", "labels/pages-articles.jsonl")


@dataclass(frozen=True)
class EncyclopediaConfig:
    """What an encyclopedia is made of.

    Attributes:
        seed: Encyclopedias of different seeds share no tale.
        redirects: How likely an article has a redirect to it.
        talk: How likely an article has a talk page.
        anonymous: How likely a revision is signed by an IP address instead of a name.
    """

    seed: int = 0
    redirects: float = 0.3
    talk: float = 0.25
    anonymous: float = 0.2

    def __post_init__(self) -> None:
        story_stream("encyclopedia", self.seed)  # refuses what is no seed


def write_encyclopedia(folder: Path, config: EncyclopediaConfig, extent: Extent) -> list[Path]:
    """Write an encyclopedia: ``pages-articles.xml.bz2`` and ``labels/pages-articles.jsonl``.

    Args:
        folder: Made where it is missing.
        config: What the encyclopedia is made of.
        extent: How much; its size counts the XML before compression.

    Returns:
        The two files.

    Raises:
        InputError: The folder cannot be written.

    >>> import tempfile
    >>> dump, labels = write_encyclopedia(
    ...     Path(tempfile.mkdtemp()), EncyclopediaConfig(), Extent(items=3)
    ... )
    >>> bz2.decompress(dump.read_bytes()).count(b"<page>")
    3
    """
    with whole_files(folder, *FILES) as (dump, labels):
        compressor = bz2.BZ2Compressor()
        dump.write(compressor.compress(siteinfo()))
        for told in extent.of(pages(config)):
            dump.write(compressor.compress(told.xml))
            labels.write(encode_label(told.label))
        dump.write(compressor.compress(END) + compressor.flush())
    return [folder / name for name in FILES]


def pages(config: EncyclopediaConfig) -> Iterator[WikiPage]:
    """All pages, without end.

    >>> next(pages(EncyclopediaConfig())).title
    'Larkwell'
    """
    for id, article in enumerate(_with_company(config), start=1):
        rng = random.Random(f"revision/{config.seed}/{id}")
        yield WikiPage(id, article, rng.random() < config.anonymous, rng.getrandbits(64))


def _with_company(config: EncyclopediaConfig) -> Iterator[Article]:
    """Every article, followed by its redirect and its talk page where it has them."""
    for article in _articles(config):
        yield article
        if article.kind in NUMBERS:  # a category or a template
            continue
        rng = random.Random(f"company/{config.seed}/{article.title}")
        if rng.random() < config.redirects:
            yield redirect(article)
        if rng.random() < config.talk:
            yield talk(article, rng)


def _articles(config: EncyclopediaConfig) -> Iterator[Article]:
    """What is in `village.txt`, then tales."""
    yield whole_village()
    world = village()
    for entity in world.people + world.animals + world.places + world.things:
        yield about(entity, random.Random(f"article/{config.seed}/{entity.kind}/{entity.name}"))
    yield from map(listing, LISTS)
    yield from map(category, ("Larkwell", "Lists", "Tales", *map(str.title, LISTS.values())))
    yield from map(template, TEMPLATES)
    for number in count(1):
        yield tale(config.seed, number, random.Random(f"tale/{config.seed}/{number}"))
