"""Learning the merges fast: count once, then keep the counts up to date."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import groupby, pairwise
from typing import Any

from tqdm import tqdm

from scratchlm.tokenizer.algorithm import BYTES
from scratchlm.tokenizer.pretokens import GPT2_PATTERN
from scratchlm.tokenizer.specials import END_OF_TEXT
from scratchlm.tokenizer.ties import Pair, TieRule, smallest_ids
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.training_text import read, room, to_bytes


def train_bpe(
    texts: Iterable[str],
    vocab_size: int,
    *,
    specials: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    tie: TieRule = smallest_ids,
    min_count: int = 2,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Train a byte-level byte-pair encoding on documents.

    Args:
        texts: Documents; no merge reaches across their edges.
        vocab_size: Tokens in all: 256 bytes, the merges, and the specials. A small corpus may run
            out of pairs earlier; the tokenizer then has fewer.
        specials: Names of control tokens. They get the last ids, and play no part in training.
        pattern: How text is cut into pre-tokens.
        tie: Which of several equally frequent pairs is merged first.
        min_count: Merge only pairs that occur at least this often.
        workers: Processes that cut the text into pre-tokens; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: The vocabulary has no room for the bytes and the specials, there is no text,
            the pattern is wrong, or a text cannot be written as UTF-8.

    >>> tokenizer = train_bpe(["low lower lowest", "low slow"], 260)
    >>> [tokenizer.token_bytes(id) for id in range(256, 260)]
    [b'lo', b'low', b' low', b'<|endoftext|>']
    """
    number = room(vocab_size, specials)
    pretokens = read(texts, pattern, workers=workers, progress=progress)
    merges = learn_merges(pretokens, number, tie=tie, min_count=min_count, progress=progress)
    return Tokenizer(merges, specials=specials, pattern=pattern)


def learn_merges(
    pretokens: Mapping[str, int],
    number: int,
    *,
    tie: TieRule = smallest_ids,
    min_count: int = 2,
    progress: bool = False,
) -> list[Pair]:
    """Find the same merges as `naive.learn_merges`, in a small part of its time.

    Args:
        pretokens: How often each pre-token occurs.
        number: How many merges to make, at most.
        tie: Which of several equally frequent pairs comes first.
        min_count: Stop when no pair occurs at least this often.
        progress: Show a bar.

    Raises:
        InputError: A pre-token cannot be written as UTF-8.

    >>> learn_merges({"hug": 3, "hugs": 2, "bug": 1}, 2)
    [(117, 103), (104, 256)]
    """
    state = PairCounts(pretokens)
    tokens = list(BYTES)
    # The heap holds each pair under a count that was true once and is never too small. Pairs that
    # are too rare stay out: a count grows only while the merge that brought its pair is made.
    heap: list[tuple[int, tuple[Any, ...], Pair]] = []
    made, spare = dict(state.counts), 2 * len(state.counts)
    merges: list[Pair] = []
    with tqdm(total=number, desc="merging", unit=" merges", disable=not progress) as bar:
        while len(merges) < number:
            for pair, count in made.items():
                if count >= min_count:
                    heappush(heap, (-count, tie(pair, tokens), pair))
            if (best := pop_true(heap, state.counts, min_count)) is None:
                break
            tokens.append(tokens[best[0]] + tokens[best[1]])
            made = state.merge(best, len(tokens) - 1)
            merges.append(best)
            if len(state.counts) > spare:
                state.forget(min_count)
                spare = 2 * len(state.counts)
            bar.update()
    return merges


def pop_true(
    heap: list[tuple[int, tuple[Any, ...], Pair]], counts: Mapping[Pair, int], min_count: int
) -> Pair | None:
    """Take the most frequent pair; entries that are out of date go back where they belong.

    >>> heap = [(-5, (0, 1), (0, 1)), (-4, (0, 2), (0, 2))]
    >>> pop_true(heap, {(0, 1): 3, (0, 2): 4}, 2)
    (0, 2)
    """
    while heap:
        negative, key, pair = heappop(heap)
        count = counts.get(pair, 0)
        if count == -negative:
            return pair
        if count >= min_count:
            heappush(heap, (-count, key, pair))
    return None


class PairCounts:
    """How often each pair occurs, and in which words, kept true while pairs are merged.

    Attributes:
        counts: Occurrences of each pair in the corpus, overlaps included.

    >>> pairs = PairCounts({"hug": 3, "bug": 1})
    >>> pairs.merge((ord("u"), ord("g")), 256) == {(ord("h"), 256): 3, (ord("b"), 256): 1}
    True
    """

    def __init__(self, pretokens: Mapping[str, int]) -> None:
        self._words = list(map(list, to_bytes(pretokens)))
        self._times = list(pretokens.values())
        self._holders: defaultdict[Pair, list[int]] = defaultdict(list)
        counts: defaultdict[Pair, int] = defaultdict(int)
        for index, (word, times) in enumerate(zip(self._words, self._times, strict=True)):
            for pair in pairwise(word):
                counts[pair] += times
                self._holders[pair].append(index)
        self.counts = counts

    def joined(self, pair: Pair) -> int:
        """How many tokens a merge of this pair would make: overlaps count once.

        >>> pairs = PairCounts({"aaa": 2})
        >>> pairs.counts[ord("a"), ord("a")], pairs.joined((ord("a"), ord("a")))
        (4, 2)
        """
        if pair[0] != pair[1]:  # such pairs cannot overlap
            return self.counts[pair]
        return sum(
            self._times[index]
            * sum(len(list(run)) // 2 for id, run in groupby(word) if id == pair[0])
            for index in set(self._holders[pair])
            for word in [self._words[index]]
        )

    def forget(self, min_count: int) -> None:
        """Drop the pairs that are too rare ever to be merged; there are many, and they fill memory.

        >>> pairs = PairCounts({"hug": 3, "bug": 1})
        >>> pairs.forget(2)
        >>> pairs.counts == {(ord("h"), ord("u")): 3, (ord("u"), ord("g")): 4}
        True
        """
        for pair in [pair for pair, count in self.counts.items() if count < min_count]:
            del self.counts[pair]
            self._holders.pop(pair, None)

    def merge(self, pair: Pair, new: int) -> dict[Pair, int]:
        """Write a new token for a pair, in the words that hold it.

        Only the counts of the neighbors change. A word may be visited in vain, because its entry
        is not taken back when a pair vanishes from it.

        Returns:
            The pairs that came into being, all with the new token in them, and their counts.
        """
        left, right = pair
        counts, holders = self.counts, self._holders
        grown: set[Pair] = set()
        for index in holders.pop(pair):
            word, times = self._words[index], self._times[index]
            at = 0
            while at < len(word) - 1:
                if word[at] != left or word[at + 1] != right:
                    at += 1
                    continue
                word[at : at + 2] = [new]
                if at:
                    before = word[at - 1]
                    counts[before, left] -= times
                    counts[before, new] += times
                    grown.add((before, new))
                    holders[before, new].append(index)
                at += 1
                if at < len(word):
                    behind = word[at]
                    counts[right, behind] -= times
                    counts[new, behind] += times
                    grown.add((new, behind))
                    holders[new, behind].append(index)
        del counts[pair]
        return {made: counts[made] for made in grown if counts[made]}
