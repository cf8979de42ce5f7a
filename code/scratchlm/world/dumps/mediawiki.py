"""The XML that MediaWiki exports, schema 0.11 (mediawiki.org/xml/export-0.11.xsd).

Text is escaped, not wrapped in CDATA. The SHA-1 of a revision is written in base 36.
"""

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from scratchlm.world.dumps.article import Article
from scratchlm.world.dumps.phrases import say
from scratchlm.world.village import village

NAMESPACES = {
    -2: "Media",
    -1: "Special",
    0: "",
    1: "Talk",
    2: "User",
    3: "User talk",
    4: "Larkwell",
    6: "File",
    10: "Template",
    14: "Category",
}
NUMBERS = {"talk": 1, "template": 10, "category": 14}  # of the namespaces, by kind of page
SCHEMA = "http://www.mediawiki.org/xml/export-0.11"
FIRST_EDIT = datetime(2004, 8, 9, 9, 4, 8, tzinfo=UTC)
END = b"</mediawiki>\n"


@dataclass(frozen=True)
class WikiPage:
    """A page as the dump holds it, with its current revision.

    Attributes:
        id: Counted from 1.
        article: Title, wikitext and truth.
        anonymous: Whether the revision is signed by an IP address instead of a name.
        draws: Seeds the draws of what else a revision has: its number, date, author, comment.
    """

    id: int
    article: Article
    anonymous: bool
    draws: int

    @property
    def namespace(self) -> int:
        """A key of `NAMESPACES`."""
        return NUMBERS.get(self.article.kind, 0)

    @property
    def title(self) -> str:
        """The title with the namespace's prefix."""
        prefix = NAMESPACES[self.namespace]
        return f"{prefix}:{self.article.title}" if prefix else self.article.title

    @cached_property
    def xml(self) -> bytes:
        """The ``page`` element."""
        target = self.article.target
        leads = f"\n    <redirect title={quoteattr(target)} />" if target else ""
        return f"""  <page>
    <title>{escape(self.title)}</title>
    <ns>{self.namespace}</ns>
    <id>{self.id}</id>{leads}
    <revision>
{self._revision()}
    </revision>
  </page>
""".encode()

    def _revision(self) -> str:
        rng = random.Random(self.draws)
        text = self.article.wikitext
        number = 10_000 + 17 * self.id
        when = FIRST_EDIT + timedelta(minutes=7 * self.id + rng.randint(0, 6))
        number_of_author, author = rng.choice(list(enumerate(village().people, start=1)))
        signed = f"<username>{author.name}</username>\n        <id>{number_of_author}</id>"
        if self.anonymous:
            signed = f"<ip>203.0.113.{rng.randint(1, 254)}</ip>"
        size, sha1 = len(text.encode()), sha1_base36(text)
        return f"""      <id>{number}</id>
      <parentid>{number - rng.randint(1, 16)}</parentid>
      <timestamp>{when:%Y-%m-%dT%H:%M:%SZ}</timestamp>
      <contributor>
        {signed}
      </contributor>
      <comment>{escape(say("wiki", "comment", rng))}</comment>
      <origin>{number}</origin>
      <model>wikitext</model>
      <format>text/x-wiki</format>
      <text bytes="{size}" sha1="{sha1}" xml:space="preserve">{escape(text)}</text>
      <sha1>{sha1}</sha1>"""

    @property
    def size(self) -> int:
        """Bytes of the element."""
        return len(self.xml)

    @property
    def label(self) -> dict[str, object]:
        """What is true about the page: one line of the label file.

        * ``id``, ``ns``, ``title``: as in the dump; ``redirect`` is where a redirect leads.
        * ``kind``: see `Article`.
        * ``text``: the paragraphs of running text, without markup, headings, tables and lists.
        * ``home``, ``role``, ``traits``: facts about an entity, from ``village.txt``.
        * ``story``, ``nats``: of a tale: its number in the encyclopedia's stream of stories, and
          its exact code length.
        """
        return {
            "id": self.id,
            "ns": self.namespace,
            "title": self.title,
            "kind": self.article.kind,
            "redirect": self.article.target,
            "text": "\n\n".join(self.article.prose),
            **self.article.truth,
        }


def sha1_base36(text: str) -> str:
    """The fingerprint of a text as MediaWiki writes it: 31 digits in base 36.

    >>> sha1_base36("")
    'phoiac9h4m842xq45sp7s6u21eteeq1'
    """
    number = int(hashlib.sha1(text.encode()).hexdigest(), 16)
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(31, "0")


def siteinfo() -> bytes:
    """What a dump begins with: the schema, the site and its namespaces.

    >>> siteinfo().count(b"<namespace ")
    10
    """
    spaces = "\n".join(
        f'      <namespace key="{key}" case="first-letter"'
        + (f">{name}</namespace>" if name else " />")
        for key, name in NAMESPACES.items()
    )
    return f"""<mediawiki xmlns="{SCHEMA}/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="{SCHEMA}/ {SCHEMA}.xsd" version="0.11" xml:lang="en">
  <siteinfo>
    <sitename>Larkwell</sitename>
    <dbname>larkwellwiki</dbname>
    <base>https://wiki.larkwell.example/Larkwell</base>
    <generator>MediaWiki 1.43.0</generator>
    <case>first-letter</case>
    <namespaces>
{spaces}
    </namespaces>
  </siteinfo>
""".encode()
