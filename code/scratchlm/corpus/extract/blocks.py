"""Boilerplate removal: a page as blocks of text, kept by density of words and of links."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

# Raw elements and comments that never end run to the end of the page, as in browsers; every
# alternative takes what it has looked at, so that the time stays linear on any input.
HTML_TOKEN = re.compile(
    r"<(?P<raw>script|style|noscript|template|svg|textarea|select|title)\b.*?(?:</(?P=raw)\b[^<>]*>?|\Z)"
    r"|<!--.*?(?:-->|\Z)"
    r"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)[^<>]*>?"
    r"|<[!?/][^<>]*>?"
    r"|(?P<text>[^<]+|<)",
    re.IGNORECASE | re.DOTALL,
)
BLOCK_TAGS = re.compile(
    r"address|article|aside|blockquote|body|button|caption|center|dd|details|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li|main|nav|ol|option|p|pre"
    r"|section|summary|table|tbody|td|tfoot|th|thead|tr|ul",
    re.IGNORECASE,
)
LINE = 80  # characters: the width at which the paper wraps text to measure its density


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Text between two tags that begin or end a block.

    Attributes:
        text: Its words, with single spaces between them.
        link_density: The share of its words that stand in links.
    """

    text: str
    link_density: float

    @property
    def text_density(self) -> float:
        """Words per full line of 80 characters.

        >>> TextBlock("four" + " four" * 31, link_density=0.0).text_density
        16.0
        """
        lines, width = [0], -1
        for word in self.text.split():
            width += 1 + len(word)
            if width > LINE and lines[-1]:
                lines.append(0)
                width = len(word)
            lines[-1] += 1
        full = lines[:-1] or lines  # the last line is rarely full, and would blur the measure
        return sum(full) / len(full)


def text_blocks(page: str) -> Iterator[TextBlock]:
    """Cut a page into its blocks of text; those without a word are left out.

    Args:
        page: HTML of any quality; how deep it is nested does not matter.

    >>> list(text_blocks("<p>Read <a href='/'>the book</a>.<p><b>Now</b>"))
    [TextBlock(text='Read the book .', link_density=0.5), TextBlock(text='Now', link_density=0.0)]
    """
    words: list[str] = []
    linked, in_link = 0, False
    for token in chain(HTML_TOKEN.finditer(page), [None]):
        if token and token["text"]:
            found = html.unescape(token["text"]).split()
            words += found
            linked += len(found) * in_link
        elif token is None or BLOCK_TAGS.fullmatch(token["tag"] or ""):
            if words:
                yield TextBlock(" ".join(words), linked / len(words))
            words, linked = [], 0
        elif (token["tag"] or "").lower() == "a":
            in_link = not token["end"]


def is_content(before: TextBlock, block: TextBlock, after: TextBlock) -> bool:
    """Whether a block belongs to the main text, by its densities and its neighbors'.

    The decision tree that was learned from news pages: Kohlschütter, Fankhauser and Nejdl,
    *Boilerplate Detection using Shallow Text Features* (WSDM 2010), the classifier by densities.

    Args:
        before: The block before it; an empty one at the beginning.
        block: The block.
        after: The block after it; an empty one at the end.

    >>> nothing = TextBlock("", 0.0)
    >>> is_content(nothing, TextBlock("Home", 1.0), nothing)
    False
    """
    if block.link_density > 1 / 3:
        return False
    if before.link_density > 5 / 9:
        return after.text_density > 11
    if block.text_density > 9:
        return after.text_density > 0
    return after.text_density > 10 or before.text_density > 4


def main_text(page: str) -> str:
    r"""The blocks of a page that `is_content` keeps, one a line.

    Args:
        page: HTML of any quality.

    >>> story = " ".join(["Once there was a baker who baked the best bread of the village."] * 9)
    >>> page = f"<nav><a>Home</a> <a>News</a></nav><p>{story}</p><p>{story}</p><a>Imprint</a>"
    >>> main_text(page) == f"{story}\n{story}"
    True
    """
    return "\n".join(block.text for block in _content(list(text_blocks(page))))


def _content(blocks: Sequence[TextBlock]) -> Iterator[TextBlock]:
    edge = TextBlock("", 0.0)
    for before, block, after in zip([edge, *blocks], blocks, [*blocks[1:], edge], strict=False):
        if is_content(before, block, after):
            yield block
