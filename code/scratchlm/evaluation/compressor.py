"""`xz` as a language model: what can be guessed need not be stored."""

import lzma
from collections.abc import Iterable

from scratchlm.errors import InputError

LEAST = 1 << 16  # bytes of dictionary; xz takes no less than 4096


def compressed_bytes(data: bytes) -> int:
    """Size of what `xz` makes of some bytes, with its strongest preset and without a container.

    The dictionary spans all the data, so that any earlier passage can be referred to.

    >>> compressed_bytes(b"Once upon a time. " * 1000) < 200
    True
    """
    largest = max(LEAST, 1 << (len(data) - 1).bit_length()) if data else LEAST
    chain = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": largest}]
    return len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=chain))


def xz_bits_per_byte(texts: Iterable[str], given: Iterable[str] = ()) -> float:
    """Measure how many bits `xz` needs for a byte of text.

    Args:
        texts: what is compressed, as one stream.
        given: what the receiver has already. The charge is then for what `texts` add: the size
            of both, compressed together, less that of `given` alone (as in the normalized
            compression distance, Li et al., 2004).

    Raises:
        InputError: there is not a single byte of text.

    >>> alone = xz_bits_per_byte(["the cat sat on the mat"])
    >>> xz_bits_per_byte(["the cat sat on the mat"], given=["the cat sat on the mat"]) < alone / 2
    True
    """
    data = "".join(texts).encode()
    known = "".join(given).encode()
    if not data:
        raise InputError("xz_bits_per_byte: expected at least one byte of text, found none")
    before = compressed_bytes(known) if known else 0
    return 8 * (compressed_bytes(known + data) - before) / len(data)
