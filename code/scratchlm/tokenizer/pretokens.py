"""Cutting text into pre-tokens: the pieces that no merge reaches across."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import regex

from scratchlm.errors import InputError

# Radford et al. (2019), section 2.2; equal to the pattern published with GPT-2. An English
# contraction, or an optional space and then letters, digits, or other signs; or a run of white
# space, which leaves its last character to the word behind it.
GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""

# As published with GPT-4 (tiktoken's cl100k_base): any one sign may lead a word, digits come in
# groups of at most three, and line ends stay together. The end of the text is written as "nothing
# follows", and {1,3} without a +, which say the same to every library of regular expressions.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++(?![\s\S])|\s*[\r\n]|\s+(?!\S)|\s"""
)


def with_digits(numbers: str) -> str:
    r"""GPT-2's pattern with another rule for numbers, which then leave the space before them alone.

    >>> split("in 1234", compile_pattern(with_digits(r"\p{N}")))
    ['in', ' ', '1', '2', '3', '4']
    """
    return GPT2_PATTERN.replace(r" ?\p{N}+", numbers)


# Groups from the right put thousands where a reader puts them: 1|234|567. Only the first group
# looks ahead, to learn its length, and at most 300 digits far, so that a page of digits costs no
# more than a page of letters; longer ones are cut from the left.
FROM_THE_RIGHT = (
    r"(?<=\p{N})\p{N}{3}|(?<!\p{N})\p{N}{1,3}(?=(?:\p{N}{3}){0,99}(?!\p{N}))|\p{N}{1,3}"
)
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "gpt2": GPT2_PATTERN,
        "gpt4": GPT4_PATTERN,
        "single-digits": with_digits(r"\p{N}"),
        "digits-from-left": with_digits(r"\p{N}{1,3}"),
        "digits-from-right": with_digits(FROM_THE_RIGHT),
    }
)
COMPLETE = frozenset(PATTERNS.values())  # these leave no character out, whatever the text


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
            f"pattern: expected a regular expression, found {pattern!r} ({error}); correct it"
        ) from error
    if compiled.fullmatch(""):
        raise InputError(
            f"pattern: expected one that matches at least a character, found {pattern!r}, which "
            "matches the empty text; use + where it says *"
        )
    return compiled


def split(text: str, pattern: "regex.Pattern[str]") -> list[str]:
    """Cut a text into pre-tokens; put together again, they are the text.

    >>> split("The cat's 3 hats.", compile_pattern(GPT2_PATTERN))
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
