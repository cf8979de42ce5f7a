"""The main text of a web page, and its encoding."""

import re

from scratchlm.corpus.extract.blocks import main_text
from scratchlm.corpus.extract.lists import keep_lists
from scratchlm.corpus.require import require

CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# Tags whose end must be written, so that they can be nested by leaving it out; the others
# (p, a, li, td …) end by themselves, and deep inside of one another they need these.
NESTING = re.compile(
    r"<(/?)(?!/|a\b|area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p\b|param|source"
    r"|t[dhr]\b|tbody|tfoot|thead|track|wbr)[a-z]",
    re.IGNORECASE,
)


def extract_text(html: bytes, content_type: str = "", *, depth: int = 500) -> str:
    r"""Take the main text out of a web page, with resiliparse.

    Navigation, banners, footers and forms go; paragraphs, lists and preformatted text keep
    their lines. A page nested deeper than `depth` goes to `main_text`, which needs no tree.

    Args:
        html: The page, as it came.
        content_type: What the server said it is; its charset helps to decode the page.
        depth: See above; resiliparse's time grows with the square of the depth.

    >>> extract_text(b"<nav><a href=/>Home</a></nav><main><p>Caf\xe9 au lait.</p></main>",
    ...     "text/html; charset=latin1")
    'Café au lait.'
    """
    page = decode_page(html, content_type)
    if _deeper(page, depth):
        return main_text(page)
    page = keep_lists(page)
    return str(
        require("resiliparse.extract.html2text").extract_plain_text(
            page, main_content=True, alt_texts=False
        )
    )


def html_text(html: str, *, depth: int = 500) -> str:
    r"""All the text of a piece of HTML, such as a post: nothing in it is taken for a frame.

    Args:
        html: The piece.
        depth: Deeper pieces lose their lines, as in `extract_text`.

    >>> html_text("<p>Try:</p><pre><code>x = 1\ny = 2</code></pre>")
    'Try:\n\nx = 1\ny = 2'
    """
    if _deeper(html, depth):
        html = re.sub(r"<[^<>]*>", "", html)
    return str(
        require("resiliparse.extract.html2text").extract_plain_text(
            html, preserve_formatting=True, alt_texts=False
        )
    )


def decode_page(data: bytes, content_type: str = "") -> str:
    r"""Decode a page: UTF-8 if it is valid, or what the server, the page or its bytes tell.

    Bytes that are valid UTF-8 by accident are so rare that validity outweighs what servers say
    about a charset; where the charset is 7-bit or two bytes wide that argument fails, and the
    server is asked first.

    Args:
        data: The page, as it came.
        content_type: What the server said it is.

    >>> decode_page("Zoë".encode(), "text/html; charset=iso-8859-1")
    'Zoë'
    >>> decode_page("Zoë".encode("latin1"), "text/html; charset=utf-8")
    'Zoë'
    """
    if not any(byte in data for byte in b"\0\x1b"):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    encoding = require("resiliparse.parse.encoding")
    named = CHARSET.search(content_type)
    label = encoding.map_encoding_to_html5(named[1], fallback_utf8=False) if named else None
    if label and label != "utf-8":
        return str(encoding.bytes_to_str(data, label))
    return str(encoding.bytes_to_str(data, encoding.detect_encoding(data, from_html_meta=True)))


def _deeper(page: str, depth: int) -> bool:
    """Whether the tags may be nested deeper; most pages are told by their number of tags."""
    if page.count("<") <= depth:
        return False
    level = 0
    for tag in NESTING.finditer(page):
        level = max(0, level - 1) if tag[1] else level + 1
        if level > depth:
            return True
    return False
