"""Personal data in a text: e-mail addresses, telephone numbers, network addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from scratchlm.corpus.document import Document
from scratchlm.corpus.step import Step

# The kinds in order: where two overlap, the earlier one counts.
PATTERNS = {
    # RFC 5321: at most 64 characters, an at sign, and a domain of labels of at most 63.
    "email": r"(?<![\w.+-])\w[\w.!#$%&'*+/=?^`{|}~-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}",
    "ip": r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|"
    r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]))",
    # A plus and a country, or an area code in parentheses or of three digits; then groups.
    "phone": r"(?<![\w.+/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?|\d{2,5}[ .-])"
    r"\d{2,4}(?:[ .-]?\d{2,4}){1,3}(?![\w-]|\.\d)"
    # or a plus, a country and all the rest in one piece (E.164)
    r"|(?<![\w.+/-])\+\d{1,3}[ .-]?\d{6,14}(?![\w-]|\.\d)",
}
FINDERS = {kind: re.compile(pattern) for kind, pattern in PATTERNS.items()}
DATE = re.compile(r"(?:\d{4}[ .-]\d{1,2}[ .-]\d{1,2}|\d{1,2}[ .-]\d{1,2}[ .-]\d{4})(?!\d)")
PHONE_DIGITS = range(9, 16)  # E.164 allows 15; nine is the shortest with an area code


@dataclass(frozen=True, slots=True)
class PIISpan:
    """A stretch of text that tells about a person.

    Attributes:
        kind: ``email``, ``ip`` or ``phone``.
        start, end: Where it is, in characters.
    """

    kind: str
    start: int
    end: int


def find_pii(text: str) -> list[PIISpan]:
    """Find e-mail addresses, IPv4 and IPv6 addresses, and telephone numbers.

    A rule of thumb on both sides: a version number of four parts is taken for an address, and a
    telephone number without an area code is not found.

    Args:
        text: Any text.

    Returns:
        Spans in order; no two overlap.

    >>> find_pii("Write to ann@mill.org or call +44 20 7946 0958.")
    [PIISpan(kind='email', start=9, end=21), PIISpan(kind='phone', start=30, end=46)]
    """
    spans: list[PIISpan] = []
    for span in _candidates(text):
        if not any(span.start < other.end and other.start < span.end for other in spans):
            spans.append(span)
    return sorted(spans, key=lambda span: span.start)


def _candidates(text: str) -> Iterator[PIISpan]:
    for kind, finder in FINDERS.items():
        for match in finder.finditer(text):
            if _plausible(kind, match.group()):
                yield PIISpan(kind, match.start(), match.end())


def _plausible(kind: str, found: str) -> bool:
    if kind == "ip":
        return _is_address(found)
    if kind == "phone":
        return sum(map(str.isdigit, found)) in PHONE_DIGITS and not DATE.match(found)
    return True


def _is_address(found: str) -> bool:
    try:
        ip_address(found)
    except ValueError:
        return False
    return found.strip(":") != ""


@dataclass(frozen=True)
class MaskPII(Step):
    """Masking of personal data (PII): puts a placeholder where a text tells about a person.

    What was masked, and where it was in the text before, is reported in ``meta["pii"]``.

    Attributes:
        placeholder: What is written; ``{}`` becomes the kind in capitals.

    >>> step = MaskPII()
    >>> masked = step(Document("Ask ann@mill.org.", id="1", source="web", end=17))
    >>> masked.text, masked.meta["pii"]
    ('Ask <EMAIL>.', 'email:4-16')
    """

    placeholder: str = "<{}>"

    def __call__(self, document: Document) -> Document:
        """Give back the document without what was found."""
        spans = find_pii(document.text)
        if not spans:
            return document
        pieces, end = [], 0
        for span in spans:
            pieces += [document.text[end : span.start], self.placeholder.format(span.kind.upper())]
            end = span.end
        report = " ".join(f"{span.kind}:{span.start}-{span.end}" for span in spans)
        text = "".join([*pieces, document.text[end:]])
        return replace(document, text=text, meta={**document.meta, "pii": report})
