"""Encoding with byte-pair encoding: short words by a scan, long ones with a heap."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import ClassVar

from scratchlm.errors import InputError, quote
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS, Algorithm

Pair = tuple[int, int]
LONG_WORD = 100  # bytes; from here on the heap is faster, far faster for a million letters


class BytePairEncoding(Algorithm):
    """Byte-pair encoding: makes the merge that was learned first, until none is left.

    Tokens 0 to 255 are the bytes, the next ones what the merges make, in their order.

    Attributes:
        merges: The two tokens that each merge joins.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> BytePairEncoding([(117, 103), (104, 256)]).encode(b"hugs")
    [257, 115]
    """

    name: ClassVar[str] = "BPE"

    def __init__(self, merges: Iterable[Pair]) -> None:
        self.merges = tuple((left, right) for left, right in merges)
        self.tokens = merged_tokens(self.merges)
        self._ranks = {pair: len(BYTE_TOKENS) + rank for rank, pair in enumerate(self.merges)}

    def encode(self, word: bytes) -> list[int]:
        """Split one pre-token."""
        return encode_word(word, self._ranks)

    def parameters(self, ids: Sequence[int | None]) -> list[list[int | None]]:
        """The merges, in the order in which they are made, by the ids of their tokens.

        >>> BytePairEncoding([(117, 103)]).parameters(range(257))
        [[117, 103]]
        """
        return [[ids[left], ids[right]] for left, right in self.merges]


def merged_tokens(merges: Sequence[Pair]) -> list[bytes]:
    """The bytes of each token: the 256 bytes, then what each merge makes.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> merged_tokens([(104, 105), (256, 33)])[256:]
    [b'hi', b'hi!']
    """
    tokens = list(BYTE_TOKENS)
    for rank, (left, right) in enumerate(merges):
        if not (0 <= left < len(tokens) and 0 <= right < len(tokens)):
            raise InputError(
                f"merge {rank}: expected two tokens from 0 to {len(tokens) - 1}, found "
                f"{left} and {right}; train the tokenizer again"
            )
        tokens.append(tokens[left] + tokens[right])
    if len(set(merges)) < len(merges):
        raise InputError("merges: expected pairs that differ, found one twice; train again")
    return tokens


def from_byte_merges(merges: Iterable[tuple[bytes, bytes]]) -> BytePairEncoding:
    """Build it from merges that are written as the bytes of their two tokens.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> from_byte_merges([(b"u", b"g"), (b"h", b"ug")]).merges
    ((117, 103), (104, 256))
    """
    numbers = {byte: number for number, byte in enumerate(BYTE_TOKENS)}
    pairs: list[Pair] = []
    for left, right in merges:
        if left not in numbers or right not in numbers:
            missing = right if left in numbers else left
            raise InputError(
                f"merge {len(pairs)}: expected two earlier tokens, found {quote(missing)}, which "
                "is none; is the list complete and in order?"
            )
        pairs.append((numbers[left], numbers[right]))
        numbers[left + right] = len(BYTE_TOKENS) + len(pairs) - 1
    return BytePairEncoding(pairs)


def from_byte_vocab(
    vocab: Mapping[int, bytes], merges: Iterable[tuple[bytes, bytes]]
) -> tuple[BytePairEncoding, list[int | None], dict[str, int]]:
    """Build it from the bytes of each id, and from merges.

    Returns:
        The encoding; the id of each of its tokens, None for a byte that the vocabulary lacks; and
        the ids of the tokens that no merge makes, which are special ones.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or makes one that the vocabulary
            lacks, or a token is there twice.

    >>> from_byte_vocab({5: b"h", 6: b"i", 7: b"hi", 8: b"<s>"}, [(b"h", b"i")])[2]
    {'<s>': 8}
    """
    algorithm = from_byte_merges(merges)
    ids, known = {token: id for id, token in vocab.items()}, {*algorithm.tokens}
    if not ids or len(ids) < len(vocab) or not ids.keys() >= {*algorithm.tokens[256:]}:
        raise InputError(
            "vocab: expected at least one token, tokens that differ, and all that the merges make, "
            f"found {len(vocab)} of which {len(ids)} differ; correct it"
        )
    special = {
        token.decode(errors="replace"): id for token, id in ids.items() if token not in known
    }
    return algorithm, [ids.get(token) for token in algorithm.tokens], special


def merges_from_ranks(ranks: Mapping[bytes, int]) -> list[Pair]:
    """Recover the merges: each token is joined from the two that the earlier merges leave of it.

    So the order of the tokens suffices to encode, which is how tiktoken's files keep a tokenizer.

    Args:
        ranks: Tokens, the 256 bytes among them, and their order.

    Raises:
        InputError: A token cannot be made from two earlier ones.

    >>> merges_from_ranks(dict(zip([*BYTE_TOKENS, b"ug", b"hug"], range(258))))
    [(117, 103), (104, 256)]
    """
    known: dict[Pair, int] = {}
    for token in sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__):
        parts = encode_word(token, known)
        if len(parts) != 2:
            raise InputError(
                f"token {quote(token)}: expected it to be two earlier tokens, found {len(parts)}; "
                "only byte-pair encodings have ranks"
            )
        known[parts[0], parts[1]] = len(BYTE_TOKENS) + len(known)
    return list(known)


def encode_word(word: bytes, ranks: Mapping[Pair, int]) -> list[int]:
    """Encode one pre-token.

    Args:
        word: Its bytes.
        ranks: The id of the token that each pair becomes; smaller ids were learned earlier.

    >>> encode_word(b"hugs", {(117, 103): 256, (104, 256): 257})
    [257, 115]
    """
    return scan(word, ranks) if len(word) < LONG_WORD else heap_merge(word, ranks)


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

    An entry of the heap is one number, the new token's id before the position, so that the
    earliest merge comes first and among its occurrences the leftmost. An entry whose pair has
    meanwhile been changed by another merge is recognized when it comes up, and dropped.

    >>> heap_merge(b"aaaaa", {(97, 97): 256, (256, 256): 257})
    [257, 97]
    """
    size = len(word)
    ids = list(word)
    after = list(range(1, size + 1))  # the position of the next token; `size` stands for none
    before = list(range(-1, size - 1))
    heap = [
        new * size + at
        for at, pair in enumerate(pairwise(ids))
        if (new := ranks.get(pair)) is not None
    ]
    heapify(heap)
    while heap:
        new, at = divmod(heappop(heap), size)
        other = after[at]
        if ids[at] < 0 or other == size or ranks.get((ids[at], ids[other])) != new:
            continue
        ids[at], ids[other] = new, -1  # -1: this position no longer holds a token
        far = after[at] = after[other]
        if far < size:
            before[far] = at
            if (later := ranks.get((new, ids[far]))) is not None:
                heappush(heap, later * size + at)
        near = before[at]
        if near >= 0 and (later := ranks.get((ids[near], new))) is not None:
            heappush(heap, later * size + near)
    return [token for token in ids if token >= 0]
