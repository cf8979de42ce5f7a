"""Which lists of a page belong to its text, and which are menus."""

import re
from dataclasses import dataclass, field

TAG = re.compile(r"<(?P<end>/?)(?P<name>ul|ol|li|a)\b(?P<rest>[^<>]*)>", re.IGNORECASE)
ANY_TAG = re.compile(r"<[^<>]*>")
MOST_LINKED = 1 / 3  # of the words of a list; as in `is_content`
BULLET = "• "


@dataclass
class _List:
    """A list that is not closed yet: its words, those in links, and its own tags."""

    name: str
    words: int = 0
    linked: int = 0
    tags: list[re.Match[str]] = field(default_factory=list)


def keep_lists(page: str) -> str:
    r"""Write the lists of a page as blocks, but for those that are mostly links.

    resiliparse takes every ``<ul>`` for a menu and leaves it out of the main text. One whose words
    stand outside of links is written as ``<div>`` with bullets, which it keeps.

    Args:
        page: HTML of any quality.

    >>> keep_lists("<ul><li>Two eggs</li></ul>")
    '<div><div>• Two eggs</div></div>'
    >>> keep_lists("<ul><li><a href=/>Home</a></li></ul>")
    '<ul><li><a href=/>Home</a></li></ul>'
    """
    kept = sorted(_tags_of_text(page), key=lambda tag: tag.start())
    pieces, end = [], 0
    for tag in kept:
        opened = f"<div{tag['rest']}>{BULLET * (tag['name'].lower() == 'li')}"
        pieces += [page[end : tag.start()], "</div>" if tag["end"] else opened]
        end = tag.end()
    return "".join([*pieces, page[end:]])


def _tags_of_text(page: str) -> list[re.Match[str]]:
    """The tags of all ``<ul>`` lists, and of their items, that are no menus."""
    kept: list[re.Match[str]] = []
    lists: list[_List] = []
    in_link, place = False, 0
    for tag in TAG.finditer(page):
        if lists:
            words = len(ANY_TAG.sub(" ", page[place : tag.start()]).split())
            lists[-1].words += words
            lists[-1].linked += words * in_link
        place = tag.end()
        name, ends = tag["name"].lower(), bool(tag["end"])
        if name == "a":
            in_link = not ends
        elif name == "li":
            if lists:
                lists[-1].tags.append(tag)
        elif not ends:
            lists.append(_List(name, tags=[tag]))
        elif any(one.name == name for one in lists[-8:]):
            _close(lists, name, tag, kept)
    while lists:
        _close(lists, lists[-1].name, None, kept)
    return kept


def _close(
    lists: list[_List], name: str, tag: re.Match[str] | None, kept: list[re.Match[str]]
) -> None:
    """End the innermost list of a kind, and those inside of it that were never ended."""
    while lists:
        last = lists.pop()
        if last.name == name and tag is not None:
            last.tags.append(tag)
        if last.name == "ul" and last.linked <= MOST_LINKED * last.words:
            kept += last.tags
        if lists:
            lists[-1].words += last.words
            lists[-1].linked += last.linked
        if last.name == name:
            return
