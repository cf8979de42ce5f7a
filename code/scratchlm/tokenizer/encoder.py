"""Applying the merges fast: to short words by looking, to long ones with a heap."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from itertools import pairwise

from scratchlm.tokenizer.ties import Pair

LONG = 100  # bytes; from here on the heap is faster, and far faster for a word of a million letters


def encode_word(word: bytes, ranks: Mapping[Pair, int]) -> list[int]:
    """Encode one pre-token.

    Args:
        word: Its bytes.
        ranks: The id of the token that each pair becomes; smaller ids were learned earlier.

    >>> encode_word(b"hugs", {(117, 103): 256, (104, 256): 257})
    [257, 115]
    """
    return scan(word, ranks) if len(word) < LONG else heap_merge(word, ranks)


def scan(word: bytes, ranks: Mapping[Pair, int]) -> list[int]:
    """Merge the pair that was learned first, wherever it is, until no pair is left.

    Looks through the whole word for the best merge: quadratic in its length, unbeaten for short
    ones. Which merges are in sight is kept in a list, where each merge changes two neighbors only.

    >>> scan(b"aaaaa", {(97, 97): 256, (256, 256): 257})
    [257, 97]
    """
    ids = list(word)
    none = len(ranks) + 256  # larger than any token's id
    made = [ranks.get(pair, none) for pair in pairwise(ids)]
    while made and (new := min(made)) < none:
        at = made.index(new)
        ids[at : at + 2] = [new]
        del made[at]
        if at < len(made):
            made[at] = ranks.get((new, ids[at + 1]), none)
        if at:
            made[at - 1] = ranks.get((ids[at - 1], new), none)
    return ids


def heap_merge(word: bytes, ranks: Mapping[Pair, int]) -> list[int]:
    """Do the same in time n log n: a linked list of tokens, and a heap of the merges in sight.

    An entry of the heap is one number, the new token's id before the place, so that the earliest
    merge comes first and among its occurrences the leftmost. An entry whose pair has meanwhile
    been changed by another merge is recognized when it comes up, and dropped.

    >>> heap_merge(b"aaaaa", {(97, 97): 256, (256, 256): 257})
    [257, 97]
    """
    size = len(word)
    ids = list(word)
    behind = list(range(1, size + 1))  # the place of the next token; `size` stands for none
    before = list(range(-1, size - 1))
    heap = [
        new * size + at
        for at, pair in enumerate(pairwise(ids))
        if (new := ranks.get(pair)) is not None
    ]
    heapify(heap)
    while heap:
        new, at = divmod(heappop(heap), size)
        other = behind[at]
        if ids[at] < 0 or other == size or ranks.get((ids[at], ids[other])) != new:
            continue
        ids[at], ids[other] = new, -1  # -1: this place no longer holds a token
        far = behind[at] = behind[other]
        if far < size:
            before[far] = at
            if (later := ranks.get((new, ids[far]))) is not None:
                heappush(heap, later * size + at)
        near = before[at]
        if near >= 0 and (later := ranks.get((ids[near], new))) is not None:
            heappush(heap, later * size + near)
    return [token for token in ids if token >= 0]
