"""The same merges in the hands of tiktoken, whose encoder is written in Rust."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from scratchlm.errors import InputError, quote
from scratchlm.tokenizer.formats.tiktoken import mergeable_ranks
from scratchlm.tokenizer.pretokenize import COMPLETE
from scratchlm.tokenizer.tokenizer import Tokenizer

OURS = "use --encoder ours"
LONG_RUN = re.compile(r"\s{10000}")  # a hundred times as long, it would end the whole process


class TiktokenTokenizer(Tokenizer):
    """A tokenizer that lets tiktoken encode: the same ids and the same fingerprint, faster.

    Raises:
        InputError: tiktoken is not installed, or cannot do what this tokenizer does.

    >>> TiktokenTokenizer(Tokenizer([(104, 105)])).encode("hi <|endoftext|>")[:3]
    [256, 32, 60]
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(**tokenizer.fields())
        self._ours = tokenizer
        self._encoding = _encoding(tokenizer)
        self._encode_plain = self._encode_by_tiktoken

    def __reduce__(self) -> tuple[Any, ...]:
        return TiktokenTokenizer, (self._ours,)

    def _encode_by_tiktoken(self, text: str) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError:  # tiktoken would put U+FFFD there; ours refuses it
            return self._ours.encode(text)
        if LONG_RUN.search(text):
            return self._ours.encode(text)
        ids: list[int] = self._encoding.encode_ordinary(text)
        return ids


def choose_encoder(
    tokenizer: Tokenizer, encoder: Literal["auto", "ours", "tiktoken"], sample: Sequence[str]
) -> tuple[Tokenizer, str]:
    """Decide who encodes: tiktoken where it gives our ids on a sample, or our own code.

    Args:
        tokenizer: Ours.
        encoder: "auto" falls back to ours where tiktoken is missing, cannot do what the tokenizer
            does, or gives other ids; "tiktoken" refuses that.
        sample: Documents to compare the ids of.

    Returns:
        The tokenizer to encode with, and a sentence that says which it is.

    Raises:
        InputError: tiktoken was asked for and cannot be used.

    >>> choose_encoder(Tokenizer([]), "ours", [])[1]
    'our own encoder'
    >>> choose_encoder(Tokenizer([]), "auto", ["a text", "two"])[1]
    'tiktoken, with the same ids as ours (compared on 2 documents)'
    """
    if encoder == "ours":
        return tokenizer, "our own encoder"
    try:
        fast = TiktokenTokenizer(tokenizer)
        for number, text in enumerate(sample):
            if fast.encode(text) != tokenizer.encode(text):
                raise InputError(
                    f"tiktoken: expected our ids for document {number}, found others; {OURS}"
                )
    except InputError as error:
        if encoder == "tiktoken":
            raise
        return tokenizer, f"our own encoder ({error})"
    compared = f"{len(sample)} document{'s' * (len(sample) != 1)}"
    return fast, f"tiktoken, with the same ids as ours (compared on {compared})"


def _encoding(tokenizer: Tokenizer) -> Any:  # noqa: ANN401 - an optional library's class
    try:
        import tiktoken
    except ImportError as error:
        raise InputError(
            "tiktoken: expected it to be installed, found none; run: pip install tiktoken, or "
            f"{OURS}"
        ) from error
    if tokenizer.normalizer or tokenizer.added_tokens or tokenizer.pattern not in COMPLETE:
        raise InputError(
            "tiktoken: expected a pattern that has a name here, no normalizer and no added tokens, "
            f"found another tokenizer; {OURS}"
        )
    try:
        return tiktoken.Encoding(
            "ours",
            pat_str=tokenizer.pattern,
            mergeable_ranks=mergeable_ranks(tokenizer),
            special_tokens={},
        )
    except ValueError as error:  # an InputError is one, too
        raise InputError(f"tiktoken: {quote(str(error))}; {OURS}") from error
