"""Training byte-pair encoding fast: pairs are counted once, then the counts are kept up to date."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any

from tqdm import tqdm

from scratchlm.tokenizer.bpe_encode import Pair
from scratchlm.tokenizer.pretokenize import (
    GPT2_PATTERN,
    count_pretokens,
    encode_utf8,
    learned_tokens,
)
from scratchlm.tokenizer.special_tokens import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.vocabulary import BYTE_ORDER, BYTE_TOKENS

TieBreak = Callable[[Pair, Sequence[bytes]], tuple[Any, ...]]
NO_TOKEN = -1  # between two words, and where a merge has left a place free


def smallest_ids(pair: Pair, tokens: Sequence[bytes]) -> tuple[Any, ...]:
    """Tie-breaking rule: the pair of the smallest ids, whose tokens have been there longest.

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
    """Tie-breaking rule: the pair whose bytes sort last (Stanford CS336, assignment 1).

    >>> a, ab = largest_bytes((0, 0), [b"a", b"ab"]), largest_bytes((1, 0), [b"a", b"ab"])
    >>> ab < a
    True
    """
    # Negating each byte turns the order around; the closing 1 puts a word after its extensions.
    return tuple((*(-byte for byte in tokens[part]), 1) for part in pair)


def hugging_face_order(pair: Pair, tokens: Sequence[bytes]) -> tuple[Any, ...]:
    """Tie-breaking rule of `tokenizers`: the smallest ids, with the bytes in another order.

    Its byte-level trainer numbers the bytes by the character that GPT-2's table has for each:
    first the 188 bytes that Latin-1 prints, then the other 68.

    >>> hugging_face_order((ord(" "), ord("a")), []) > hugging_face_order((ord("~"), ord("a")), [])
    True
    """
    return tuple(part if part > 255 else BYTE_ORDER[part] for part in pair)


