"""Learning a unigram model: begin with far too many tokens, and take away those missed least."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from scratchlm.tokenizer.algorithm import BYTE_TOKENS
from scratchlm.tokenizer.counting import MOST, add
from scratchlm.tokenizer.lattice import Lattice, Scores
from scratchlm.tokenizer.pretokens import GPT2_PATTERN
from scratchlm.tokenizer.specials import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.training_text import read, room, to_bytes
from scratchlm.tokenizer.unigram import Unigram

LONGEST = 16  # bytes of a token
SEEDS = 10  # so many times the tokens that are wanted
KEPT = 0.75  # share of the tokens that a round leaves
STEPS = 2  # of expectation and maximization in a round
RARE = 0.5  # a token expected less often than this is counted as if it were expected so often
DIGITS = 9  # decimals of a score: what is equal on paper must not differ by a processor's rounding


def train_unigram(
    texts: Iterable[str],
    vocab_size: int,
    *,
    specials: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Train a unigram model on documents (Kudo, 2018, section 3.2), over bytes.

    Args:
        texts: Documents; no token reaches across their edges.
        vocab_size: Tokens in all: 256 bytes, those that are learned, and the specials.
        specials: Names of control tokens.
        pattern: How text is cut into pre-tokens first.
        workers: Processes that cut the text into pre-tokens; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_unigram(["hug hugs pug pugs hug hugs"], 260)
    >>> [tokenizer.token_bytes(id) for id in tokenizer.encode("hug hugs")]
    [b'hug', b' hugs']
    """
    number = room(vocab_size, specials)
    pretokens = read(texts, pattern, workers=workers, progress=progress)
    scores = learn_scores(pretokens, number, progress=progress)
    return Tokenizer(Unigram(scores), specials=specials, pattern=pattern)


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
    words = to_bytes(pretokens)
    times = np.array(list(pretokens.values()), dtype=np.float64)
    seeds = seed_tokens(words, list(pretokens.values()), SEEDS * number)
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
            for _ in range(STEPS):
                expected, _ = lattice.expect(maximize(expected), times)
            if len(tokens) <= len(BYTE_TOKENS) + number:
                break
            goal = max(len(BYTE_TOKENS) + number, int(KEPT * len(tokens)))
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
            for end in range(start + 2, min(start + LONGEST, len(word)) + 1):
                part[word[start:end]] += count
        if len(part) >= MOST // 10:
            add(counts, part, MOST)
            part.clear()
    add(counts, part, MOST)
    frequent = [token for token, count in counts.items() if count > 1]
    frequent.sort(key=lambda token: (-counts[token] * len(token), token))
    return {token: counts[token] for token in frequent[:number]}


def maximize(expected: Scores) -> Scores:
    """The scores under which what is expected is most probable: relative frequencies.

    >>> np.exp(maximize(np.array([3.0, 1.0]))).round(2)
    array([0.75, 0.25])
    """
    filled = np.maximum(expected, RARE)
    rounded: Scores = np.round(np.log(filled / filled.sum()), DIGITS)
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
    worth = np.round(expected[len(BYTE_TOKENS) :] * gain, DIGITS)
    ranked = sorted(range(len(longer)), key=lambda at: (-worth[at], longer[at]))
    kept = sorted(ranked[: number - len(BYTE_TOKENS)])
    return [*range(len(BYTE_TOKENS)), *(len(BYTE_TOKENS) + at for at in kept)]
