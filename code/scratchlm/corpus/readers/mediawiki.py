"""MediaWiki's XML dumps: the pages of an encyclopedia, now or through their history."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.extract.wikitext import is_redirect, strip_wikitext
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Broken, Progress, read_chunks
from scratchlm.corpus.readers.xml import BrokenXMLError, Segment, parse_counted, split_at
from scratchlm.errors import quote

TAGS = re.compile(rb"</?(?:page|revision)>")
TIME = re.compile(rb"<timestamp>([^<]*)")
NUMBER = re.compile(r"-?[0-9]{1,9}")
NAMESPACE = re.compile(rb'<namespace key="(-?\d+)"[^>]*>([^<]*)</namespace>')
FILES_AND_CATEGORIES = (-2, 6, 14)  # and sound and pictures by another way (media)
SITEINFO = 1 << 20  # bytes at a dump's beginning that may tell of the site


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a page.

    Attributes:
        page: The page's number.
        title: Its title, with the namespace in front of it.
        namespace: The namespace's number; articles have 0.
        redirect: The title it sends its readers to; empty for a page of its own.
        id: The revision's number.
        date: When it was saved (ISO 8601).
        text: Its wikitext; empty where it was deleted.
        end: Where reading goes on after it, in bytes of XML.
    """

    page: str
    title: str
    namespace: int
    redirect: str
    id: str
    date: str
    text: str
    end: int


