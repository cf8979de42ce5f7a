"""Wikitext without its markup: what a reader of the page would call its text."""

import html
import re
from collections.abc import Collection, Iterator

# Elements whose inside is no prose; comments; and nowiki, whose inside is literal. One that never
# ends is looked for only once, so that a page of nothing but openings takes linear time.
RAW = "nowiki|math|chem|gallery|timeline|score|syntaxhighlight|source|graph|mapframe"
WIKI_TOKEN = re.compile(
    r"(?P<comment><!--)"
    rf"|<(?P<raw>{RAW})\b[^<>]*?(?P<empty>/?)>"
    r"|<ref\b[^<>]*/>|(?P<ref><ref\b[^<>]*>)|(?P<unref></ref\s*>)"
    r"|(?P<table>^[ \t:]*\{\|)|(?P<untable>^[ \t]*\|\}(?!\}))"
    r"|(?P<open>\{\{+)|(?P<close>\}\}+)"
    r"|(?P<link>\[\[)|(?P<unlink>\]\])|(?P<pipe>\|)",
    re.IGNORECASE | re.MULTILINE,
)
DROPPED = frozenset({"file", "image", "category", "media"})
# Older or second names that sites understand and their dumps do not list (MediaWiki's language
# files); files under any other name are known by their ending.
ALIASES = frozenset({"bild", "изображение", "画像", "カテゴリ", "分类", "分類", "图像", "圖像"})
MEDIA = (
    *(
        "jpg",
        "jpeg",
        "png",
        "gif",
        "svg",
        "webp",
        "tif",
        "tiff",
        "xcf",
        "pdf",
        "djvu",
        "ogg",
        "ogv",
    ),
    *("ogv", "oga", "opus", "webm", "mp3", "mp4", "mpg", "mpeg", "mid", "wav", "flac"),
)
REDIRECT = re.compile(
    r"\s*#\s?(?P<word>[^\W\d_][^\d_#\[\]:]{1,30}?):?\s*\[\[[^\[\]]+\]\](?P<rest>[^\n]*)"
)
# The word in some large wikis; elsewhere, a page of one word and one link alone is a redirect.
REDIRECT_WORDS = (
    *("redirect", "weiterleitung", "redirection", "redirección", "redirecionamento", "rinvia"),
    *("doorverwijzing", "omdirigering", "patrz", "przekieruj", "přesměruj", "перенаправление"),
    *("перенаправлення", "重定向", "転送", "リダイレクト", "넘겨주기", "تحويل", "yönlendirme"),
)
# One text for several scripts or countries, as in Chinese: -{flags|zh-hans:网络; zh-hant:網路}-
VARIANTS = re.compile(r"-\{(?:([A-Za-z;\s-]*)\|)?([^{}]*)\}-")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z-]+)?")
EXTERNAL = re.compile(r"\[(?:https?:|ftp:|mailto:|//)[^\s\[\]]*[ \t]*([^\[\]\n]*)\]", re.IGNORECASE)
BEHAVIOR_SWITCH = re.compile(r"__(?:[^\W\d_]|_(?!_)){3,}__|'{2,}")
BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/?tr|hr)\b[^<>]*>", re.IGNORECASE)
HTML_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


def strip_wikitext(source: str, unread: Collection[str] = ()) -> str:
    r"""Take the markup out of wikitext; templates, tables, references and files go whole.

    Links leave their label, headings, list items and styled text their words. What a template
    would have printed is lost: it is not in the page. Markup that never closes stays as it is,
    so that a mistake costs no text. The time is linear in the length, however deep the nesting.

    Args:
        source: Wikitext, as it stands in a MediaWiki dump.
        unread: What a site that is not English calls its files and categories, in lower case.

    >>> strip_wikitext("'''Ada''' was{{efn|1815}} a [[mathematics|mathematician]].<ref>X</ref>")
    'Ada was a mathematician.'
    >>> strip_wikitext("== Life ==\n* [[London]]\n{| class=x\n| cell\n|}\n[[Category:People]]")
    'Life\nLondon'
    """
    source = VARIANTS.sub(_one_variant, source)
    return _plain_lines("".join(_Nesting(DROPPED | ALIASES | set(unread)).run(source)))


def is_redirect(source: str, unread: Collection[str] = ()) -> bool:
    """Whether a page only sends its readers to another one.

    Args:
        source: Wikitext.
        unread: As for `strip_wikitext`.

    >>> is_redirect("#WEITERLEITUNG [[Hafen]]"), is_redirect("#Erstens [[Hafen|der]] Ort.")
    (True, False)
    """
    found = REDIRECT.match(source)
    if found is None:
        return False
    rest = strip_wikitext(found["rest"] + source[found.end() :], unread)
    return found["word"].strip().lower() in REDIRECT_WORDS or not rest


