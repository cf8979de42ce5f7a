"""Pre-tokenization: a regular expression splits text into pre-tokens, which no token crosses.

Their counts are all that training ever sees of a corpus, whatever the corpus's size.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from multiprocessing import Pool
from types import MappingProxyType
from typing import TypeVar

import regex
from tqdm import tqdm

from scratchlm.errors import InputError, quote
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS

Key = TypeVar("Key", str, bytes)
COUNTING_BATCH = 1_000_000  # characters that a process counts before it reports
MAX_PRETOKENS = 10_000_000  # distinct ones kept in memory, at a hundred bytes or two each

# Radford et al. (2019), section 2.2; equal to the pattern published with GPT-2. An English
# contraction, or an optional space and then letters, digits, or other symbols; or a run of
# whitespace, which leaves its last character to the word after it.
GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""

# As published with GPT-4 (tiktoken's cl100k_base): any one symbol may lead a word, digits come in
# groups of at most three, and line ends stay together. The end of the text is written as "nothing
# follows", and {1,3} without a +, which say the same to every library of regular expressions.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++(?![\s\S])|\s*[\r\n]|\s+(?!\S)|\s"""
)

# As published with Llama 3; Qwen 2 and 3 split each digit. Both as their tokenizer.json have them.
LLAMA3_PATTERN = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")

# As published with GPT-4o (tiktoken's o200k_base): a word ends where capital letters begin.
GPT4O_PATTERN = (
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"""
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"""
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"""
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"""
    r"""\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)

# SmolLM and StarCoder take out single digits first and give the rest to GPT-2's pattern, for which
# a digit then ends the text: whitespace before it is not divided.
SMOLLM_PATTERN = r"""'(?:[sdmt]|ll|ve|re)|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"""


def with_digits(numbers: str) -> str:
    r"""GPT-2's pattern with another rule for numbers, which then leave the space before them alone.

    >>> pretokenize("in 1234", compile_pattern(with_digits(r"\p{N}")))
    ['in', ' ', '1', '2', '3', '4']
    """
    return GPT2_PATTERN.replace(r" ?\p{N}+", numbers)


# Groups from the right put thousands where a reader puts them: 1|234|567. Only the first group
# looks ahead, to learn its length, and at most 300 digits far, so that a page of digits costs no
# more than a page of letters; longer ones are split from the left.
FROM_THE_RIGHT = (
    r"(?<=\p{N})\p{N}{3}|(?<!\p{N})\p{N}{1,3}(?=(?:\p{N}{3}){0,99}(?!\p{N}))|\p{N}{1,3}"
)
PRETOKEN_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "gpt2": GPT2_PATTERN,
        "gpt4": GPT4_PATTERN,
        "gpt4o": GPT4O_PATTERN,
        "llama3": LLAMA3_PATTERN,
        "qwen2": QWEN2_PATTERN,
        "smollm": SMOLLM_PATTERN,
        "single-digits": with_digits(r"\p{N}"),
        "digits-from-left": with_digits(r"\p{N}{1,3}"),
        "digits-from-right": with_digits(FROM_THE_RIGHT),
    }
)
COMPLETE = frozenset(PRETOKEN_PATTERNS.values())  # these leave no character out, whatever the text

# Two kinds of places at which all of the named patterns begin a pre-token, whatever stands on both
# sides, so that the sides can be encoded apart: before a single space, ...
SINGLE_SPACE = re.compile(r"(?<=\S)(?= \S)")
# ... and after a letter or digit, the same in NFC, that is followed by none, nor by a mark that NFC
# might join to it, nor by the apostrophe of a contraction. (?r) finds the last such place.
LAST_BOUNDARY = regex.compile(
    r"(?rV1)(?<=[[\p{L}\p{N}]&&\p{NFC_QC=Y}])(?=[^\p{L}\p{N}\p{M}'])|(?<=\S)(?= \S)"
)


def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """Compile a pre-tokenization pattern.

    Args:
        pattern: A regular expression of the `regex` library. Text between its matches becomes
            pre-tokens too, so that no text is ever lost.

    Raises:
        InputError: It is no regular expression, or it matches nothing at all.

    >>> compile_pattern("(")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: pattern: expected a regular expression, found '(' (missing )...
    """
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise InputError(
            f"pattern: expected a regular expression, found {quote(pattern)} ({error.msg}); "
            "correct it"
        ) from error
    if compiled.fullmatch(""):
        raise InputError(
            f"pattern: expected one that matches at least a character, found {quote(pattern)}, "
            "which matches the empty text; use + where it says *"
        )
    return compiled


def pretokenize(text: str, pattern: "regex.Pattern[str]") -> list[str]:
    """Split a text into pre-tokens; put together again, they are the text.

    >>> pretokenize("The cat's 3 hats.", compile_pattern(GPT2_PATTERN))
    ['The', ' cat', "'s", ' 3', ' hats', '.']
    """
    pieces: list[str] = pattern.findall(text) if pattern.groups == 0 else []
    if pattern.pattern in COMPLETE:
        return pieces
    if pattern.groups == 0 and sum(map(len, pieces)) == len(text):
        return pieces
    return list(_split_with_gaps(text, pattern))


def _split_with_gaps(text: str, pattern: "regex.Pattern[str]") -> Iterator[str]:
    """The slow way, for a pattern with groups or one that leaves some text unmatched."""
    end = 0
    for match in pattern.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        if match.group():
            yield match.group()
        end = match.end()
    if end < len(text):
        yield text[end:]


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
