"""Byte-pair encoding as one would explain it: the reference that the fast code must equal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from scratchlm.tokenizer.bpe_encode import Pair
from scratchlm.tokenizer.bpe_train import TieBreak, smallest_ids
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS

Word = tuple[int, ...]


def count_pairs(words: Mapping[Word, int]) -> Counter[Pair]:
    """Count how often each pair of neighbors occurs, overlaps included.

    Args:
        words: Pre-tokens as token ids, and how often each occurs.

    >>> count_pairs({(7, 8, 7, 8, 9): 2})
    Counter({(7, 8): 4, (8, 7): 2, (8, 9): 2})
    """
    counts: Counter[Pair] = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    return counts


def merge_pair(word: Iterable[int], pair: Pair, new: int) -> Word:
    """Replace each occurrence of a pair by a new token, from left to right.

    >>> merge_pair([7, 8, 7, 8, 9], (7, 8), 10)
    (10, 10, 9)
    >>> merge_pair([5, 5, 5], (5, 5), 10)
    (10, 5)
    """
    merged: list[int] = []
    free = False  # may the last token of `merged` still join the next one?
    for token in word:
        if free and (merged[-1], token) == pair:
            merged[-1] = new
            free = False
        else:
            merged.append(token)
            free = True
    return tuple(merged)


def naive_merges(
    pretokens: Mapping[str, int],
    number: int,
    *,
    tie_break: TieBreak = smallest_ids,
    min_count: int = 2,
) -> list[Pair]:
    """Find the merges, counting every pair afresh before each (Sennrich et al., 2016, algorithm 1).

    Args:
        pretokens: How often each pre-token occurs.
        number: How many merges to make, at most.
        tie_break: Which of several equally frequent pairs comes first.
        min_count: Stop when no pair occurs at least this often.

    >>> naive_merges({"hug": 3, "hugs": 2, "bug": 1}, 2)
    [(117, 103), (104, 256)]
    """
    words = {tuple(pretoken.encode()): times for pretoken, times in pretokens.items()}
    tokens = list(BYTE_TOKENS)
    merges: list[Pair] = []
    while len(merges) < number:
        counts = count_pairs(words)
        best = min(counts, key=lambda pair: (-counts[pair], tie_break(pair, tokens)), default=None)
        if best is None or counts[best] < min_count:
            break
        words = {merge_pair(word, best, len(tokens)): times for word, times in words.items()}
        tokens.append(tokens[best[0]] + tokens[best[1]])
        merges.append(best)
    return merges


def apply_merges(word: bytes, merges: Sequence[Pair]) -> list[int]:
    """Encode one pre-token by making every merge, in the order in which they were learned.

    >>> apply_merges(b"hugs", [(117, 103), (104, 256)])
    [257, 115]
    """
    ids = tuple(word)
    for rank, pair in enumerate(merges):
        ids = merge_pair(ids, pair, 256 + rank)
    return list(ids)


def naive_pieces(
    pretokens: Mapping[str, int],
    number: int,
    score: Callable[[int, int, int, int], float],
    *,
    min_count: int = 2,
) -> list[bytes]:
    """Find WordPiece's pieces, counting everything afresh before each merge.

    Args:
        pretokens: How often each pre-token occurs.
        number: How many pieces to make, at most.
        score: What the best pair has most of, from the counts of the pair, of its two pieces, and
            of the bytes; it must be above 0.
        min_count: Stop when no pair occurs at least this often.

    >>> naive_pieces({"hug": 3, "hugs": 2, "bun": 1}, 2, lambda pair, a, b, _: pair / (a * b))
    [b'gs', b'hu']
    """
    words = {tuple(pretoken.encode()): times for pretoken, times in pretokens.items()}
    tokens = list(BYTE_TOKENS)
    total = sum(len(word) * times for word, times in words.items())
    while len(tokens) < 256 + number:
        single: Counter[int] = Counter()
        for word, times in words.items():
            for token in word:
                single[token] += times
        scores = {
            (a, b): gain
            for (a, b), count in count_pairs(words).items()
            if count >= min_count and (gain := score(count, single[a], single[b], total)) > 0
        }
        best = min(scores, key=lambda pair: (-scores[pair], pair), default=None)
        if best is None:
            break
        words = {merge_pair(word, best, len(tokens)): times for word, times in words.items()}
        tokens.append(tokens[best[0]] + tokens[best[1]])
    return tokens[256:]
