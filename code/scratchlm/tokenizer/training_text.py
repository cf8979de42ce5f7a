"""What every trainer asks first: is there room, and is there text?"""

from collections import Counter
from collections.abc import Collection, Iterable

from tqdm import tqdm

from scratchlm.errors import InputError
from scratchlm.tokenizer.algorithm import BYTE_TOKENS
from scratchlm.tokenizer.counting import count_pretokens


def room(vocab_size: int, specials: Collection[str]) -> int:
    """How many tokens may be learned.

    Raises:
        InputError: The vocabulary has no room for the bytes and the specials.

    >>> room(300, ["<|endoftext|>"])
    43
    """
    learned = vocab_size - len(BYTE_TOKENS) - len(specials)
    if learned < 0:
        raise InputError(
            f"vocab_size: expected at least {len(BYTE_TOKENS) + len(specials)} (256 bytes and "
            f"{len(specials)} special tokens), found {vocab_size}; ask for more tokens"
        )
    return learned


def read(texts: Iterable[str], pattern: str, *, workers: int, progress: bool) -> Counter[str]:
    """Count the pre-tokens of a corpus.

    Raises:
        InputError: There is no text, the pattern is wrong, or a text cannot be written as UTF-8.

    >>> read(["a cat"], r" ?[a-z]+", workers=1, progress=False)
    Counter({'a': 1, ' cat': 1})
    """
    documents = tqdm(texts, "cutting", unit=" documents", disable=not progress)
    pretokens = count_pretokens(documents, pattern, workers=workers)
    if not pretokens:
        raise InputError("training text: expected some, found none; is the file or folder empty?")
    return pretokens


def to_bytes(pretokens: Iterable[str]) -> list[bytes]:
    r"""The UTF-8 of each pre-token.

    Raises:
        InputError: One cannot be written as UTF-8.

    >>> to_bytes(["é"])
    [b'\xc3\xa9']
    """
    try:
        return [pretoken.encode() for pretoken in pretokens]
    except UnicodeEncodeError as error:
        raise InputError(
            f"training text: expected text that UTF-8 can write, found half a surrogate pair "
            f"in {error.object!r}; remove it"
        ) from error
