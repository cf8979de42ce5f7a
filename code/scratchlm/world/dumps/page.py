"""A page of the crawl: what the server sent, what can be seen of it, and what is true about it."""

from dataclasses import asdict, dataclass
from email.utils import format_datetime
from functools import cached_property

from scratchlm.world.dumps.charset import Charset
from scratchlm.world.dumps.content import Content
from scratchlm.world.dumps.personal import Span
from scratchlm.world.dumps.site import Site
from scratchlm.world.dumps.warc import digest, fetched_at, header_lines, record

SPAM = ("spam", "keywords", "farm")


@dataclass(frozen=True)
class Page:
    """One page of the crawl.

    Attributes:
        url: Unique in the crawl.
        id: The record's, a UUID as a URN; ``text_id`` is that of the record in the WET file.
        site: Who publishes it.
        content: Its title and main text.
        charset: Its encoding, and what it says about that.
        kind: A name of `Shares`.
        personal: Planted personal data; ``decoys`` is what only looks like it.
        origin: The page that this one is a copy of.
        edit_rate: Word-level edit distance to the original's main text over the original's words.
    """

    index: int
    url: str
    id: str
    text_id: str
    site: Site
    content: Content
    charset: Charset
    kind: str
    personal: tuple[Span, ...]
    decoys: tuple[Span, ...]
    origin: "Page | None" = None
    edit_rate: float | None = None

    @property
    def date(self) -> str:
        """When it was fetched (ISO 8601, UTC)."""
        return f"{fetched_at(self.index):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def _lines(self) -> dict[str, tuple[str, ...]]:
        content = self.content
        return {
            "title": (content.title,),
            "text": content.paragraphs,
            "links": content.links,
        }

    @cached_property
    def body(self) -> bytes:
        """The bytes of the HTML."""
        html = self.site.html(self._lines, self.content.title, self.charset.declared)
        return self.charset.encode(html)

    @cached_property
    def response(self) -> bytes:
        """The WARC record with the server's answer, uncompressed."""
        charset = f"; charset={self.charset.declared}" if self.charset.declared else ""
        header = header_lines(
            {
                "Date": format_datetime(fetched_at(self.index), usegmt=True),
                "Server": self.site.server,
                "Content-Type": f"text/html{charset}",
                "Content-Length": str(len(self.body)),
            }
        )
        return record(
            "response",
            self.id,
            self.date,
            b"HTTP/1.1 200 OK\r\n" + header + b"\r\n" + self.body,
            Content_Type="application/http; msgtype=response",
            WARC_IP_Address=self.site.address,
            WARC_Target_URI=self.url,
            WARC_Payload_Digest=digest(self.body),
            WARC_Identified_Payload_Type="text/html",
        )

    @cached_property
    def conversion(self) -> bytes:
        """The WET record with the visible text, uncompressed."""
        text = self.charset.seen(self.site.text(self._lines, self.content.title)).encode()
        return record(
            "conversion",
            self.text_id,
            self.date,
            text,
            Content_Type="text/plain",
            WARC_Target_URI=self.url,
            WARC_Refers_To=f"<{self.id}>",
        )

    @property
    def size(self) -> int:
        """Bytes of the response record."""
        return len(self.response)

    @property
    def label(self) -> dict[str, object]:
        """What is true about the page: one line of the label file.

        * ``id``, ``url``: those of the record in the WARC file.
        * ``kind``, ``is_spam``, ``language``, ``title``: of the page.
        * ``text``: the main text, which an extractor should find.
        * ``charset``: what the bytes are and what the page says they are; ``garbled`` is whether
          who believes the page misreads the main text.
        * ``duplicate_of``, ``edit_rate``: the address of the earlier page, and the word-level edit
          distance to its main text over its words (0 for reprints and mirrors).
        * ``personal``, ``decoys``: spans of the main text: kind, start, text.
        * ``stories``, ``nats``: numbers of the stories in the crawl's stream, and their exact code
          length where the main text is these stories and nothing else.
        * ``about``: what a page of facts is about, as ``kind/name``.
        * ``held_out``: split, number of the story, question.
        """
        text = "\n\n".join(self.content.paragraphs)
        return {
            "id": self.id,
            "url": self.url,
            "kind": self.kind,
            "language": self.content.language,
            "is_spam": self.kind in SPAM,
            "title": self.content.title,
            "text": text,
            "charset": asdict(self.charset),
            "garbled": self.charset.seen(text) != text,
            "duplicate_of": self.origin.url if self.origin else None,
            "edit_rate": self.edit_rate,
            "personal": [asdict(span) for span in self.personal],
            "decoys": [asdict(span) for span in self.decoys],
            **self.content.truth,
        }
