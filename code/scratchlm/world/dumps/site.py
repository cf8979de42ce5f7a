"""Web sites: who publishes a page, in which language, and with what around the text."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from scratchlm.world.dumps.layout import LAYOUTS
from scratchlm.world.dumps.phrases import choices, say

SITES = 60  # of each language
TOP = {"en": "org", "de": "de", "fr": "fr", "es": "es"}
DECLARE = '<meta http-equiv="Content-Type" content="text/html; charset={}">\n'


@dataclass(frozen=True)
class Site:
    """A web site; all its pages share what stands here.

    Attributes:
        host: Unique among sites; below ``.example``, which nobody can own (RFC 2606).
        language: ISO 639-1 code.
        layout: A key of `LAYOUTS`.
        frame: The lines of each part around the text: menu, cookies, banner, related, footer.
        server: What its web server calls itself.
        address: Its IP address, from a range kept for documentation (RFC 5737).
    """

    host: str
    language: str
    layout: str
    frame: dict[str, Sequence[str]]
    server: str
    address: str

    def html(self, lines: Mapping[str, Sequence[str]], title: str, charset: str | None) -> str:
        """A page of this site; its head declares a charset, or none.

        >>> "title>Tale</title" in site(0, "en").html({}, "Tale", "utf-8").replace("TITLE", "title")
        True
        """
        declared = DECLARE.format(charset) if charset else ""
        head = {"title": escape(title), "charset": declared, "language": self.language}
        return LAYOUTS[self.layout].html(self.frame | dict(lines), head)

    def text(self, lines: Mapping[str, Sequence[str]], title: str) -> str:
        """What can be seen of that page, in the order of the page; the title in front.

        >>> site(0, "en").text({"text": ["Once."]}, "Tale").splitlines()[0]
        'Tale'
        """
        return "\n".join([title, *LAYOUTS[self.layout].text(self.frame | dict(lines))]) + "\n"


@lru_cache(maxsize=4 * SITES)
def site(number: int, language: str) -> Site:
    """Site ``number`` of a language; the same in every crawl.

    >>> site(3, "de").host
    'wiesentalerbote3.de.example'
    """
    rng = random.Random(f"site/{language}/{number}")
    name = say(language, "site", rng)
    slug = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
    legal = rng.sample(choices(language, "footer"), rng.randint(3, 5))
    frame: dict[str, Sequence[str]] = {
        "menu": [name, *rng.sample(choices(language, "menu"), rng.randint(5, 8))],
        "cookies": [say(language, "cookies", rng)],
        "banner": [say(language, "banner", rng)],
        "related": [say(language, "related", rng)],
        "footer": [f"© {rng.randint(2003, 2024)} {name}", *legal],
    }
    return Site(
        host=f"{slug}{number}.{TOP[language]}.example",
        language=language,
        layout=rng.choice(tuple(LAYOUTS)),
        frame=frame,
        server=rng.choice(("nginx", "Apache/2.4", "cloudfront", "lighttpd/1.4")),
        address=f"203.0.113.{rng.randint(1, 254)}",
    )
