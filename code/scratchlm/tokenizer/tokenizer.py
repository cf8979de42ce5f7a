"""The tokenizer: text to token ids and back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scratchlm.errors import InputError
from scratchlm.tokenizer import files
from scratchlm.tokenizer.algorithm import Algorithm
from scratchlm.tokenizer.byte_pairs import BytePairs
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.pretokens import COMPLETE, GPT2_PATTERN, compile_pattern, split
from scratchlm.tokenizer.recall import SINGLE_SPACE, Recall
from scratchlm.tokenizer.specials import END_OF_TEXT, check_allowed, check_names, split_specials
from scratchlm.tokenizer.ties import Pair
from scratchlm.tokenizer.unigram import Unigram

ALGORITHMS: Mapping[str, type[Algorithm]] = MappingProxyType(
    {algorithm.name: algorithm for algorithm in (BytePairs, LongestMatch, Unigram)}
)


class Tokenizer:
    """A pattern that cuts text into pre-tokens, an algorithm that cuts these, and special tokens.

    Ids count the algorithm's tokens and then the special ones, unless `ids` says otherwise. For
    the byte-pair encoding of this book 0 to 255 are the bytes, and the merges follow in the order
    in which they were learned.

    Args:
        algorithm: What cuts pre-tokens; merges alone make a byte-pair encoding, and no merges the
            tokenizer whose tokens are the bytes.
        specials: Names of control tokens.
        pattern: How text is cut into pre-tokens first.
        ids: For a vocabulary from elsewhere, the id of each of the algorithm's tokens and then of
            each special one.

    Attributes:
        vocab_size: One more than the largest id.

    Raises:
        InputError: Specials cannot be told apart, the pattern is wrong, or an id is there twice.

    >>> tokenizer = Tokenizer([(104, 105)])
    >>> tokenizer.encode("hi 😊")
    [256, 32, 240, 159, 152, 138]
    >>> tokenizer.decode([256, 33])
    'hi!'
    """

    def __init__(
        self,
        algorithm: Algorithm | Iterable[Pair],
        *,
        specials: Sequence[str] = (END_OF_TEXT,),
        pattern: str = GPT2_PATTERN,
        ids: Sequence[int] | None = None,
    ) -> None:
        check_names(specials)
        self.algorithm = algorithm if isinstance(algorithm, Algorithm) else BytePairs(algorithm)
        self.pattern = pattern
        self._regex = compile_pattern(pattern)
        tokens = [*self.algorithm.tokens, *(name.encode() for name in specials)]
        self.ids = tuple(range(len(tokens)) if ids is None else check_ids(ids, len(tokens)))
        self._tokens = {
            id: token for id, token in zip(self.ids, tokens, strict=True) if id is not None
        }
        self._absent = bytes(byte for byte in range(256) if self.ids[byte] is None)
        self.specials: Mapping[str, int] = MappingProxyType(
            dict(zip(specials, self.ids[len(self.algorithm.tokens) :], strict=True))
        )
        self.vocab_size = max(self._tokens) + 1
        self._words = Recall(self._encode_word, limit=1 << 16)
        self._stretches = Recall(self._encode_stretch, limit=1 << 17)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Tokenizer({self.vocab_size} tokens, sha256 {self.fingerprint[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Tokenizer._from_parts, (self._parts(),)  # so that processes can share it

    def _parts(self) -> dict[str, Any]:
        ids = {} if self.ids == tuple(range(len(self.ids))) else {"ids": list(self.ids)}
        return {
            "pattern": self.pattern,
            "specials": list(self.specials),
            **self.algorithm.parts(),
            **ids,
        }

    @classmethod
    def _from_parts(cls, parts: Mapping[str, Any]) -> "Tokenizer":
        algorithm = ALGORITHMS[parts.get("algorithm", BytePairs.name)].from_parts(parts)
        return cls(
            algorithm,
            specials=parts["specials"],
            pattern=parts["pattern"],
            ids=parts.get("ids"),
        )

    @property
    def merges(self) -> tuple[Pair, ...]:
        """The merges of a byte-pair encoding.

        Raises:
            InputError: The algorithm is another one.

        >>> Tokenizer([(104, 105)]).merges
        ((104, 105),)
        """
        if not isinstance(self.algorithm, BytePairs):
            raise InputError(
                f"merges: expected a byte-pair encoding, found {self.algorithm.name}; "
                "train one with train_bpe"
            )
        return self.algorithm.merges

    @property
    def fingerprint(self) -> str:
        """The sha256 of everything that determines this tokenizer, in hexadecimal."""
        return files.fingerprint(self._parts())

    def token_bytes(self, id: int) -> bytes:
        """The bytes of one token; those of a special token are its name.

        Raises:
            InputError: There is no such token.

        >>> Tokenizer([(104, 105)]).token_bytes(256)
        b'hi'
        """
        try:
            return self._tokens[id]
        except KeyError:
            raise InputError(
                f"token id: expected 0 to {self.vocab_size - 1}, found {id}; "
                "was it made by another tokenizer?"
            ) from None

    def encode(self, text: str, *, allowed_special: Collection[str] = ()) -> list[int]:
        """Turn text into token ids.

        Args:
            text: Any text. The name of a special token in it is text like any other, unless
                `allowed_special` says otherwise: never do that with text from a user.
            allowed_special: Names of special tokens that are to become control tokens.

        Raises:
            InputError: A name in `allowed_special` is unknown, or the text holds half a
                surrogate pair, which UTF-8 cannot write.

        >>> tokenizer = Tokenizer([])
        >>> len(tokenizer.encode("<|endoftext|>"))
        13
        >>> tokenizer.encode("<|endoftext|>", allowed_special={"<|endoftext|>"})
        [256]
        """
        if not allowed_special:
            return self._encode_plain(text)
        check_allowed(allowed_special, self.specials)
        ids: list[int] = []
        for piece, special in split_specials(text, allowed_special):
            if special:
                ids.append(self.specials[piece])
            else:
                ids.extend(self._encode_plain(piece))
        return ids

    def _encode_word(self, word: str) -> Iterable[int]:
        return map(self.ids.__getitem__, self.algorithm.encode(word.encode().translate(None, self._absent)))

    def _encode_stretch(self, text: str) -> Iterable[int]:
        words = split(text, self._regex)
        return chain.from_iterable(map(self._words.__getitem__, words))

    def _encode_plain(self, text: str) -> list[int]:
        try:
            if self.pattern not in COMPLETE:  # may join words across spaces
                return list(self._encode_stretch(text))
            # Words come back with their punctuation: fewer to look up, and no pattern to match.
            stretches = SINGLE_SPACE.split(text)
            return list(chain.from_iterable(map(self._stretches.__getitem__, stretches)))
        except UnicodeEncodeError as error:
            raise InputError(
                "text: expected what UTF-8 can write, found half a surrogate pair at character "
                f"{next(n for n, c in enumerate(text) if 0xD800 <= ord(c) < 0xE000)}; "
                'decode the text with errors="replace"'
            ) from error

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        r"""The bytes of a sequence of tokens, which need not be whole characters.

        Raises:
            InputError: There is no such token.

        >>> Tokenizer([]).decode_bytes([240, 159])
        b'\xf0\x9f'
        """
        return b"".join(map(self.token_bytes, ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Turn token ids into text; bytes that are no character become U+FFFD.

        Raises:
            InputError: There is no such token.

        >>> Tokenizer([]).decode([240, 159, 152, 138])
        '😊'
        """
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def save(self, path: Path) -> None:
        """Write the tokenizer to one JSON file, which `load` reads.

        Raises:
            OSError: The disk is full or the folder cannot be written.
        """
        files.write(path, self._parts())

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a tokenizer that `save` wrote.

        Raises:
            InputError: The file is missing, is no tokenizer of this package, or was changed.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
        >>> Tokenizer([(104, 105)]).save(path)
        >>> Tokenizer.load(path) == Tokenizer([(104, 105)])
        True
        """
        parts = files.read(path)
        try:
            return cls._from_parts(parts)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise InputError(f"{path}: expected a tokenizer's parts, found: {error}") from error


def check_ids(ids: Sequence[int], number: int) -> Sequence[int]:
    """Refuse ids that do not fit the tokens.

    Raises:
        InputError: There are too few or too many, one is negative, or one is there twice.

    >>> check_ids([0, 0], 2)
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: ids: expected 2 different ones from 0 on, found 1; correct them
    """
    absent = ids[:256].count(None)
    found = {id for id in ids if id is not None and id >= 0}
    if len(ids) != number or len(found) != number - absent:
        raise InputError(
            f"ids: expected {number} different ones from 0 on, found {len(found)}; correct them"
        )
    return ids