def train_bpe(
    texts: Iterable[str],
    vocab_size: int,
    *,
    special_tokens: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    tie_break: TieBreak = smallest_ids,
    min_count: int = 2,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Train a byte-level byte-pair encoding on documents.

    Args:
        texts: Documents; no merge reaches across their edges.
        vocab_size: Tokens in all: 256 bytes, the merges, and the special tokens. A small corpus
            may run out of pairs earlier; the tokenizer then has fewer.
        special_tokens: Their names. They get the last ids, and play no part in training.
        pattern: The pre-tokenization pattern.
        tie_break: Which of several equally frequent pairs is merged first.
        min_count: Merge only pairs that occur at least this often.
        workers: Processes that pre-tokenize; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: The vocabulary has no room for the bytes and the special tokens, there is no
            text, the pattern is wrong, or a text cannot be written as UTF-8.

    >>> tokenizer = train_bpe(["low lower lowest", "low slow"], 260)
    >>> [tokenizer.token_bytes(id) for id in range(256, 260)]
    [b'lo', b'low', b' low', b'<|endoftext|>']
    """
    number = learned_tokens(vocab_size, special_tokens)
    pretokens = count_pretokens(texts, pattern, workers=workers, progress=progress)
    merges = learn_merges(
        pretokens, number, tie_break=tie_break, min_count=min_count, progress=progress
    )
    return Tokenizer(merges, special_tokens=special_tokens, pattern=pattern)


def learn_merges(
    pretokens: Mapping[str, int],
    number: int,
    *,
    tie_break: TieBreak = smallest_ids,
    min_count: int = 2,
    progress: bool = False,
) -> list[Pair]:
    """Find the same merges as `naive.naive_merges`, in a small part of its time.

    The work grows with the length of all distinct pre-tokens together, times the logarithm of the
    number of pairs, however long a single one is.

    Args:
        pretokens: How often each pre-token occurs.
        number: How many merges to make, at most.
        tie_break: Which of several equally frequent pairs comes first.
        min_count: Stop when no pair occurs at least this often.
        progress: Show a bar.

    Raises:
        InputError: A pre-token cannot be written as UTF-8.

    >>> learn_merges({"hug": 3, "hugs": 2, "bug": 1}, 2)
    [(117, 103), (104, 256)]
    """
    state = PairCounts(pretokens)
    tokens = list(BYTE_TOKENS)
    # The heap holds each pair under a count that was true once and is never too small.
    heap: list[tuple[int, tuple[Any, ...], Pair]] = [
        (-count, tie_break(pair, tokens), pair) for pair, count in state.counts.items()
    ]
    heapify(heap)
    merges: list[Pair] = []
    with tqdm(total=number, desc="merging", unit=" merges", disable=not progress) as bar:
        while heap and len(merges) < number:
            negative, key, pair = heappop(heap)
            count = state.counts.get(pair, 0)
            if count < min_count:
                continue
            if count != -negative:  # out of date: put it back where it belongs
                heappush(heap, (-count, key, pair))
                continue
            tokens.append(tokens[pair[0]] + tokens[pair[1]])
            _, grown = state.merge(pair)
            for new_pair in grown:
                heappush(heap, (-state.counts[new_pair], tie_break(new_pair, tokens), new_pair))
            merges.append(pair)
            bar.update()
    return merges


class PairCounts:
    """How often each pair occurs, and where, kept true while pairs are merged.

    All words stand in one row, a place for each byte, with a free place between two words. A token
    is written at its first and its last place, so that both its neighbors are found at once; the
    places between are free.

    Attributes:
        counts: Occurrences of each pair in the corpus, overlaps included.

    >>> pairs = PairCounts({"hug": 3, "bug": 1})
    >>> made, grown = pairs.merge((ord("u"), ord("g")))
    >>> made, sorted(grown), pairs.counts[ord("h"), 256]
    (4, [(98, 256), (104, 256)], 3)
    """

    def __init__(self, pretokens: Mapping[str, int]) -> None:
        self._ids, self._times = [NO_TOKEN], [0]
        for word, times in zip(encode_utf8(pretokens), pretokens.values(), strict=True):
            self._ids += (*word, NO_TOKEN)
            self._times += [times] * (len(word) + 1)
        self._sizes = [1] * len(BYTE_TOKENS)  # bytes of each token
        self._places: defaultdict[Pair, list[int]] = defaultdict(list)
        self.counts: defaultdict[Pair, int] = defaultdict(int)
        for at, pair in enumerate(pairwise(self._ids)):
            if NO_TOKEN not in pair:
                self.counts[pair] += self._times[at]
                self._places[pair].append(at)

    def merge(self, pair: Pair) -> tuple[int, set[Pair]]:
        """Write a new token, numbered after the last one, for a pair wherever it occurs.

        Only the counts of the neighbors change. A place may be visited in vain, because its entry
        is not taken back when a pair vanishes from it.

        Returns:
            How many tokens were made, and the pairs that came into being.
        """
        left, right = pair
        ids, sizes, new = self._ids, self._sizes, len(self._sizes)
        half, whole = sizes[left], sizes[left] + sizes[right]
        sizes.append(whole)
        made, grown = 0, set[Pair]()
        for at in sorted(self._places.pop(pair)):  # from the left: "aaa" holds one "aa"
            if ids[at] != left or ids[at + half] != right:
                continue
            ids[at + half - 1] = ids[at + half] = NO_TOKEN
            ids[at] = ids[at + whole - 1] = new
            made += self._times[at]
            before, after = ids[at - 1], ids[at + whole]
            if before != NO_TOKEN:
                self._replace((before, left), (before, new), at - sizes[before], grown)
            if after != NO_TOKEN:
                self._replace((right, after), (new, after), at, grown)
        del self.counts[pair]
        return made, {pair for pair in grown if self.counts[pair]}

    def _replace(self, old: Pair, new: Pair, at: int, grown: set[Pair]) -> None:
        times = self._times[at]
        self.counts[old] -= times
        self.counts[new] += times
        self._places[new].append(at)
        grown.add(new)
