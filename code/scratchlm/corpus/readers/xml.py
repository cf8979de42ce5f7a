"""XML in pieces: found by their tags, and parsed one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.require import require

if TYPE_CHECKING:
    from lxml.etree import _Element

LONGEST = 16  # bytes of the longest mark, and a few more


REFERENCES = re.compile(rb"(?:&#(?:x[0-9a-fA-F]{1,6}|[0-9]{1,7});)+")
CHARACTERS = (range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))


class BrokenXMLError(Exception):
    """An element that cannot be parsed."""


class Segment(NamedTuple):
    """A stretch of XML from one mark to the next.

    Attributes:
        start: Where it begins.
        mark: What it begins with; empty after the last, where the stream ends.
        data: Its bytes with the mark, or None where they are too many.
    """

    start: int
    mark: bytes
    data: bytes | None


def split_at(
    marks: re.Pattern[bytes], chunks: Iterable[bytes], start: int, limit: int
) -> Iterator[Segment]:
    """Cut a stream in front of every mark; what stands before the first is passed over.

    In XML a tag is always a tag: ``<`` in a text or an attribute is written ``&lt;``. (Comments
    and CDATA sections are the exception, and no dump has them.)

    Args:
        marks: What a segment begins with; at most 16 bytes.
        chunks: The stream.
        start: The place of its first byte.
        limit: Bytes of the longest segment; about as many are held in memory.

    >>> for segment in split_at(re.compile(b"<row"), [b"<posts><row a='1'/><r", b"ow/>"], 0, 50):
    ...     print(segment)
    Segment(start=7, mark=b'<row', data=b"<row a='1'/>")
    Segment(start=19, mark=b'<row', data=b'<row/>')
    Segment(start=25, mark=b'', data=b'')
    """
    held, place = bytearray(), start  # the bytes not given yet, and where they begin
    opened: tuple[int, bytes] | None = None
    searched, cut = 0, False
    for chunk in chunks:
        held += chunk
        while found := marks.search(held, searched):
            if opened:
                whole = not cut and found.start() <= limit
                yield Segment(*opened, bytes(held[: found.start()]) if whole else None)
            opened, cut, searched = (place + found.start(), found[0]), False, len(found[0])
            place += found.start()
            del held[: found.start()]
        searched = max(searched, len(held) - LONGEST)
        if opened is None or cut or len(held) > limit:
            place += max(0, len(held) - LONGEST)
            del held[:-LONGEST]
            searched, cut = 0, opened is not None
    if opened:
        yield Segment(*opened, None if cut or len(held) > limit else bytes(held))
    yield Segment(place + len(held), b"", b"")


def parse_element(data: bytes) -> _Element:
    """Parse one element, with entities, network and document types off.

    Args:
        data: The element, from its tag to its end.

    Raises:
        BrokenXMLError: It is not well formed, uses an entity of its own, or is nested too deep.

    >>> parse_element(b"<row Id='7'>x &amp; y</row>").text
    'x & y'
    >>> parse_element(b"<row>&bomb;</row>")
    Traceback (most recent call last):
    ...
    scratchlm.corpus.readers.xml.BrokenXMLError: Entity 'bomb' not defined, line 1, column 12
    """
    etree = require("lxml.etree")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return cast("_Element", etree.fromstring(data, parser))
    except etree.XMLSyntaxError as error:
        raise BrokenXMLError(" ".join(str(error.msg).split())) from error


def parse_counted(data: bytes, where: str, on_error: ErrorPolicy) -> _Element:
    """Parse one element as `parse_element` does; forbidden characters in it are replaced.

    Args:
        data: The element.
        where: The file and the record, for the counts.
        on_error: Counts elements with references to characters that XML forbids.

    Raises:
        BrokenXMLError: As `parse_element`.

    >>> parse_counted(b"<row>a&#8;b</row>", "Posts.xml", counts := ErrorPolicy("skip")).text
    'a�b'
    >>> counts.items()
    [('forbidden characters replaced', 1)]
    """
    try:
        return parse_element(data)
    except BrokenXMLError:
        mended = REFERENCES.sub(_allowed, data)
        if mended == data:
            raise
    element = parse_element(mended)
    on_error.count("forbidden characters replaced", where)
    return element


def _allowed(found: re.Match[bytes]) -> bytes:
    """Character references in a row; halves of surrogate pairs become the character they mean."""
    codes = [
        int(code[1:], 16) if code.startswith(b"x") else int(code)
        for code in found[0][2:-1].split(b";&#")
    ]
    units = "".join(chr(code if code < 0x110000 else 0xFFFD) for code in codes)
    text = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return b"".join(b"&#%d;" % (ord(sign) if _is_allowed(ord(sign)) else 0xFFFD) for sign in text)


def _is_allowed(code: int) -> bool:
    """Whether XML 1.0 has the character (section 2.2)."""
    return code in (9, 10, 13) or any(code in part for part in CHARACTERS)
