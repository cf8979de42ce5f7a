"""Which pair is merged when several are equally frequent: what makes two trainers agree."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Pair = tuple[int, int]
TieRule = Callable[[Pair, Sequence[bytes]], tuple[Any, ...]]


def smallest_ids(pair: Pair, tokens: Sequence[bytes]) -> tuple[Any, ...]:
    """Prefer the pair of the smallest ids: the one whose tokens have been there longest.

    Args:
        pair: Two token ids.
        tokens: The bytes of every token so far.

    Returns:
        A key; among equally frequent pairs the one with the smallest key is merged.

    >>> smallest_ids((97, 98), [])
    (97, 98)
    """
    return pair


def largest_bytes(pair: Pair, tokens: Sequence[bytes]) -> tuple[Any, ...]:
    """Prefer the pair whose bytes come last in the dictionary (Stanford CS336, assignment 1).

    >>> a, ab = largest_bytes((0, 0), [b"a", b"ab"]), largest_bytes((1, 0), [b"a", b"ab"])
    >>> ab < a
    True
    """
    # Negating each byte turns the order around; the closing 1 puts a word behind its extensions.
    return tuple((*(-byte for byte in tokens[part]), 1) for part in pair)


def hugging_face(pair: Pair, tokens: Sequence[bytes]) -> tuple[Any, ...]:
    """Prefer what `tokenizers` prefers: the smallest ids, with the bytes in another order.

    Its byte-level trainer numbers the bytes by the visible character that GPT-2 writes for each:
    first the 188 bytes that Latin-1 prints, then the other 68.

    >>> hugging_face((ord(" "), ord("a")), []) > hugging_face((ord("~"), ord("a")), [])
    True
    """
    left, right = pair
    return (
        left if left > 255 else BYTE_ORDER[left],
        right if right > 255 else BYTE_ORDER[right],
    )


def byte_order() -> dict[int, int]:
    """The place of each byte in the alphabet of GPT-2's visible characters.

    Radford et al. write the bytes that Latin-1 can print as themselves and the others, in order,
    as the characters from U+0100 on.

    >>> byte_order()[ord("!")], byte_order()[0], byte_order()[ord(" ")]
    (0, 188, 220)
    """
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in visible]
    return {byte: place for place, byte in enumerate(visible + rest)}


BYTE_ORDER: Mapping[int, int] = MappingProxyType(byte_order())
