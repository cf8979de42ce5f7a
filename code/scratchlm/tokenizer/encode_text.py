"""Encoding of plain text: normalization, pre-tokenization, and a cache of what came before."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Literal

from scratchlm.errors import InputError
from scratchlm.tokenizer.pretokenize import COMPLETE, SINGLE_SPACE, compile_pattern, pretokenize
from scratchlm.tokenizer.vocabulary import Algorithm

LONG_PIECE = 100  # characters; longer pieces hardly come back, and would fill the cache


class EncodeCache(dict[str, tuple[int, ...]]):
    """Cache of the ids of pieces of text; one that is missing is encoded and kept.

    It is emptied when it is full, which costs little: common pieces are back at once.

    Args:
        encode: Turns a piece into ids.
        limit: Most pieces to keep.

    >>> cache = EncodeCache(lambda word: word.encode(), limit=1000)
    >>> cache["hi"], len(cache)
    ((104, 105), 1)
    """

    def __init__(self, encode: Callable[[str], Iterable[int]], limit: int) -> None:
        super().__init__()
        self._encode, self._limit = encode, limit

    def __missing__(self, piece: str) -> tuple[int, ...]:
        ids = tuple(self._encode(piece))
        if len(piece) < LONG_PIECE:
            if len(self) >= self._limit:
                self.clear()
            self[piece] = ids
        return ids


class TextEncoder:
    """Encodes text in which nothing is a special token.

    Args:
        algorithm: What splits pre-tokens.
        ids: The id of each of its tokens; a byte without one is left out of every text.
        pattern: The pre-tokenization pattern.
        normalizer: "NFC" composes letters and their marks first.

    Raises:
        InputError: The pattern is no regular expression.

    >>> from scratchlm.tokenizer.bpe_encode import BytePairEncoding
    >>> encode = TextEncoder(BytePairEncoding([]), range(256), r"[a-z]+", None)
    >>> encode("hi")
    [104, 105]
    """

    def __init__(
        self,
        algorithm: Algorithm,
        ids: Sequence[int | None],
        pattern: str,
        normalizer: Literal["NFC"] | None,
    ) -> None:
        self._algorithm, self._ids, self._normalizer = algorithm, ids, normalizer
        self._pattern = compile_pattern(pattern)
        self._missing = b"".join(
            byte for byte, id in zip(algorithm.tokens, ids, strict=False) if id is None
        )
        self._words = EncodeCache(self._encode_word, limit=1 << 16)
        self._stretches = EncodeCache(self._encode_stretch, limit=1 << 17)

    def __call__(self, text: str) -> list[int]:
        """Turn text into token ids.

        Raises:
            InputError: The text holds half a surrogate pair, which UTF-8 cannot write.
        """
        try:
            if self._normalizer is not None:
                text = unicodedata.normalize(self._normalizer, text)
            if self._pattern.pattern not in COMPLETE:  # may join words across spaces
                return list(self._encode_stretch(text))
            # Words come back with their punctuation: fewer lookups, and no pattern to match.
            stretches = SINGLE_SPACE.split(text)
            return list(chain.from_iterable(map(self._stretches.__getitem__, stretches)))
        except UnicodeEncodeError as error:
            raise InputError(
                "text: expected what UTF-8 can write, found half a surrogate pair at character "
                f"{next(n for n, c in enumerate(text) if 0xD800 <= ord(c) < 0xE000)}; "
                'decode the text with errors="replace"'
            ) from error

    def _encode_stretch(self, text: str) -> Iterable[int]:
        words = pretokenize(text, self._pattern)
        return chain.from_iterable(map(self._words.__getitem__, words))

    def _encode_word(self, word: str) -> Iterable[int]:
        data = word.encode()
        if self._missing:
            data = data.translate(None, self._missing)
        for number in self._algorithm.encode(data):
            id = self._ids[number]
            assert id is not None  # only bytes have none, and those were taken out
            yield id
