"""An n-gram model over bytes: guess the next byte from the few before it."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scratchlm.errors import InputError

BYTES = 256
START = b"\xff"  # stands before each text; UTF-8 never uses this byte

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """All strings of one length that the training text holds, and what follows the shorter ones.

    A string is numbered by its place in `keys`. The key of a string is the number of the string
    without its last byte, times 256, plus that byte: so the strings that continue one context lie
    side by side.

    Attributes:
        keys: int64, sorted, one for each string.
        counts: int64, how often each string's last byte was seen after the rest.
        totals: int64, for each context (a string of the level before), the sum of its counts.
        kinds: int64, for each context, how many different bytes followed it.
    """

    keys: Ints
    counts: Ints
    totals: Ints
    kinds: Ints

    def find(self, keys: Ints) -> Ints:
        """Number of each key, or -1 where the training text has no such string."""
        place = np.searchsorted(self.keys, keys)
        place[place == len(self.keys)] = 0
        return np.where(self.keys[place] == keys, place, -1)


class NGram:
    """Predicts each byte from up to `order` bytes before it.

    The estimate for a context is mixed with that for the context one byte shorter, down to a
    uniform guess over 256 values. The shorter one weighs as much as the number of different bytes
    that have followed the longer one: if many have, a new one is likely (Witten and Bell, 1991,
    method C; the interpolated form is that of Chen and Goodman, 1999).

    >>> model = NGram.train(["abracadabra"], order=2)
    >>> bytes([int(model.distribution(b"ab").argmax())])
    b'r'
    """

    def __init__(self, levels: list[Level]) -> None:
        self.levels = levels

    @property
    def order(self) -> int:
        """How many bytes before the next one the model looks at (no text it saw was longer)."""
        return len(self.levels) - 1

    @classmethod
    def train(cls, texts: Iterable[str | bytes], order: int) -> Self:
        """Count what follows what. Contexts do not reach across the beginning of a text.

        Args:
            texts: strings, or bytes in any encoding.
            order: length of the longest context, in bytes; 0 gives the frequencies of the bytes.

        Raises:
            InputError: the order is negative, or there is no text.

        >>> NGram.train(["aab"], order=0).distribution(b"")[[97, 98]] * 5
        array([2.0078125, 1.0078125])
        """
        if order < 0:
            raise InputError(f"order: expected 0 or more bytes of context, found {order}")
        data, place = _join(texts)
        if not place.any():
            raise InputError("NGram.train: expected at least one byte of text, found none")
        levels = []
        number = np.zeros(len(data), dtype=np.int64)  # of the string that ends here
        strings = 1
        for length in range(1, order + 2):
            inside = np.flatnonzero(place >= length - 1)
            if not len(inside):  # no text is that long
                break
            keys, found, counts = np.unique(
                number[inside - 1] * BYTES + data[inside], return_inverse=True, return_counts=True
            )
            if length == 1:
                counts[keys == START[0]] -= np.count_nonzero(place == 0)  # given, never guessed
            context = keys // BYTES
            totals = np.bincount(context, weights=counts, minlength=strings).astype(np.int64)
            kinds = np.bincount(context, weights=counts > 0, minlength=strings).astype(np.int64)
            levels.append(Level(keys, counts, totals, kinds))
            number = np.full(len(data), -1, dtype=np.int64)
            number[inside] = found
            strings = len(keys)
        return cls(levels)

    def shorter(self, order: int) -> Self:
        """Return the model that looks at fewer bytes; it needs no new counting.

        Raises:
            InputError: the order is negative.

        >>> NGram.train(["abracadabra"], order=3).shorter(1).order
        1
        """
        if order < 0:
            raise InputError(f"order: expected 0 or more bytes of context, found {order}")
        return type(self)(self.levels[: order + 1])

    def bits(self, text: str | bytes) -> Floats:
        """Say how surprising each byte of a text is, in bits.

        >>> NGram.train(["abab"], order=1).bits("ab").round(2)
        array([0.58, 0.36])
        """
        data, _ = _join([text])
        chance = np.full(len(data), 1 / BYTES)
        number = np.zeros(len(data), dtype=np.int64)  # of the string that ends here
        for length, level in enumerate(self.levels):
            context = np.concatenate(([-1 if length else 0], number[:-1]))
            number = np.where(context < 0, -1, level.find(context * BYTES + data))
            seen = np.where(number < 0, 0, level.counts[number])
            totals, kinds = level.totals[context], level.kinds[context]
            known = (context >= 0) & (totals > 0)
            chance = np.where(
                known, (seen + kinds * chance) / np.maximum(totals + kinds, 1), chance
            )
        surprise: Floats = -np.log2(chance[1:])
        return surprise

    def nats(self, text: str) -> float:
        """Return minus the natural logarithm of the probability of a text."""
        return float(self.bits(text).sum() * np.log(2))

    def distribution(self, context: bytes) -> Floats:
        """Return the probability of each of the 256 values of the next byte.

        Args:
            context: the bytes before it, as many as there are; only the last `order` count.

        >>> float(NGram.train(["abracadabra"], order=2).distribution(b"zzz").sum())
        1.0
        """
        chance = np.full(BYTES, 1 / BYTES)
        for length, level in enumerate(self.levels):
            if length > len(context):
                break
            number = self._number(context[len(context) - length :])
            if number < 0 or not level.totals[number]:
                break
            first, last = np.searchsorted(level.keys, [number * BYTES, (number + 1) * BYTES])
            seen = np.zeros(BYTES, dtype=np.int64)
            seen[level.keys[first:last] % BYTES] = level.counts[first:last]
            kinds = level.kinds[number]
            chance = (seen + kinds * chance) / (level.totals[number] + kinds)
        return chance

    def sample(self, length: int, rng: random.Random) -> str:
        """Write: draw one byte after another from the model's own guesses.

        Args:
            length: in bytes.
            rng: where the chance comes from.

        >>> NGram.train(["abcabcabcabc"] * 50, order=1).sample(9, random.Random(0))
        'abcabcabc'
        """
        written = START
        for _ in range(length):
            ladder = np.cumsum(self.distribution(written[-self.order :] if self.order else b""))
            step = int(np.searchsorted(ladder, rng.random() * ladder[-1], side="right"))
            written += bytes([step])
        return written[1:].decode("utf-8", "replace")

    def _number(self, string: bytes) -> int:
        """Number of a string on its level, or -1."""
        number = 0
        for level, byte in zip(self.levels, string, strict=False):
            number = int(level.find(np.array([number * BYTES + byte]))[0])
            if number < 0:
                break
        return number


def _join(texts: Iterable[str | bytes]) -> tuple[Ints, Ints]:
    """All texts in a row, each behind `START`; and for each byte its place behind that."""
    raw = [START + (text.encode() if isinstance(text, str) else text) for text in texts]
    data = np.frombuffer(b"".join(raw), dtype=np.uint8).astype(np.int64)
    places = [np.arange(len(text)) for text in raw]
    return data, np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
