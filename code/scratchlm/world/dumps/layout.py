"""How web sites wrap their text: three layouts, from semantic HTML to the tables of the nineties.

A layout is a list of parts in the order of the page. Each part names what it holds and the HTML
around it and around each of its lines; so the HTML and the visible text are made of the same list.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a page: ``open``, then ``item`` for each line, then ``close``."""

    name: str
    open: str
    item: str
    close: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a page, and what stands around all of them."""

    head: str
    parts: tuple[Part, ...]
    foot: str

    def html(self, lines: Mapping[str, Sequence[str]], head: Mapping[str, str]) -> str:
        """The page as a server sends it.

        Args:
            lines: The lines of each part; a part without lines is left out.
            head: HTML for the ``title``, ``charset`` and ``language`` of the page's head.

        >>> head = {"title": "Tale", "charset": "", "language": "en"}
        >>> LAYOUTS["table"].html({"text": ["One & two."]}, head).splitlines()[2:4]
        ['<P>One &amp; two.', '<HR>']
        """
        page = [self.head.format(**head)]
        for part in self.parts:
            if lines.get(part.name):
                page.append(part.open)
                page += [part.item.format(html.escape(line)) for line in lines[part.name]]
                page.append(part.close)
        page.append(self.foot)
        return "\n".join(filter(None, page)) + "\n"

    def text(self, lines: Mapping[str, Sequence[str]]) -> list[str]:
        """What a reader sees of the page, line by line.

        >>> LAYOUTS["table"].text({"text": ["One."], "title": ["Tale"], "menu": ["Home"]})
        ['Home', 'Tale', 'One.']
        """
        return [line for part in self.parts for line in lines.get(part.name, ())]


SEMANTIC = Layout(
    head="""<!DOCTYPE html>
<html lang="{language}">
<head>
{charset}<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/style.css">
<script>window.dataLayer = window.dataLayer || []; function track() {{ return 0; }}</script>
</head>
<body>""",
    parts=(
        Part("cookies", '<div class="cookie-banner" role="dialog">', "<p>{}</p>", "</div>"),
        Part(
            "menu", "<header><nav><ul>", '<li><a href="/menu">{}</a></li>', "</ul></nav></header>"
        ),
        Part("title", "<main>\n<article>", "<h1>{}</h1>", ""),
        Part("text", "", "<p>{}</p>", "</article>"),
        Part("links", "<ul>", '<li><a href="https://{0}/">{0}</a></li>', "</ul>"),
        Part("banner", '<aside class="promo">', "<p>{}</p>", "</aside>\n</main>"),
        Part(
            "related", '<section class="related">', '<h3><a href="/more">{}</a></h3>', "</section>"
        ),
        Part("footer", "<footer><p>", '<a href="/legal">{}</a>', "</p></footer>"),
    ),
    foot="</body>\n</html>",
)

BOXES = Layout(
    head="""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">
<html><head>
{charset}<title>{title}</title>
<style type="text/css">#content {{ width: 640px; float: left; }} .ad {{ color: red; }}</style>
</head><body><div id="wrapper">""",
    parts=(
        Part(
            "menu",
            '<div id="navigation">',
            '<div class="item"><a href="/?p">{}</a></div>',
            "</div>",
        ),
        Part("banner", '<div class="ad">', "<span>{}</span>", "</div>"),
        Part("title", '<div id="content">', '<div class="headline">{}</div>', ""),
        Part("text", '<div class="entry">', '<div class="par">{}</div>', "</div>"),
        Part("links", "", '<div><a href="http://{0}/">{0}</a></div>', ""),
        Part("related", '</div><div id="sidebar">', '<div><a href="/m">{}</a></div>', "</div>"),
        Part("cookies", '<div id="cc">', "<div>{}</div>", "</div>"),
        Part("footer", '<div id="bottom">', "<span>{}</span>", "</div>"),
    ),
    foot="</div></body></html>",
)

TABLE = Layout(
    head="""<HTML><HEAD>{charset}<TITLE>{title}</TITLE></HEAD>
<BODY bgcolor=#ffffee><TABLE width=100% border=0><TR>""",
    parts=(
        Part("menu", "<TD valign=top width=160>", "<A href=index.htm>{}</A><BR>", "</TD>"),
        Part("title", "<TD>", "<FONT size=5><B>{}</B></FONT>", ""),
        Part("text", "", "<P>{}", "<HR>"),
        Part("links", "", "<LI><A href=http://{0}>{0}</A>", "<HR>"),
        Part("banner", "", "<CENTER><BLINK>{}</BLINK></CENTER>", ""),
        Part("related", "", "<A href=more.htm>{}</A><BR>", "</TD>"),
        Part("footer", "<TR><TD colspan=2>", "<SMALL>{}</SMALL> ", "</TD>"),
    ),
    foot="</TABLE></BODY></HTML>",
)

LAYOUTS = {"semantic": SEMANTIC, "boxes": BOXES, "table": TABLE}
