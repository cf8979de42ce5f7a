"""What a page's bytes are, what the page says they are, and what comes of it."""

import html
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Charset:
    """How a page is encoded, and how it says it is.

    Attributes:
        actual: The encoding of its bytes.
        declared: What its head and its HTTP header say; None where they say nothing.
    """

    actual: str
    declared: str | None

    def encode(self, page: str) -> bytes:
        r"""The bytes of an HTML page; characters that the charset lacks become references.

        >>> Charset("cp1252", "windows-1252").encode("Zoë 🌙")
        b'Zo\xeb &#127769;'
        """
        return page.encode(self.actual, "xmlcharrefreplace")

    def seen(self, text: str) -> str:
        """What who believes the declaration sees of a text; UTF-8 is guessed where it is missing.

        >>> Charset("utf-8", "windows-1252").seen("Zoë")
        'ZoÃ«'
        >>> Charset("utf-8", None).seen("Zoë")
        'Zoë'
        """
        if self.declared is None or CODECS[self.declared] == self.actual or text.isascii():
            return text
        return html.unescape(
            self.encode(html.escape(text)).decode(CODECS[self.declared], "replace")
        )


CODECS = {"utf-8": "utf-8", "windows-1252": "cp1252"}
RIGHT = Charset("utf-8", "utf-8")
MISSING = Charset("utf-8", None)
LEGACY = Charset("cp1252", "windows-1252")
WRONG = (Charset("utf-8", "windows-1252"), Charset("cp1252", "utf-8"))
