"""Vocabularies of byte strings, GPT-2's byte-to-unicode table, and what an algorithm has to do."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from scratchlm.errors import InputError, quote

BYTE_TOKENS = tuple(bytes([byte]) for byte in range(256))  # enough to write every text
MAX_VOCAB_SIZE = 10_000_000  # far above any that is published
PRINTABLE = 188  # so many bytes stand for themselves in the byte-to-unicode table


class Algorithm(ABC):
    """Subword segmentation: splits a pre-token into tokens, which it numbers from 0.

    Attributes:
        name: What the libraries call it.
        tokens: The bytes of each token; every single byte is one of them.

    >>> Algorithm()
    Traceback (most recent call last):
    ...
    TypeError: Can't instantiate abstract class Algorithm with abstract methods encode, parameters
    """

    name: ClassVar[str]
    tokens: Sequence[bytes]

    @abstractmethod
    def encode(self, word: bytes) -> list[int]:
        """Split one pre-token."""

    @abstractmethod
    def parameters(self, ids: Sequence[int | None]) -> object:
        """What it learned besides its tokens, fit for JSON: merges, scores, or nothing.

        Args:
            ids: The id of each of its tokens, by which the parameters are told.
        """


def check_tokens(tokens: Iterable[bytes]) -> dict[bytes, int]:
    """Number the tokens of a vocabulary.

    Raises:
        InputError: A token is empty or there twice, or one of the 256 bytes is missing.

    >>> check_tokens([*BYTE_TOKENS, b"hi"])[b"hi"]
    256
    >>> check_tokens([b"a"])
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: tokens: expected all 256 bytes, found 1; add the missing ones
    """
    numbers: dict[bytes, int] = {}
    for number, token in enumerate(tokens):
        if not token or token in numbers:
            what = f"{quote(token)} twice" if token else "an empty one"
            raise InputError(f"tokens: expected some that differ, found {what}; remove it")
        numbers[token] = number
    if missing := sum(byte not in numbers for byte in BYTE_TOKENS):
        raise InputError(
            f"tokens: expected all 256 bytes, found {256 - missing}; add the missing ones"
        )
    return numbers


def check_ids(ids: Sequence[int | None], number: int) -> Sequence[int | None]:
    """Refuse ids that do not fit the tokens.

    Raises:
        InputError: There are too few or too many, one is no whole number from 0 on or far too
            large, one is there twice, or a token of several bytes has none.

    >>> check_ids([0, 0], 2)
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: ids: expected 2 different ones from 0 on, found 1; correct them
    """
    none = sum(id is None for id in ids[: len(BYTE_TOKENS)])
    found = {id for id in ids if type(id) is int and 0 <= id < MAX_VOCAB_SIZE}
    if len(ids) != number or len(found) != number - none:
        raise InputError(
            f"ids: expected {number - none} different ones from 0 on, found {len(found)}; "
            "correct them"
        )
    return ids


def byte_order() -> dict[int, int]:
    """The rank of each byte in the alphabet of GPT-2's byte-to-unicode table.

    Radford et al. write the bytes that Latin-1 can print as themselves and the others, in order,
    as the characters from U+0100 on.

    >>> byte_order()[ord("!")], byte_order()[0], byte_order()[ord(" ")]
    (0, 188, 220)
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {byte: rank for rank, byte in enumerate(printable + rest)}


BYTE_ORDER: Mapping[int, int] = MappingProxyType(byte_order())
BYTE_CHARACTERS: Mapping[int, str] = MappingProxyType(
    {
        byte: chr(byte if rank < PRINTABLE else 0x100 + rank - PRINTABLE)
        for byte, rank in BYTE_ORDER.items()
    }
)
CHARACTER_BYTES: Mapping[str, int] = MappingProxyType(
    {char: byte for byte, char in BYTE_CHARACTERS.items()}
)


def byte_to_unicode(token: bytes) -> str:
    """Write a token with one printable character for each byte, as GPT-2's vocabulary does.

    >>> byte_to_unicode(" héllo".encode())
    'ĠhÃ©llo'
    """
    return "".join(map(BYTE_CHARACTERS.__getitem__, token))


def unicode_to_byte(text: str) -> bytes:
    """Read a token back.

    Raises:
        InputError: A character stands for no byte.

    >>> unicode_to_byte("Ġhi")
    b' hi'
    """
    try:
        return bytes(map(CHARACTER_BYTES.__getitem__, text))
    except KeyError as error:
        raise InputError(
            f"token {quote(text)}: expected one of GPT-2's 256 printable characters for each byte, "
            f"found {error.args[0]!r}; only byte-level vocabularies can be read"
        ) from error
