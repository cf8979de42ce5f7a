"""Control tokens, and why the text of a user never becomes one."""

from collections.abc import Collection, Iterator, Mapping

import regex

from scratchlm.errors import InputError

END_OF_TEXT = "<|endoftext|>"  # stands before each document, and so behind the one before
MESSAGE_START = "<|im_start|>"  # a chat: the start of a message, its role, a line end, its text,
MESSAGE_END = "<|im_end|>"  # and its end
CHAT_SPECIALS = (END_OF_TEXT, MESSAGE_START, MESSAGE_END)


def check_names(names: Collection[str]) -> None:
    """Refuse special tokens that could not be told apart.

    Raises:
        InputError: A name is empty, or there twice, or `names` is a single string.

    >>> check_names(["<|a|>", "<|a|>"])
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: specials: expected names that differ, found '<|a|>' twice
    """
    if isinstance(names, str):
        raise InputError(f"specials: expected a list of names, found {names!r}; put it in a list")
    if "" in names:
        raise InputError("specials: expected names of at least one character, found an empty one")
    for name in set(names):
        if list(names).count(name) > 1:
            raise InputError(f"specials: expected names that differ, found {name!r} twice")


def check_allowed(allowed: Collection[str], specials: Mapping[str, int]) -> None:
    """Refuse to allow a special token that does not exist.

    Raises:
        InputError: `allowed` names a token that is not among `specials`.

    >>> check_allowed(["<|user|>"], {"<|endoftext|>": 300})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: allowed_special: expected ... <|endoftext|>, found '<|user|>'; ...
    """
    if isinstance(allowed, str):
        raise InputError(
            f"allowed_special: expected a collection of names, found the string {allowed!r}; "
            f"write {{{allowed!r}}}"
        )
    for name in allowed:
        if name not in specials:
            known = ", ".join(specials) or "none, for this tokenizer has no special token"
            raise InputError(
                f"allowed_special: expected names out of {known}, found {name!r}; "
                "train the tokenizer with it, or leave it out"
            )


def split_specials(text: str, allowed: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Cut a text at the names of allowed special tokens.

    Where two names begin at the same place, the longer one wins.

    Yields:
        Each piece, and whether it is a special token.

    >>> list(split_specials("a<|x|>b<|y|>", {"<|x|>"}))
    [('a', False), ('<|x|>', True), ('b<|y|>', False)]
    """
    if not allowed:
        yield text, False
        return
    names = "|".join(map(regex.escape, sorted(allowed, key=len, reverse=True)))
    for number, piece in enumerate(regex.split(f"({names})", text)):
        if piece:
            yield piece, number % 2 == 1
