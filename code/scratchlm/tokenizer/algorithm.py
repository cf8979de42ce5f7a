"""What the tokenizers differ in: how one pre-token becomes tokens."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from scratchlm.errors import InputError

BYTES = 256
BYTE_TOKENS = tuple(bytes([byte]) for byte in range(BYTES))  # enough to write every text


class Algorithm(ABC):
    """Cuts pre-tokens into tokens, which it numbers from 0.

    Attributes:
        name: What a file calls it.
        tokens: The bytes of each token; every single byte is one of them.

    >>> Algorithm()
    Traceback (most recent call last):
    ...
    TypeError: Can't instantiate abstract class Algorithm with abstract methods encode, ...
    """

    name: ClassVar[str]
    tokens: Sequence[bytes]

    @abstractmethod
    def encode(self, word: bytes) -> list[int]:
        """Cut one pre-token."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """Everything that determines it, fit for JSON."""

    @classmethod
    @abstractmethod
    def from_parts(cls, parts: Mapping[str, Any]) -> Self:
        """Build it again from its parts."""


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
            what = f"{token!r} twice" if token else "an empty one"
            raise InputError(f"tokens: expected some that differ, found {what}; remove it")
        numbers[token] = number
    if missing := sum(byte not in numbers for byte in BYTE_TOKENS):
        raise InputError(
            f"tokens: expected all 256 bytes, found {256 - missing}; add the missing ones"
        )
    return numbers