def read_mediawiki(
    path: Path,
    start: int = 0,
    *,
    revisions: Literal["latest", "all"] = "latest",
    namespaces: Collection[int] = (0,),
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    """Read the articles of a dump as plain text; redirects are left out.

    Args:
        path: A ``pages-articles`` or ``pages-meta-history`` dump, plain or compressed.
        start: The `end` of a document read before: bytes of decompressed XML.
        revisions: The latest of each page, or every one.
        namespaces: Which kinds of pages; 0 are the articles, 1 their talk pages.
        on_error: Counts pages and revisions that are broken; without it they stop the reader.
        limits: Longest revision and text.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "dump.xml"
    >>> _ = path.write_text(
    ...     "<mediawiki><page><title>Owl</title><ns>0</ns><id>4</id><revision><id>9</id>"
    ...     "<text>An '''owl'''.</text></revision></page></mediawiki>"
    ... )
    >>> [(document.meta["title"], document.text) for document in read_mediawiki(path)]
    [('Owl', 'An owl.')]
    """
    on_error = on_error or ErrorPolicy()
    unread = names_of(path, FILES_AND_CATEGORIES)
    for revision in read_revisions(
        path, start, revisions=revisions, on_error=on_error, limits=limits, progress=progress
    ):
        if revision.namespace not in namespaces or revision.redirect:
            continue
        if is_redirect(revision.text, unread):  # the element is younger than the oldest dumps
            continue
        where = f"{path}: page {revision.title!r}"
        text = admit(strip_wikitext(revision.text, unread), where, limits, on_error)
        if text is not None:
            own = revision.page if revisions == "latest" else f"{revision.page}:{revision.id}"
            meta = {"title": revision.title, "date": revision.date, "revision": revision.id}
            yield Document(text, own, "wikipedia", revision.end, meta)


def names_of(path: Path, namespaces: Collection[int]) -> frozenset[str]:
    """What a dump's own site calls some namespaces, in lower case.

    Args:
        path: The dump.
        namespaces: Their numbers, which are the same everywhere.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "dump.xml"
    >>> _ = path.write_text(
    ...     '<mediawiki><siteinfo><namespaces><namespace key="6" case="first-letter">Datei'
    ...     "</namespace></namespaces></siteinfo></mediawiki>"
    ... )
    >>> names_of(path, [6])
    frozenset({'datei'})
    """
    head = b""
    try:
        for chunk in read_chunks(path):
            head += chunk
            if b"<page>" in head or len(head) > SITEINFO:
                break
    except Broken:  # whoever reads the pages will say so
        pass
    found = NAMESPACE.findall(head.partition(b"<page>")[0])
    return frozenset(
        html.unescape(name.decode("utf-8", "replace")).lower().replace("_", " ")
        for number, name in found
        if int(number) in namespaces
    )


def read_revisions(
    path: Path,
    start: int = 0,
    *,
    revisions: Literal["latest", "all"] = "latest",
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Revision]:
    """Read the revisions of a dump as they are, one in memory at a time.

    Pages and revisions are found by their tags, and each is parsed on its own: one that is
    broken costs no other, and a document type with its entities is never looked at.

    Args:
        path: The dump.
        start: The `end` of a revision read before. A history is read from its beginning all the
            same, but not parsed: a revision needs the title of its page.
        revisions: The latest of each page, by date, or every one.
        on_error: Counts pages and revisions that are broken.
        limits: Longest revision.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "dump.xml"
    >>> _ = path.write_text(
    ...     "<mediawiki><page><title>Owl</title><ns>0</ns><id>4</id><revision><id>9</id>"
    ...     "<text>An '''owl'''.</text></revision></page></mediawiki>"
    ... )
    >>> [revision.text for revision in read_revisions(path)]
    ["An '''owl'''."]
    """
    on_error = on_error or ErrorPolicy()
    latest = revisions == "latest"
    begin = start if latest else 0
    segments = _segments(path, begin, limits, progress, on_error)
    for head, xml, end in _complete(segments, latest, str(path), on_error):
        if end > start:
            try:
                where = f"{path}: revision that ends at byte {end:,}"
                yield _parse(head, xml, end, where, on_error)
            except BrokenXMLError as error:
                on_error.report("broken XML", where, "a page with a revision", str(error))


def _segments(
    path: Path, begin: int, limits: Limits, progress: Progress | None, on_error: ErrorPolicy
) -> Iterator[Segment]:
    place = begin
    try:
        for segment in split_at(TAGS, read_chunks(path, begin, progress), begin, limits.record):
            place = segment.start
            if segment.data is None:
                where = f"{path}: {segment.mark.decode()} at byte {place:,}"
                on_error.report(
                    "record too long", where, f"at most {limits.record:,} bytes", "more"
                )
            yield segment
    except Broken as error:
        on_error.report("stream cut", f"{path}: after byte {place:,}", "more data", str(error))
        yield Segment(place, b"", b"")


def _complete(
    segments: Iterable[Segment], latest: bool, name: str, on_error: ErrorPolicy
) -> Iterator[tuple[bytes, bytes, int]]:
    """Each wanted revision: its page up to the first revision, its own XML, and its end."""
    head = best = b""
    revision: Segment | None = None
    for start, mark, data in segments:
        if revision and mark != b"</revision>":
            where = f"{name}: revision at byte {revision.start:,}"
            on_error.report("revision not closed", where, "</revision>", mark.decode() or "the end")
            revision = None
        if mark == b"<revision>":
            revision = Segment(start, mark, data)
        elif mark == b"</revision>":
            if revision is None:
                where = f"{name}: revision that ends at byte {start:,}"
                on_error.report("revision not opened", where, "<revision>", "</revision>")
            xml = revision.data + mark if revision and revision.data else b""
            revision = None
            if xml and not latest:
                yield head, xml, start + len(mark)
            elif xml and _date(xml) >= _date(best):
                best = xml
        else:  # a page begins or ends, or the dump does
            if head and mark != b"</page>":
                where = f"{name}: page before byte {start:,}"
                on_error.report("page not closed", where, "</page>", mark.decode() or "the end")
            if best:
                yield head, best, start + len(mark) if mark == b"</page>" else start
            head, best = (data or b"") if mark == b"<page>" else b"", b""


def _date(xml: bytes) -> bytes:
    found = TIME.search(xml)
    return found[1] if found else b""


def _parse(head: bytes, xml: bytes, end: int, where: str, on_error: ErrorPolicy) -> Revision:
    page = parse_counted(head + b"</page>", where, on_error)
    revision = parse_counted(xml, where, on_error)
    space = page.findtext("ns", "0")
    if not NUMBER.fullmatch(space):
        raise BrokenXMLError(f"the namespace {quote(space)}")
    redirect = page.find("redirect")
    return Revision(
        page=page.findtext("id", ""),
        title=page.findtext("title", ""),
        namespace=int(space),
        redirect="" if redirect is None else redirect.get("title", ""),
        id=revision.findtext("id", ""),
        date=revision.findtext("timestamp", ""),
        text=revision.findtext("text", ""),
        end=end,
    )
