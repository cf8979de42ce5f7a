"""What a crawl is made of: the shares of its kinds of pages, and the draws that follow them."""

import random
from dataclasses import asdict, dataclass, fields

from scratchlm.errors import InputError
from scratchlm.world.dumps.charset import LEGACY, MISSING, RIGHT, WRONG, Charset
from scratchlm.world.dumps.stream import story_stream

COPIES = ("reprint", "near", "mirror")


@dataclass(frozen=True)
class Shares:
    """How many of a crawl's pages are of each kind; they sum to 1.

    Attributes:
        story: Village stories, and nothing else as main text.
        facts: Passages about the village, all of them true.
        foreign: German, French or Spanish.
        reprint: The main text of an earlier page on another site.
        near: The same with a known share of its words exchanged.
        mirror: The whole page of an earlier address, byte for byte, at another address.
        stub: A notice that many pages share, and no text.
        spam: Advertisements.
        keywords: The same search words again and again.
        farm: Nothing but links.
        held_out: A story of the test split, with a question and its answer.
    """

    story: float = 0.46
    facts: float = 0.08
    foreign: float = 0.1
    reprint: float = 0.05
    near: float = 0.1
    mirror: float = 0.04
    stub: float = 0.04
    spam: float = 0.05
    keywords: float = 0.03
    farm: float = 0.02
    held_out: float = 0.03

    def __post_init__(self) -> None:
        values = asdict(self)
        if abs(sum(values.values()) - 1) > 1e-9 or min(values.values()) < 0:
            raise InputError(
                "crawl: expected shares of kinds from 0 up that sum to 1, found "
                + ", ".join(f"{key} {value:g}" for key, value in values.items())
            )


@dataclass(frozen=True)
class CrawlConfig:
    """What a crawl is made of.

    Attributes:
        seed: Crawls of different seeds share no story.
        shares: Of the kinds of pages.
        edit_rates: Of near-duplicates: each is as frequent as the others.
        personal: Share of pages with planted e-mail addresses, telephone numbers or IP addresses.
        decoys: Share of pages with numbers and names that only look like these.
        missing: Share of pages that say nothing about their charset.
        legacy: Share of pages in windows-1252 that say so.
        wrong: Share of pages whose declared charset is wrong.
        held_out: From how many stories of the test split contamination is drawn.
    """

    seed: int = 0
    shares: Shares = Shares()
    edit_rates: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4)
    personal: float = 0.08
    decoys: float = 0.08
    missing: float = 0.1
    legacy: float = 0.08
    wrong: float = 0.04
    held_out: int = 1000

    def __post_init__(self) -> None:
        story_stream("crawl", self.seed)  # refuses what is no seed
        charsets, planted = (self.missing, self.legacy, self.wrong), (self.personal, self.decoys)
        for name, shares in (
            ("missing, legacy and wrong", charsets),
            ("personal, decoys", planted),
        ):
            if min(shares) < 0 or sum(shares) > 1:
                raise InputError(
                    f"crawl: expected the shares {name} from 0 up and not above 1 in sum, "
                    f"found {', '.join(map(str, shares))}"
                )
        if not self.edit_rates or min(self.edit_rates) <= 0 or max(self.edit_rates) > 1:
            raise InputError(
                f"crawl: expected edit rates above 0 and up to 1, found {self.edit_rates}"
            )


@dataclass(frozen=True)
class PageDraw:
    """The first draws of a page: what it is, before any text is made."""

    kind: str
    charset: Charset
    planted: str


def draw(config: CrawlConfig, rng: random.Random) -> PageDraw:
    """Draw a page's kind, its charset and what is planted in it.

    >>> draw(CrawlConfig(shares=Shares(*[0.0] * 10, 1.0)), random.Random(0)).kind
    'held_out'
    """
    names = [share.name for share in fields(config.shares)]
    weights = [getattr(config.shares, name) for name in names]
    kind = rng.choices(names, weights)[0]
    chances = (config.missing, config.legacy, config.wrong / 2, config.wrong / 2)
    charset = rng.choices((MISSING, LEGACY, *WRONG, RIGHT), (*chances, 1 - sum(chances)))[0]
    odds = (config.personal, config.decoys, 1 - config.personal - config.decoys)
    return PageDraw(kind, charset, rng.choices(("contact", "decoy", ""), odds)[0])
