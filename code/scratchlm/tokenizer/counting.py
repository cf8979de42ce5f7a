"""Counting pre-tokens: all that training ever sees of a corpus, whatever the corpus's size."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import Pool
from typing import TypeVar

from scratchlm.errors import InputError
from scratchlm.tokenizer.pretokens import compile_pattern, split

Key = TypeVar("Key", str, bytes)
BATCH = 1_000_000  # characters that a process counts before it reports
MOST = 10_000_000  # different pre-tokens that are kept in memory, at a hundred bytes or two each


def count_pretokens(
    texts: Iterable[str], pattern: str, *, workers: int = 1, most: int = MOST
) -> Counter[str]:
    r"""Count how often each pre-token occurs: the frequency map that training starts from.

    Documents go to the processes in batches, and the counts come back in the order of the
    batches; so the result does not depend on how many processes there are.

    Args:
        texts: Documents. They are read one after the other, never all at once.
        pattern: The pre-tokenization pattern.
        workers: Processes that count; 1 counts in this one.
        most: How many different pre-tokens to keep. When there are more, the rarest are dropped.

    Raises:
        InputError: The pattern is no regular expression, or `workers` is less than 1.

    >>> count_pretokens(["a cat", "a hat"], r" ?\w+")
    Counter({'a': 2, ' cat': 1, ' hat': 1})
    """
    compile_pattern(pattern)
    if workers < 1:
        raise InputError(f"workers: expected at least 1 process, found {workers}")
    count = partial(_count, pattern=pattern)
    counts: Counter[str] = Counter()
    if workers == 1:
        for part in map(count, batches(texts)):
            add(counts, part, most)
        return counts
    with Pool(workers) as pool:
        for part in pool.imap(count, batches(texts)):
            add(counts, part, most)
    return counts


def batches(texts: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Gather documents until they have `size` characters.

    >>> list(batches(["ab", "cd", "e"], 3))
    [['ab', 'cd'], ['e']]
    """
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(text)
        characters += len(text)
        if characters >= size:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def add(counts: Counter[Key], more: Counter[Key], most: int) -> None:
    """Add counts in place, and drop the rarest where there are more than `most` of them.

    Half of the room is made free, so that this happens seldom. What is dropped too early is what
    is rare: after n droppings a count is too small by the n limits at most.

    >>> counts = Counter(a=5, b=1)
    >>> add(counts, Counter(b=1, c=1, d=1), most=3); counts
    Counter({'a': 5})
    """
    counts.update(more)
    limit = 0
    while len(counts) > (most if limit == 0 else most // 2):
        limit += 1
        for pretoken in [pretoken for pretoken, times in counts.items() if times <= limit]:
            del counts[pretoken]


def _count(texts: list[str], pattern: str) -> Counter[str]:
    compiled = compile_pattern(pattern)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split(text, compiled))
    return counts
