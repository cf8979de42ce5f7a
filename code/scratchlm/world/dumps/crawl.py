"""The village's crawl: a WARC file of web pages, the WET file made of it, and the truth.

Every page is a function of the seed and its number alone. A copy draws the number of an earlier
page and makes that page once more, so a crawl of any size needs the memory of two pages.
"""

import random
import uuid
from dataclasses import replace
from itertools import count
from pathlib import Path

from scratchlm.world.dumps.content import MAKERS, Content, ask_held_out, tell_stories
from scratchlm.world.dumps.edit import exchange
from scratchlm.world.dumps.mixture import COPIES, CrawlConfig, draw
from scratchlm.world.dumps.output import Extent, encode_label, whole_files
from scratchlm.world.dumps.page import Page
from scratchlm.world.dumps.personal import Span, plant
from scratchlm.world.dumps.site import SITES, site
from scratchlm.world.dumps.warc import fetched_at, header_lines, member, record

FILES = ("crawl.warc.gz", "crawl.warc.wet.gz", "labels/crawl.jsonl")
TRIES = 50  # numbers of earlier pages that a copy draws before it gives up and tells a story


def write_crawl(folder: Path, config: CrawlConfig, extent: Extent) -> list[Path]:
    """Write a crawl: ``crawl.warc.gz``, ``crawl.warc.wet.gz`` and ``labels/crawl.jsonl``.

    Both archives hold their pages in the same order, and the labels a line for each page. The
    labels lie in a folder of their own, so that nobody reads them as text by mistake. The same
    seed gives the same records on every machine (how well they are compressed may differ).

    Args:
        folder: Made where it is missing.
        config: What the crawl is made of.
        extent: How much; its size counts the WARC file's records before compression.

    Returns:
        The three files.

    Raises:
        InputError: The folder cannot be written.

    >>> import tempfile
    >>> files = write_crawl(Path(tempfile.mkdtemp()), CrawlConfig(), Extent(items=3))
    >>> files[2].read_text(encoding="utf-8").count('"url"')
    3
    """
    with whole_files(folder, *FILES) as (warc, wet, labels):
        for file, name in ((warc, FILES[0]), (wet, FILES[1])):
            file.write(member(_warcinfo(name, config.seed)))
        for told in extent.of(page(config, index) for index in count()):
            warc.write(member(told.response))
            wet.write(member(told.conversion))
            labels.write(encode_label(told.label))
    return [folder / name for name in FILES]


def _warcinfo(name: str, seed: int) -> bytes:
    """The record that opens a file and says where it comes from."""
    block = header_lines(
        {
            "isPartOf": f"LARKWELL-{seed}",
            "publisher": "Larkwell",
            "description": "A crawl of the village's web",
            "format": "WARC File Format 1.0",
        }
    )
    id = uuid.UUID(int=random.Random(f"warcinfo/{name}/{seed}").getrandbits(128), version=4).urn
    date = f"{fetched_at(0):%Y-%m-%dT%H:%M:%SZ}"
    kind = {"Content_Type": "application/warc-fields", "WARC_Filename": name}
    return record("warcinfo", id, date, block, **kind)


def page(config: CrawlConfig, index: int) -> Page:
    """Make page number ``index`` of a crawl.

    >>> page(CrawlConfig(), 5) == page(CrawlConfig(), 5)
    True
    """
    rng = _random(config, index)
    drawn = draw(config, rng)
    origin = _origin(config, index, drawn.kind, rng) if drawn.kind in COPIES else None
    kind = "story" if drawn.kind in COPIES and origin is None else drawn.kind
    edit_rate = None if origin is None else 0.0
    planted: dict[str, tuple[Span, ...]] = {}
    if origin is None:
        content, planted = _original(config, index, kind, drawn.planted, rng)
    elif kind == "near":
        content, edit_rate = _edited(origin.content, rng.choice(config.edit_rates), rng)
    else:
        content = origin.content
        planted = {"contact": origin.personal, "decoy": origin.decoys}
    publisher = site(rng.randrange(SITES), content.language)
    if origin is not None and kind == "mirror":
        publisher = replace(origin.site, host=f"mirror.{publisher.host}")
    path = f"{rng.choice(('a', 'page', 'post', 'read'))}/{index}.html"
    return Page(
        index=index,
        url=f"https://{publisher.host}/{path}",
        id=uuid.UUID(int=rng.getrandbits(128), version=4).urn,
        text_id=uuid.UUID(int=rng.getrandbits(128), version=4).urn,
        site=publisher,
        content=content,
        charset=origin.charset if origin is not None and kind == "mirror" else drawn.charset,
        kind=kind,
        personal=planted.get("contact", ()),
        decoys=planted.get("decoy", ()),
        origin=origin,
        edit_rate=edit_rate,
    )


def _random(config: CrawlConfig, index: int) -> random.Random:
    return random.Random(f"crawl/{config.seed}/{index}")


def _origin(config: CrawlConfig, index: int, kind: str, rng: random.Random) -> Page | None:
    """An earlier page that a copy of this kind may be made of; None where none is found."""
    copied = {"story", "facts"} if kind == "near" else {"story", "facts", "foreign"}
    for _ in range(TRIES if index else 0):
        earlier = rng.randrange(index)
        drawn = draw(config, _random(config, earlier))
        # Planted sentences are left alone: an edit could break what they are to be found by.
        if drawn.kind in copied and not (kind == "near" and drawn.planted):
            return page(config, earlier)
    return None


def _original(
    config: CrawlConfig, index: int, kind: str, rule: str, rng: random.Random
) -> tuple[Content, dict[str, tuple[Span, ...]]]:
    """A main text that is no copy, and what is planted in it."""
    if kind == "held_out":
        return ask_held_out(rng, config.held_out), {}
    if kind not in ("story", "facts"):
        return MAKERS[kind](rng), {}
    content = MAKERS[kind](rng) if kind == "facts" else tell_stories(config.seed, index, rng)
    if not rule:
        return content, {}
    paragraphs, spans = plant(content.paragraphs, rule, rng)
    truth = {key: value for key, value in content.truth.items() if key != "nats"}
    return replace(content, paragraphs=paragraphs, truth=truth), {rule: spans}


def _edited(content: Content, rate: float, rng: random.Random) -> tuple[Content, float]:
    """A near-duplicate, which is neither a story nor true any more; and its exact edit rate."""
    paragraphs, exact = exchange(content.paragraphs, rate, rng)
    return replace(content, paragraphs=paragraphs, truth={}), exact
