"""WordPiece: merges chosen by how much they raise the likelihood of the text; and characters.

Both give a vocabulary for greedy longest match.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import log

from tqdm import tqdm

from scratchlm.tokenizer.bpe_encode import Pair
from scratchlm.tokenizer.bpe_train import PairCounts
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.pretokenize import (
    GPT2_PATTERN,
    count_pretokens,
    encode_utf8,
    learned_tokens,
)
from scratchlm.tokenizer.special_tokens import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS

PairScore = Callable[[int, int, int, int], float]
GAIN_DIGITS = 9  # decimals: what is equal on paper must not differ by a processor's rounding


def likelihood_gain(pair: int, left: int, right: int, total: int) -> float:
    """How much more likely the whole text becomes, in nats.

    Each of the pair's occurrences had the probability of two pieces that meet by chance, and gets
    that of one piece. That the other pieces' probabilities change too is left out.

    Args:
        pair: How often the pair occurs.
        left: How often its first piece occurs, in all.
        right: How often its second piece occurs.
        total: Bytes of the text.

    >>> likelihood_gain(10, 20, 25, 1000)
    29.957322736
    """
    return round(pair * log(pair * total / (left * right)), GAIN_DIGITS)


def ratio(pair: int, left: int, right: int, total: int) -> float:
    """The same for a single occurrence, without the logarithm: the formula that is often printed.

    It loves rare pairs: two bytes that always come together are merged first, however seldom.

    >>> ratio(10, 20, 25, 1000)
    0.02
    """
    return pair / (left * right)


def train_wordpiece(
    texts: Iterable[str],
    vocab_size: int,
    *,
    special_tokens: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    score: PairScore = likelihood_gain,
    min_count: int = 2,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Train a WordPiece vocabulary (Schuster and Nakajima, 2012, section 3), over bytes.

    The pair that is merged next is not the most frequent one but the one whose merge makes the
    text most likely. Text is then encoded by longest match; the merges are forgotten.

    Args:
        texts: Documents; no piece reaches across their edges.
        vocab_size: Tokens in all: 256 bytes, the pieces, and the special tokens.
        special_tokens: Their names.
        pattern: The pre-tokenization pattern.
        score: What the best pair has most of.
        min_count: Merge only pairs that occur at least this often.
        workers: Processes that pre-tokenize; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_wordpiece(["hug pug hug bun", "hugs buns"], 260)
    >>> [tokenizer.token_bytes(id) for id in range(256, 259)]
    [b'ug', b'hug', b'bu']
    """
    number = learned_tokens(vocab_size, special_tokens)
    pretokens = count_pretokens(texts, pattern, workers=workers, progress=progress)
    pieces = learn_pieces(pretokens, number, score, min_count=min_count, progress=progress)
    tokens = dict.fromkeys([*BYTE_TOKENS, *pieces])
    return Tokenizer(LongestMatch(tokens), special_tokens=special_tokens, pattern=pattern)


def learn_pieces(
    pretokens: Mapping[str, int],
    number: int,
    score: PairScore = likelihood_gain,
    *,
    min_count: int = 2,
    progress: bool = False,
) -> list[bytes]:
    """Find the pieces that `naive.naive_pieces` finds; of equal scores the smallest ids come first.

    Args:
        pretokens: How often each pre-token occurs.
        number: How many pieces to make, at most.
        score: What the best pair has most of; it must be above 0.
        min_count: Merge only pairs that occur at least this often.
        progress: Show a bar.

    Raises:
        InputError: A pre-token cannot be written as UTF-8.

    >>> learn_pieces({"hug": 3, "hugs": 2, "bun": 1}, 2)
    [b'hu', b'hug']
    """
    pairs = ScoredPairs(pretokens, score, min_count)
    tokens = list(BYTE_TOKENS)
    with tqdm(total=number, desc="merging", unit=" pieces", disable=not progress) as bar:
        while len(tokens) < len(BYTE_TOKENS) + number and (pair := pairs.pop()) is not None:
            pairs.merge(pair)
            tokens.append(tokens[pair[0]] + tokens[pair[1]])
            bar.update()
    return tokens[len(BYTE_TOKENS) :]


class ScoredPairs:
    """Pairs by score, in a heap that gets a new entry whenever a score changes.

    A merge makes its two parts rarer, and so raises the scores of all their other pairs.
    """

    def __init__(self, pretokens: Mapping[str, int], score: PairScore, min_count: int) -> None:
        self._pairs, self._rule, self._min_count = PairCounts(pretokens), score, min_count
        self._times = [0] * len(BYTE_TOKENS)  # how often each token occurs
        for pretoken, times in pretokens.items():
            for byte in pretoken.encode():
                self._times[byte] += times
        self._total = sum(self._times)
        self._of: defaultdict[int, set[Pair]] = defaultdict(set)  # the pairs of each token
        for pair in self._pairs.counts:
            self._index(pair)
        self._heap = [(-worth, pair) for pair in self._pairs.counts if (worth := self._score(pair))]
        heapify(self._heap)

    def _index(self, pair: Pair) -> None:
        self._of[pair[0]].add(pair)
        self._of[pair[1]].add(pair)

    def _score(self, pair: Pair) -> float:
        count = self._pairs.counts.get(pair, 0)
        if count < self._min_count:
            return 0.0
        left, right = (self._times[part] for part in pair)
        return max(0.0, self._rule(count, left, right, self._total))

    def pop(self) -> Pair | None:
        """Take the pair with the largest score, if one occurs often enough."""
        while self._heap:
            negative, pair = heappop(self._heap)
            if -negative == self._score(pair):  # or else a newer entry tells the truth
                return pair
        return None

    def merge(self, pair: Pair) -> None:
        """Write a new token for a pair, and score afresh what that changes."""
        made, grown = self._pairs.merge(pair)
        for new_pair in grown:
            self._index(new_pair)
        for part in pair:
            self._times[part] -= made
            self._of[part].discard(pair)
        self._times.append(made)
        for changed in self._of[pair[0]] | self._of[pair[1]] | self._of[len(self._times) - 1]:
            if worth := self._score(changed):
                heappush(self._heap, (-worth, changed))


def train_characters(
    texts: Iterable[str],
    vocab_size: int,
    *,
    special_tokens: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Make a token of each character, the most frequent ones first; the rest stays bytes.

    No character's UTF-8 begins with another's, so the longest match is the character.

    Args:
        texts: Documents.
        vocab_size: Tokens in all: 256 bytes (ASCII is among them), characters, and the special
            tokens.
        special_tokens: Their names.
        pattern: The pre-tokenization pattern; no character is ever divided.
        workers: Processes that pre-tokenize; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_characters(["Zoë, Zoë"], 300)
    >>> tokenizer.vocab_size, [tokenizer.token_bytes(id).decode() for id in tokenizer.encode("Zoë")]
    (258, ['Z', 'o', 'ë'])
    """
    number = learned_tokens(vocab_size, special_tokens)
    counts: Counter[str] = Counter()
    pretokens = count_pretokens(texts, pattern, workers=workers, progress=progress)
    for pretoken, times in pretokens.items():
        for char in pretoken:
            if not char.isascii():
                counts[char] += times
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    tokens = [*BYTE_TOKENS, *encode_utf8(ranked[:number])]
    return Tokenizer(LongestMatch(tokens), special_tokens=special_tokens, pattern=pattern)
