"""Streams: text encoded while it is read, and tokens decoded while they come."""

import codecs
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from scratchlm.tokenizer.pretokenize import LAST_BOUNDARY
from scratchlm.tokenizer.special_tokens import name_pattern

if TYPE_CHECKING:
    from scratchlm.tokenizer.tokenizer import Tokenizer


class StreamDecoder:
    """Incremental decoder: turns tokens into text, and keeps an unfinished character's bytes back.

    >>> from scratchlm.tokenizer import Tokenizer
    >>> stream = StreamDecoder(Tokenizer([]))
    >>> [stream.feed(byte) for byte in "a😊".encode()]
    ['a', '', '', '', '😊']
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, id: int) -> str:
        """Take one token, and return the text that is certain now; perhaps none.

        Raises:
            InputError: There is no such token.
        """
        return self._decoder.decode(self._tokenizer.token_bytes(id))

    def flush(self) -> str:
        r"""End the stream: bytes that still wait for the rest of a character become U+FFFD.

        The decoder can be used for another stream afterward.

        >>> from scratchlm.tokenizer import Tokenizer
        >>> stream = StreamDecoder(Tokenizer([]))
        >>> stream.feed(0xF0) + stream.flush() == "\N{REPLACEMENT CHARACTER}"
        True
        """
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text


def encode_stream(
    chunks: Iterable[str], encode: Callable[[str], list[int]], names: Collection[str]
) -> Iterator[int]:
    """Encode a text that comes in chunks as if it came in one piece.

    Text waits until a pre-token is certain to begin; how the text was divided into chunks then
    makes no difference. Waiting text is looked at again only when there is twice as much, so that
    the work stays linear however small the chunks.

    Args:
        chunks: The text; joined without anything between.
        encode: Encodes a text whose pre-tokenization pattern is one of the named ones.
        names: The tokens that text may turn into; none of them is divided.

    >>> list(encode_stream(["ab", "c d", "e"], lambda text: [len(text)], ()))
    [3, 3]
    """
    longest = max(map(len, names), default=0)
    waiting, parts, size, wanted = "", list[str](), 0, 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size < wanted:
            continue
        waiting, parts = "".join(parts), []
        cut = last_boundary(waiting, len(waiting) - longest + 1, names)
        if cut:
            yield from encode(waiting[:cut])
        parts, size = [waiting[cut:]], len(waiting) - cut
        wanted = 2 * size
    yield from encode("".join(parts))


def last_boundary(text: str, end: int, names: Collection[str]) -> int:
    """Where the last pre-token that is certain begins, outside of every name; 0 if nowhere.

    Args:
        text: What has been read, beginning with a pre-token.
        end: Look only at what stands before, so that no name may still go on after it.
        names: Tokens that text may turn into.

    >>> last_boundary("one two thr", 11, ())
    7
    >>> last_boundary("one <|a b|>", 9, ("<|a b|>",))
    3
    """
    spans = [match.span() for match in name_pattern(names).finditer(text)] if names else []
    found = LAST_BOUNDARY.search(text, 0, max(end, 0))
    for start, stop in reversed(spans):
        if found and start < found.start() < stop:
            found = LAST_BOUNDARY.search(text, 0, start + 1)
    return found.start() if found else 0
