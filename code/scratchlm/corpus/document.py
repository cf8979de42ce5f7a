"""What every reader gives, every step of the pipeline takes, and every shard is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """A text, and where it comes from.

    Attributes:
        text: What a model may learn from.
        id: Unique in its source: an address, a page's or a post's number, a file's name.
        source: The collection, such as ``commoncrawl``, ``wikipedia`` or ``stackexchange``.
        end: Where in its file reading goes on after it; a reader that is given this place
            starts with the next document.
        meta: What else is known: title, date, license, language, score …

    >>> Document("Hello.", id="greeting.txt", source="files", end=6).meta
    {}
    """

    text: str
    id: str
    source: str
    end: int
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a step of the pipeline keeps a document out.

    Attributes:
        rule: The rule that spoke, in a word or two: what is counted.
        reason: What it found and what it wants, in words.

    >>> Dropped("short", "12 words, at least 50 wanted").rule
    'short'
    """

    rule: str
    reason: str
