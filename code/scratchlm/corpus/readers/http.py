"""What a server sent, with the encodings undone that its headers promise and its body has."""

import re
import zlib
from collections.abc import Callable, Mapping

CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
BINARY = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")  # in no text of one byte a character
PLAIN = ("", "identity")


def decode_body(headers: Mapping[str, str], body: bytes, limit: int) -> tuple[bytes, str]:
    r"""Undo the transfer and content encodings of an HTTP message (RFC 9110 and 9112).

    Servers promise encodings that the body does not have, and crawlers undo them and keep the
    headers. So each is tried, and where it does not fit, the body is taken as it is.

    Args:
        headers: By their names in lower case.
        body: What came after them.
        limit: Bytes of the content; a few more are given of what is larger.

    Returns:
        The content, and the encodings that did not fit, with commas.

    Raises:
        ValueError: The body has an encoding that cannot be undone, so that it is no text.

    >>> decode_body({"transfer-encoding": "chunked"}, b"3;n=1\r\nyes\r\n0\r\n\r\n", 9)
    (b'yes', '')
    >>> decode_body({"content-encoding": "gzip"}, b"<p>plain", 9)
    (b'<p>plain', 'gzip')
    """
    if not body:
        return body, ""
    missing = []
    for header in ("transfer-encoding", "content-encoding"):
        for name in reversed(headers.get(header, "").lower().split(",")):
            if (name := name.strip()) in PLAIN:
                continue
            decoder = DECODERS.get(name)
            try:
                body = decoder(body, limit) if decoder else body
            except (ValueError, zlib.error):
                decoder = None
            if decoder is None:
                missing.append(name)
    if missing and BINARY.search(body[:1024]):
        raise ValueError(f"a body that is not {', '.join(missing)}, and no text")
    return body, ", ".join(missing)


def _unchunk(body: bytes, limit: int) -> bytes:
    """The chunks joined; of a body that breaks off, those that are there."""
    pieces, place = [], 0
    while size := CHUNK_SIZE.match(body, place):
        start = size.end()
        place = start + int(size[1], 16)
        pieces.append(body[start:place])
        if place == start:
            break
        place += 2 if body.startswith(b"\r\n", place) else 1
    if not pieces:
        raise ValueError("no size of a chunk")
    return b"".join(pieces)


def _inflate(*formats: int) -> Callable[[bytes, int], bytes]:
    """Decompress with the first of zlib's formats that fits; what breaks off, as far as it goes."""

    def inflate(body: bytes, limit: int) -> bytes:
        for wbits in formats:
            inflater = zlib.decompressobj(wbits)
            try:
                data = inflater.decompress(body, limit + 1)
            except zlib.error:
                continue
            if inflater.eof or (data and wbits > 0):  # the raw form has no checks: any start fits
                return data
        raise ValueError("no compressed data")

    return inflate


def _unbrotli(body: bytes, limit: int) -> bytes:
    try:
        import brotli  # comes with fastwarc
    except ImportError as error:
        raise ValueError("no library for it") from error
    inflater = brotli.Decompressor()
    try:
        return bytes(inflater.process(body, output_buffer_limit=limit + 1))
    except brotli.error as error:
        raise ValueError(str(error)) from error


DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "chunked": _unchunk,
    **dict.fromkeys(("gzip", "x-gzip"), _inflate(31)),
    **dict.fromkeys(("deflate", "x-deflate"), _inflate(15, -15)),
    "br": _unbrotli,
}
