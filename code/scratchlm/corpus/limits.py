"""How much a reader takes in at once, whatever a file asks for."""

from dataclasses import dataclass
from typing import Literal

from scratchlm.corpus.error_policy import ErrorPolicy


@dataclass(frozen=True)
class Limits:
    """What bounds memory and time against bombs and giants.

    Attributes:
        record: Bytes of one record after decompression; what is longer is left out.
        document: Characters of one document.
        over: What happens to a document that is longer: left out, or cut to that length.
        depth: How deep the tags of a page may be nested before its text is taken without
            building a tree (the tree's extraction takes time quadratic in the depth).

    >>> Limits(document=5, over="truncate").record
    67108864
    """

    record: int = 64 << 20
    document: int = 16 << 20
    over: Literal["skip", "truncate"] = "skip"
    depth: int = 500


LIMITS = Limits()
SURROGATES = {code: "\ufffd" for code in range(0xD800, 0xE000)}


def admit(text: str, where: str, limits: Limits, on_error: ErrorPolicy) -> str | None:
    r"""The gate every document passes: nothing blank, nothing too long, nothing unwritable.

    NUL characters are removed (no text means them, and C programs end there); halves of
    surrogate pairs, which JSON can smuggle in and UTF-8 cannot hold, become U+FFFD. Both are
    counted, as is what is left out.

    Args:
        text: What was read.
        where: The file and the record, for the counts.
        limits: Its length.
        on_error: Counts.

    Returns:
        The text, or None where there is none to learn from.

    >>> admit("a\0b", "a.txt", LIMITS, counts := ErrorPolicy("skip"))
    'ab'
    >>> admit("  \n", "b.txt", LIMITS, counts)
    >>> sorted(counts.counts)
    ['NUL characters removed', 'blank']
    """
    if "\0" in text:
        on_error.count("NUL characters removed", where)
        text = text.replace("\0", "")
    if not text.isascii() and text != (valid := text.translate(SURROGATES)):
        on_error.count("half surrogate pairs replaced", where)
        text = valid
    if not text.strip():
        on_error.count("blank", where)
        return None
    if len(text) <= limits.document:
        return text
    size = f"{len(text):,} characters, {limits.document:,} allowed"
    if limits.over == "skip":
        on_error.count("document too long", f"{where}: {size}")
        return None
    on_error.count("document cut", f"{where}: {size}")
    return text[: limits.document]
