"""Pre-token counts: all that training ever sees of a corpus, whatever the corpus's size."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from multiprocessing import Pool
from typing import TypeVar

from tqdm import tqdm

from scratchlm.errors import InputError, quote
from scratchlm.tokenizer.pretokenize import compile_pattern, pretokenize
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS

Key = TypeVar("Key", str, bytes)
COUNTING_BATCH = 1_000_000  # characters that a process counts before it reports
MAX_PRETOKENS = 10_000_000  # distinct ones kept in memory, at a hundred bytes or two each


def count_pretokens(
    texts: Iterable[str],
    pattern: str,
    *,
    workers: int = 1,
    max_distinct: int = MAX_PRETOKENS,
    progress: bool = False,
) -> Counter[str]:
    r"""Count how often each pre-token occurs: the frequency map that training starts from.

    Documents go to the processes in batches, and the counts come back in the order of the
    batches; so the result does not depend on how many processes there are.

    Args:
        texts: Documents. They are read one after the other, never all at once.
        pattern: The pre-tokenization pattern.
        workers: Processes that count; 1 counts in this one.
        max_distinct: How many distinct pre-tokens to keep. When there are more, the rarest are
            dropped.
        progress: Show a bar.

    Raises:
        InputError: There is no text, the pattern is no regular expression, or `workers` is less
            than 1.

    >>> count_pretokens(["a cat", "a hat"], r" ?\w+")
    Counter({'a': 2, ' cat': 1, ' hat': 1})
    """
    compile_pattern(pattern)
    if workers < 1:
        raise InputError(f"workers: expected at least 1 process, found {workers}")
    count = partial(_count, pattern=pattern)
    counts: Counter[str] = Counter()
    documents = tqdm(texts, "pre-tokenizing", unit=" documents", disable=not progress)
    if workers == 1:
        for part in map(count, batch_texts(documents)):
            add_counts(counts, part, max_distinct)
    else:
        with Pool(workers) as pool:
            for part in pool.imap(count, batch_texts(documents)):
                add_counts(counts, part, max_distinct)
    if not counts:
        raise InputError("training text: expected some, found none; is the file or folder empty?")
    return counts


def batch_texts(texts: Iterable[str], size: int = COUNTING_BATCH) -> Iterator[list[str]]:
    """Gather documents until they have `size` characters.

    >>> list(batch_texts(["ab", "cd", "e"], 3))
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


def add_counts(counts: Counter[Key], more: Counter[Key], max_distinct: int) -> None:
    """Add counts in place, and drop the rarest where there are more than `max_distinct` of them.

    Half of the room is made free, so that this happens seldom. What is dropped too early is what
    is rare: after n droppings a count is too small by the n limits at most.

    >>> counts = Counter(a=5, b=1)
    >>> add_counts(counts, Counter(b=1, c=1, d=1), max_distinct=3); counts
    Counter({'a': 5})
    """
    counts.update(more)
    limit = 0
    while len(counts) > (max_distinct if limit == 0 else max_distinct // 2):
        limit += 1
        for pretoken in [pretoken for pretoken, times in counts.items() if times <= limit]:
            del counts[pretoken]


def learned_tokens(vocab_size: int, special_tokens: Collection[str]) -> int:
    """How many tokens there is room to learn.

    Raises:
        InputError: The vocabulary has no room for the bytes and the special tokens.

    >>> learned_tokens(300, ["<|endoftext|>"])
    43
    """
    least = len(BYTE_TOKENS) + len(special_tokens)
    if vocab_size < least:
        raise InputError(
            f"vocab_size: expected at least {least} (256 bytes and {len(special_tokens)} special "
            f"tokens), found {vocab_size}; ask for more tokens"
        )
    return vocab_size - least


def encode_utf8(pretokens: Iterable[str]) -> list[bytes]:
    r"""The UTF-8 of each pre-token.

    Raises:
        InputError: One cannot be written as UTF-8.

    >>> encode_utf8(["é"])
    [b'\xc3\xa9']
    """
    try:
        return [pretoken.encode() for pretoken in pretokens]
    except UnicodeEncodeError as error:
        raise InputError(
            "training text: expected text that UTF-8 can write, found half a surrogate pair "
            f"in {quote(error.object)}; remove it"
        ) from error


def _count(texts: list[str], pattern: str) -> Counter[str]:
    compiled = compile_pattern(pattern)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(pretokenize(text, compiled))
    return counts
