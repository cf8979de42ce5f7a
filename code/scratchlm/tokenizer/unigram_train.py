"""Training a unigram language model: a seed vocabulary, expectation-maximization, and pruning."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Int64
from tqdm import tqdm

from scratchlm.tokenizer.pretokenize import (
    GPT2_PATTERN,
    MAX_PRETOKENS,
    add_counts,
    count_pretokens,
    encode_utf8,
    learned_tokens,
)
from scratchlm.tokenizer.special_tokens import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS

MAX_TOKEN_BYTES = 16  # bytes of a token
SEED_FACTOR = 10  # so many times the tokens that are wanted
KEPT_SHARE = 0.75  # share of the tokens that a round leaves
EM_STEPS = 2  # of expectation and maximization in a round
MIN_EXPECTED = (
    0.5  # a token expected less often than this is counted as if it were expected so often
)
SCORE_DIGITS = 9  # what is equal on paper must not differ by a processor's rounding
Scores = Float64[np.ndarray, "tokens"]


def train_unigram(
    texts: Iterable[str],
    vocab_size: int,
    *,
    special_tokens: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Train a unigram model on documents (Kudo, 2018, section 3.2), over bytes.

    Args:
        texts: Documents; no token reaches across their edges.
        vocab_size: Tokens in all: 256 bytes, those that are learned, and the special tokens.
        special_tokens: Their names.
        pattern: The pre-tokenization pattern.
        workers: Processes that pre-tokenize; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_unigram(["hug hugs pug pugs hug hugs"], 260)
    >>> [tokenizer.token_bytes(id) for id in tokenizer.encode("hug hugs")]
    [b'hug', b' hugs']
    """
    number = learned_tokens(vocab_size, special_tokens)
    pretokens = count_pretokens(texts, pattern, workers=workers, progress=progress)
    scores = learn_scores(pretokens, number, progress=progress)
    return Tokenizer(Unigram(scores), special_tokens=special_tokens, pattern=pattern)


def learn_scores(
    pretokens: Mapping[str, int], number: int, *, progress: bool = False
) -> dict[bytes, float]:
    """Find the tokens and the logarithms of their probabilities.

    Rounds of expectation and maximization alternate with pruning. The bytes always stay.

    Args:
        pretokens: How often each pre-token occurs.
        number: How many tokens besides the bytes, at most.
        progress: Show a bar.

    Raises:
        InputError: A pre-token cannot be written as UTF-8.

    >>> scores = learn_scores({"hug": 3, "hugs": 2, "bun": 1}, 1)
    >>> list(scores)[256:], round(float(np.exp(list(scores.values())).sum()), 1)
    ([b'hug'], 1.0)
    """
    words = encode_utf8(pretokens)
    times = np.array(list(pretokens.values()), dtype=np.float64)
    seeds = seed_tokens(words, list(pretokens.values()), SEED_FACTOR * number)
    tokens = [*BYTE_TOKENS, *seeds]
    lattice = Lattice(words, {token: at for at, token in enumerate(tokens)})
    letters, lengths = np.frombuffer(b"".join(words), np.uint8), [len(word) for word in words]
    expected = np.concatenate(
        [
            np.bincount(letters, np.repeat(times, lengths), len(BYTE_TOKENS)),
            [len(token) * count for token, count in seeds.items()],
        ]
    )
    with tqdm(desc="pruning", unit=" rounds", disable=not progress) as bar:
        while True:
            for _ in range(EM_STEPS):
                expected, _ = lattice.expect(maximize(expected), times)
            if len(tokens) <= len(BYTE_TOKENS) + number:
                break
            goal = max(len(BYTE_TOKENS) + number, int(KEPT_SHARE * len(tokens)))
            kept = prune(tokens, expected, goal)
            numbers = np.full(len(tokens), -1)
            numbers[kept] = np.arange(len(kept))
            lattice.keep(numbers)
            tokens, expected = [tokens[at] for at in kept], expected[kept]
            bar.update()
    return dict(zip(tokens, maximize(expected).tolist(), strict=True))


def seed_tokens(words: Sequence[bytes], times: Sequence[int], number: int) -> dict[bytes, int]:
    """The substrings that cover most of the text, each with its count: the vocabulary to prune.

    Args:
        words: Pre-tokens.
        times: How often each occurs.
        number: How many substrings to return, at most.

    >>> seed_tokens([b"hug", b"bug"], [2, 1], 2)
    {b'hug': 2, b'ug': 3}
    """
    counts: Counter[bytes] = Counter()
    part: Counter[bytes] = Counter()
    for word, count in zip(words, times, strict=True):
        for start in range(len(word) - 1):
            for end in range(start + 2, min(start + MAX_TOKEN_BYTES, len(word)) + 1):
                part[word[start:end]] += count
        if len(part) >= MAX_PRETOKENS // 10:
            add_counts(counts, part, MAX_PRETOKENS)
            part.clear()
    add_counts(counts, part, MAX_PRETOKENS)
    frequent = [token for token, count in counts.items() if count > 1]
    frequent.sort(key=lambda token: (-counts[token] * len(token), token))
    return {token: counts[token] for token in frequent[:number]}


def maximize(expected: Scores) -> Scores:
    """The scores under which what is expected is most probable: relative frequencies.

    >>> np.exp(maximize(np.array([3.0, 1.0]))).round(2)
    array([0.75, 0.25])
    """
    filled = np.maximum(expected, MIN_EXPECTED)
    rounded: Scores = np.round(np.log(filled / filled.sum()), SCORE_DIGITS)
    return rounded


