"""Bytes written as visible characters, the way files of vocabularies have them."""

from collections.abc import Mapping
from types import MappingProxyType

from scratchlm.errors import InputError
from scratchlm.tokenizer.ties import BYTE_ORDER

PRINTED = 188  # so many bytes stand for themselves

VISIBLE: Mapping[int, str] = MappingProxyType(
    {
        byte: chr(byte if place < PRINTED else 0x100 + place - PRINTED)
        for byte, place in BYTE_ORDER.items()
    }
)
BYTE_BEHIND: Mapping[str, int] = MappingProxyType({char: byte for byte, char in VISIBLE.items()})


def visible(token: bytes) -> str:
    """Write a token with one visible character for each byte, as GPT-2's vocabulary does.

    >>> visible(" héllo".encode())
    'ĠhÃ©llo'
    """
    return "".join(map(VISIBLE.__getitem__, token))


def from_visible(text: str) -> bytes:
    """Read a token back.

    Raises:
        InputError: A character stands for no byte.

    >>> from_visible("Ġhi")
    b' hi'
    """
    try:
        return bytes(map(BYTE_BEHIND.__getitem__, text))
    except KeyError as error:
        raise InputError(
            f"token {text!r}: expected one of GPT-2's 256 visible characters for each byte, found "
            f"{error.args[0]!r}; only byte-level vocabularies can be read"
        ) from error
