"""Decoding a stream: a character is shown when its last byte has arrived."""

import codecs

from scratchlm.tokenizer.tokenizer import Tokenizer


class StreamDecoder:
    """Turns tokens into text one at a time, and keeps the bytes of an unfinished character back.

    >>> stream = StreamDecoder(Tokenizer([]))
    >>> [stream.feed(byte) for byte in "a😊".encode()]
    ['a', '', '', '', '😊']
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
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

        >>> stream = StreamDecoder(Tokenizer([]))
        >>> stream.feed(0xF0) + stream.flush() == "\N{REPLACEMENT CHARACTER}"
        True
        """
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text
