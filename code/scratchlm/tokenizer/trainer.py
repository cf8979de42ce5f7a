"""Learning the merges fast: count once, then keep the counts up to date."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
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
    tokens = [bytes([byte]) for byte in range(BYTES)]
    # The heap holds each pair under a count that was true once and is never too small.
    heap: list[tuple[int, tuple[Any, ...], Pair]] = [
        (-count, tie(pair, tokens), pair) for pair, count in state.counts.items()
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
            for grown, times in state.merge(pair, len(tokens) - 1).items():
                heappush(heap, (-times, tie(grown, tokens), grown))
            merges.append(pair)
            bar.update()
    return merges


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
