"""The tokenizer: text to token ids and back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scratchlm.errors import InputError
from scratchlm.tokenizer import files
from scratchlm.tokenizer.encoder import WordCache
from scratchlm.tokenizer.pretokens import GPT2_PATTERN, compile_pattern, split
from scratchlm.tokenizer.specials import END_OF_TEXT, check_allowed, check_names, split_specials
from scratchlm.tokenizer.ties import Pair

BYTES = 256  # the first ids: every text can be written with them


class Tokenizer:
    """A byte-level byte-pair encoding.

    Ids 0 to 255 are the bytes, the next ones the merges in the order in which they were learned,
    the last ones the special tokens.

    Attributes:
        merges: The two ids that each merge joins.
        pattern: How text is cut into pre-tokens first.
        specials: The id of each special token's name.
        vocab_size: Tokens in all.

    >>> tokenizer = Tokenizer([(104, 105)])
    >>> tokenizer.encode("hi 😊")
    [256, 32, 240, 159, 152, 138]
    >>> tokenizer.decode([256, 33])
    'hi!'
    """

    def __init__(
        self,
        merges: Iterable[Pair],
        *,
        specials: Sequence[str] = (END_OF_TEXT,),
        pattern: str = GPT2_PATTERN,
    ) -> None:
        check_names(specials)
        self.merges = tuple(merges)
        self.pattern = pattern
        self._regex = compile_pattern(pattern)
        self._tokens = token_table(self.merges)
        first = len(self._tokens)
        self._tokens.extend(name.encode() for name in specials)
        self.specials: Mapping[str, int] = MappingProxyType(
            {name: first + place for place, name in enumerate(specials)}
        )
        self.vocab_size = len(self._tokens)
        self._cache = WordCache({pair: BYTES + rank for rank, pair in enumerate(self.merges)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Tokenizer({self.vocab_size} tokens, sha256 {self.fingerprint[:12]})"

    def _parts(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "specials": list(self.specials),
            "merges": [list(pair) for pair in self.merges],
        }

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
        if not 0 <= id < self.vocab_size:
            raise InputError(
                f"token id: expected 0 to {self.vocab_size - 1}, found {id}; "
                "was it made by another tokenizer?"
            )
        return self._tokens[id]

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
        check_allowed(allowed_special, self.specials)
        ids: list[int] = []
        for piece, special in split_specials(text, allowed_special):
            if special:
                ids.append(self.specials[piece])
            else:
                ids.extend(self._encode_plain(piece))
        return ids

    def _encode_plain(self, text: str) -> Iterable[int]:
        try:
            words = split(text, self._regex)
            return list(chain.from_iterable(map(self._cache.__getitem__, words)))
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
            merges = [(left, right) for left, right in parts["merges"]]
            return cls(merges, specials=parts["specials"], pattern=parts["pattern"])
        except (ValueError, TypeError, AttributeError) as error:  # InputError is a ValueError
            raise InputError(f"{path}: expected a tokenizer's parts, found: {error}") from error


def token_table(merges: Sequence[Pair]) -> list[bytes]:
    """The bytes of each token: the 256 bytes, then what each merge makes.

    Raises:
        InputError: A merge joins tokens that do not exist yet, or is there twice.

    >>> token_table([(104, 105), (256, 33)])[256:]
    [b'hi', b'hi!']
    """
    tokens = [bytes([byte]) for byte in range(BYTES)]
    for rank, (left, right) in enumerate(merges):
        if not (0 <= left < len(tokens) and 0 <= right < len(tokens)):
            raise InputError(
                f"merge {rank}: expected two tokens from 0 to {len(tokens) - 1}, found "
                f"{left} and {right}; train the tokenizer again"
            )
        tokens.append(tokens[left] + tokens[right])
    if len(set(merges)) < len(merges):
        raise InputError("merges: expected pairs that differ, found one twice; train again")
    return tokens