def prune(tokens: Sequence[bytes], expected: Scores, number: int) -> list[int]:
    """Choose the tokens to keep: the bytes, and those whose loss would cost most.

    Without a token, each place where it is expected must be written with the best cut of its
    bytes into other tokens; how much less probable that is, times how often, is what it is worth.

    Returns:
        Their places, in order.

    >>> prune([*BYTE_TOKENS, b"ab", b"cd"], np.array([1.0] * 256 + [9.0, 2.0]), 257)[256:]
    [256]
    """
    scores = maximize(expected)
    longer = tokens[len(BYTE_TOKENS) :]
    others = Lattice(longer, {token: at for at, token in enumerate(tokens)})
    others.forbid_whole()
    gain = scores[len(BYTE_TOKENS) :] - others.forward(scores, np.maximum)
    worth = np.round(expected[len(BYTE_TOKENS) :] * gain, SCORE_DIGITS)
    ranked = sorted(range(len(longer)), key=lambda at: (-worth[at], longer[at]))
    kept = sorted(ranked[: number - len(BYTE_TOKENS)])
    return [*range(len(BYTE_TOKENS)), *(len(BYTE_TOKENS) + at for at in kept)]


class Lattice:
    """Segmentation lattice: a node before each byte and after the last, an edge for each token.

    Nodes of all words are numbered through. Edges are handled a column at a time, a column being
    those that end (or begin) at the same position of their words; so the work is done by numpy.

    Args:
        words: What is segmented.
        tokens: The number of each token; single bytes must be among them.

    Attributes:
        token: The number of the token on each edge.

    >>> lattice = Lattice([b"aaa"], {b"a": 0, b"aa": 1})
    >>> scores = np.log([0.5, 0.25])
    >>> np.exp(lattice.forward(scores)).round(4)  # a a a, aa a, and a aa
    array([0.375])
    """

    def __init__(self, words: Sequence[bytes], tokens: Mapping[bytes, int]) -> None:
        longest = max(map(len, tokens))
        lengths = np.array([len(word) for word in words], dtype=np.int64)
        self._first = np.concatenate([[0], np.cumsum(lengths + 1)])[:-1]
        self._last = self._first + lengths
        edges = (
            (start, end, token, word)
            for word, data in enumerate(words)
            for start in range(len(data))
            for end in range(start + 1, min(start + longest, len(data)) + 1)
            if (token := tokens.get(data[start:end])) is not None
        )
        flat = np.fromiter(edges, dtype=np.dtype((np.int32, 4)))
        self._start, self._end, self.token, self._word = flat.T.copy()

    def keep(self, numbers: Int64[np.ndarray, "tokens"]) -> None:
        """Renumber the tokens, and drop the edges of those whose new number is negative."""
        token = numbers[self.token]
        kept = token >= 0
        self._start, self._end, self._word = (
            edges[kept] for edges in (self._start, self._end, self._word)
        )
        self.token = token[kept]

    def forbid_whole(self) -> None:
        """Drop the edges that span a whole word: how else can it be segmented?"""
        lengths = (self._last - self._first)[self._word]
        kept = (self._end - self._start) < lengths
        self._start, self._end, self._word, self.token = (
            edges[kept] for edges in (self._start, self._end, self._word, self.token)
        )

    def forward(
        self, scores: Scores, combine: np.ufunc = np.logaddexp
    ) -> Float64[np.ndarray, "words"]:
        """The logarithm of each word's probability, over all its segmentations.

        Args:
            scores: The logarithm of each token's probability.
            combine: How segmentations are put together: `np.maximum` looks at the best one only.
        """
        return self._sweep(scores, combine, forward=True)[self._last]

    def expect(self, scores: Scores, times: Float64[np.ndarray, "words"]) -> tuple[Scores, float]:
        """How often each token is expected, and the logarithm of the probability of everything.

        Args:
            scores: The logarithm of each token's probability.
            times: How often each word occurs.
        """
        before = self._sweep(scores, np.logaddexp, forward=True)
        after = self._sweep(scores, np.logaddexp, forward=False)
        whole, base = before[self._last], self._first[self._word]
        share = before[base + self._start] + scores[self.token] + after[base + self._end]
        weights = np.exp(share - whole[self._word]) * times[self._word]
        return np.bincount(self.token, weights, len(scores)), float(whole @ times)

    def _sweep(
        self, scores: Scores, combine: np.ufunc, *, forward: bool
    ) -> Float64[np.ndarray, "nodes"]:
        """The sum over all paths from a word's start (or its end) to each node."""
        source, goal = (self._start, self._end) if forward else (self._end, self._start)
        base = self._first[self._word]
        order = np.lexsort((self._word, goal if forward else -goal))
        column = goal[order]
        source, goal, gain = (
            (base + source)[order],
            (base + goal)[order],
            scores[self.token[order]],
        )
        sums = np.full(len(self._first) + int((self._last - self._first).sum()), -np.inf)
        sums[self._first if forward else self._last] = 0.0
        edges = np.flatnonzero(np.diff(column, prepend=-1, append=-1))
        for low, high in pairwise(edges):
            groups = np.flatnonzero(np.diff(goal[low:high], prepend=-1))
            values = sums[source[low:high]] + gain[low:high]
            sums[goal[low:high][groups]] = combine.reduceat(values, groups)
        return sums