class _Nesting:
    """The pieces of a page, the openings that wait for their end, and what is left out.

    Nothing is ever moved: closing a construct notes a jump over the pieces that go. Jumps
    are taken once, at the end; an outer one passes over those inside of it.
    """

    def __init__(self, unread: Collection[str]) -> None:
        self.unread = unread
        self.pieces: list[str] = []
        self.jumps: dict[int, int] = {}  # from a piece to the one that follows in the text
        self.waiting: list[tuple[str, int]] = []  # kind of opening, and its piece
        self.open = dict.fromkeys(("open", "ref", "table", "link"), 0)
        self.pipes: dict[int, int] = {}  # a link's opening, and its last pipe

    def run(self, source: str) -> Iterator[str]:
        """Take a page apart, and give the pieces that stay."""
        place, endless = 0, set[str]()
        while token := WIKI_TOKEN.search(source, place):
            self.pieces.append(source[place : token.start()])
            place = token.end()
            kind = token.lastgroup or "self-closing"
            if kind in ("comment", "raw", "empty"):
                place = self._skip_raw(source, token, endless)
            elif kind != "self-closing":
                self._nest(kind, token[0])
        self.pieces.append(source[place:])
        at = 0
        while at < len(self.pieces):
            if at in self.jumps:
                at = self.jumps[at]
            else:
                yield self.pieces[at]
                at += 1

    def _skip_raw(self, source: str, token: re.Match[str], endless: set[str]) -> int:
        name = (token["raw"] or "").lower()
        if token["empty"]:
            return token.end()
        end = "-->" if not name else rf"</{name}\s*>"
        found = None
        if end not in endless:
            found = re.compile(end, re.IGNORECASE).search(source, token.end())
        if found is None:  # it runs to the end of the page, as in MediaWiki, or is left out alone
            endless.add(end)
            return token.end()
        if name == "nowiki":
            literal = source[token.end() : found.start()]
            self.pieces.append(re.sub(r"[^\w\s]", lambda sign: f"&#{ord(sign[0])};", literal))
        return found.end()

    def _nest(self, kind: str, text: str) -> None:
        self.pieces.append(text)
        here = len(self.pieces) - 1
        if kind == "open":
            for _ in range(len(text) // 2):  # {{{ is one opening: a parameter, which goes too
                self._wait("open", here)
        elif kind in ("ref", "table", "link"):
            self._wait(kind, here)
        elif kind == "close":
            for _ in range(len(text) // 2):
                self._end("open", here)
        elif kind == "unref":
            self._end("ref", here)
        elif kind == "untable":
            self._end("table", here)
        elif self.waiting and self.waiting[-1][0] == "link":
            opening = self.waiting[-1][1]
            if kind == "pipe":
                self.pipes[opening] = here
            else:
                self._end_link(opening, here)

    def _wait(self, kind: str, here: int) -> None:
        self.waiting.append((kind, here))
        self.open[kind] += 1

    def _end(self, kind: str, here: int) -> None:
        """Leave out all from the last opening of a kind; openings inside of it never end."""
        while self.open[kind]:
            last, opening = self.waiting.pop()
            self.open[last] -= 1
            if last == kind:
                self.jumps[opening] = here + 1
                return

    def _end_link(self, opening: int, here: int) -> None:
        self.waiting.pop()
        self.open["link"] -= 1
        target = self.pieces[opening + 1]
        space = target.partition(":")[0].strip().replace("_", " ") if ":" in target else ""
        if space and (
            space.lower() in self.unread or LANGUAGE.fullmatch(space) or _is_media(target)
        ):
            self.jumps[opening] = here + 1
        else:
            self.pieces[opening + 1] = target.removeprefix(":")  # [[:Category:X]] is a plain link
            self.jumps[opening] = self.pipes.get(opening, opening) + 1
            self.jumps[here] = here + 1


def _plain_lines(text: str) -> str:
    """What holds within a line: links to the web, styles, tags, headings, lists, entities."""
    text = EXTERNAL.sub(r"\1", text)
    text = HTML_TAG.sub("", BREAK.sub("\n", BEHAVIOR_SWITCH.sub(_unless_code, text)))
    lines = []
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("=") and line.endswith("="):
            line = line.strip("= \t")
        elif not line.startswith("#REDIRECT"):
            line = line.lstrip("*#:; \t")
        lines.append("" if line.startswith("----") else line)
    plain = html.unescape("\n".join(lines)).replace("\xa0", " ")
    return re.sub(r"\n{3,}", "\n\n", plain).strip()


def _unless_code(found: re.Match[str]) -> str:
    """A switch such as __NOTOC__ goes; a name such as __init__ stays."""
    return "" if found[0] == found[0].upper() else found[0]


def _one_variant(found: re.Match[str]) -> str:
    """The first of the texts for several scripts, as the flags want it."""
    flags = set((found[1] or "").replace(" ", "").split(";"))
    if flags & {"H", "T", "-"}:  # a rule for elsewhere, a title, the end of a rule
        return ""
    for part in [] if "R" in flags else found[2].split(";"):
        code, colon, text = part.rpartition("=>")[2].partition(":")
        if colon and LANGUAGE.fullmatch(code.strip()) and text.strip():
            return text.strip()
    return found[2]


def _is_media(target: str) -> bool:
    return target.rpartition(".")[2].strip().lower() in MEDIA
