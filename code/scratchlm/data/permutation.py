"""Shuffling without memory: a pseudorandom permutation, computed item by item from a key."""

from hashlib import blake2b
from math import isqrt

from scratchlm.errors import InputError

ROUNDS = 16  # 8 are plenty for long ranges, but favor some orders of six items


class Permutation:
    """A pseudorandom permutation of ``range(count)``, by a Feistel network with cycle walking.

    A shuffled list that takes no memory, however long it is.

    A number is written as a pair (left, right) in a grid of about √count by √count, and the two
    halves are in turn shifted by a keyed hash of the other, which can be undone whatever the hash
    is. A few results lie in the grid but beyond the count; these are sent through again until
    they do not. Source: Black and Rogaway (2002), "Ciphers with Arbitrary
    Finite Domains", the generalized Feistel and the cycle-walking cipher.

    Args:
        count: How many items there are, at least 1.
        key: Another key, another order.

    Raises:
        InputError: There are no items.

    >>> order = Permutation(5, b"a key")
    >>> [order[place] for place in range(5)]
    [3, 0, 1, 2, 4]
    """

    def __init__(self, count: int, key: bytes) -> None:
        if count < 1:
            raise InputError(f"shuffling: expected at least 1 item, found {count}")
        self.count = count
        self._lefts = isqrt(count - 1) + 1
        self._rights = -(-count // self._lefts)
        self._keys = [blake2b(key + bytes([turn])).digest() for turn in range(ROUNDS)]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> int:
        """Return the item at a place; like a list, raise IndexError where there is none."""
        item = self._step(range(self.count)[place])
        while item >= self.count:
            item = self._step(item)
        return item

    def _step(self, number: int) -> int:
        left, right = divmod(number, self._rights)
        for turn, key in enumerate(self._keys):
            if turn % 2:
                right = (right + _hash(left, key)) % self._rights
            else:
                left = (left + _hash(right, key)) % self._lefts
        return left * self._rights + right


def _hash(half: int, key: bytes) -> int:
    content = half.to_bytes(8, "little")
    return int.from_bytes(blake2b(content, digest_size=8, key=key).digest(), "little")


class Shuffle:
    """Shuffled epochs: items 0 to ``count`` - 1 over and over, each epoch in its own order.

    Item number n of the endless sequence is computed at once, without the ones before it.

    Args:
        count: How many items there are, at least 1.
        seed: Another seed, another order.

    >>> shuffle = Shuffle(3, seed=0)
    >>> [shuffle[number] for number in range(6)]
    [1, 2, 0, 0, 2, 1]
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._epoch, self._order = -1, Permutation(count, b"")

    def __getitem__(self, number: int) -> int:
        epoch, place = divmod(number, self.count)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = Permutation(self.count, f"{self.seed} {epoch}".encode())
        return self._order[place]
