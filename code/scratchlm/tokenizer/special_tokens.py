"""Special tokens, and why the text of a user never becomes one."""

from collections.abc import Collection, Iterator, Mapping

import regex

from scratchlm.errors import InputError, quote

END_OF_TEXT = "<|endoftext|>"  # stands before each document, and so after the one before
MESSAGE_START = "<|im_start|>"  # a chat: the start of a message, its role, a line end, its text,
MESSAGE_END = "<|im_end|>"  # and its end
SURROGATE = regex.compile(r"[\ud800-\udfff]")  # half a character of UTF-16
CHAT_SPECIAL_TOKENS = (END_OF_TEXT, MESSAGE_START, MESSAGE_END)


def check_names(names: Collection[str]) -> None:
    """Refuse special tokens that could not be told apart.

    Raises:
        InputError: A name is empty, or there twice, or `names` is a single string.

    >>> check_names(["<|a|>", "<|a|>"])
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: special_tokens: expected names that differ, found '<|a|>' twice
    """
    if isinstance(names, str):
        raise InputError(
            f"special_tokens: expected a list of names, found {quote(names)}; put it in a list"
        )
    seen = set[str]()
    for name in names:
        if not isinstance(name, str) or not name or SURROGATE.search(name):
            raise InputError(
                "special_tokens: expected names of at least one character that UTF-8 can write, "
                f"found {quote(name)}"
            )
        if name in seen:
            raise InputError(
                f"special_tokens: expected names that differ, found {quote(name)} twice"
            )
        seen.add(name)


def allowed_names(allowed: Collection[str], special_tokens: Mapping[str, int]) -> Collection[str]:
    """The names that `allowed_special` stands for, as in tiktoken: "all", or some of them.

    Raises:
        InputError: `allowed` names a token that is not among the special tokens.

    >>> list(allowed_names("all", {"<|endoftext|>": 300}))
    ['<|endoftext|>']
    >>> allowed_names(["<|user|>"], {"<|endoftext|>": 300})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: allowed_special: expected ... <|endoftext|>, found '<|user|>'; ...
    """
    if allowed == "all":
        return special_tokens.keys()
    if isinstance(allowed, str):
        raise InputError(
            f'allowed_special: expected "all" or a collection of names, found the string '
            f"{quote(allowed)}; write {{{quote(allowed)}}}"
        )
    for name in allowed:
        if name not in special_tokens:
            known = ", ".join(list(special_tokens)[:5]) or "none, for this tokenizer has none"
            raise InputError(
                f"allowed_special: expected names out of {known}, found {name!r}; "
                "train the tokenizer with it, or leave it out"
            )
    return allowed


def split_at_names(text: str, names: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Split a text at the names of some tokens.

    Where two names begin at the same position, the longer one wins.

    Yields:
        Each piece, and whether it is such a name.

    >>> list(split_at_names("a<|x|>b<|y|>", {"<|x|>"}))
    [('a', False), ('<|x|>', True), ('b<|y|>', False)]
    """
    if not names:
        yield text, False
        return
    for number, piece in enumerate(name_pattern(names).split(text)):
        if piece:
            yield piece, number % 2 == 1


def name_pattern(names: Collection[str]) -> "regex.Pattern[str]":
    """A regular expression that finds the longest of some names, as its only group."""
    longest_first = sorted(names, key=len, reverse=True)
    return regex.compile("(" + "|".join(map(regex.escape, longest_first)) + ")")
