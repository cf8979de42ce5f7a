"""The tokenizer: text to token ids and back."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from scratchlm.errors import InputError
from scratchlm.storage import fingerprint
from scratchlm.tokenizer.bpe_encode import BytePairEncoding, Pair, from_byte_vocab
from scratchlm.tokenizer.encode_text import TextEncoder
from scratchlm.tokenizer.formats.hugging_face import (
    TokenizerFields,
    read_tokenizer_json,
    write_tokenizer_json,
)
from scratchlm.tokenizer.pretokenize import COMPLETE, GPT2_PATTERN
from scratchlm.tokenizer.special_tokens import (
    END_OF_TEXT,
    allowed_names,
    check_names,
    split_at_names,
)
from scratchlm.tokenizer.streaming import encode_stream
from scratchlm.tokenizer.vocabulary import Algorithm, byte_to_unicode, check_ids


class Tokenizer:
    """Tokenizer: a pre-tokenization pattern, a subword algorithm, and special tokens.

    Ids count the algorithm's tokens and then the special ones, unless `ids` says otherwise. For
    the byte-pair encoding of this book 0 to 255 are the bytes, and the merges follow in the order
    in which they were learned.

    Args:
        algorithm: What splits pre-tokens; merges alone make a byte-pair encoding, and no merges
            the tokenizer whose tokens are the bytes.
        special_tokens: Their names; text turns into them only where `encode` is told to.
        added_tokens: Names that any text turns into, as some published tokenizers have them.
        pattern: The pre-tokenization pattern.
        normalizer: "NFC" composes letters and their marks first.
        ids: For a vocabulary from elsewhere, the id of each of the algorithm's tokens, then of
            each special and each added one. None: a byte that has no token, and is left out of
            every text, as in Hugging Face's library.
        bos_token_ids: Special tokens that a model expects before a text; `encode` adds none.
        eos_token_ids: Special tokens that it expects after a text.

    Attributes:
        special_tokens: The id of each; likewise `added_tokens`.
        vocab_size: One more than the largest id.

    Raises:
        InputError: Names cannot be told apart, the pattern is wrong, or an id is there twice.

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
        special_tokens: Sequence[str] = (END_OF_TEXT,),
        added_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
        normalizer: Literal["NFC"] | None = None,
        ids: Sequence[int | None] | None = None,
        bos_token_ids: Sequence[int] = (),
        eos_token_ids: Sequence[int] = (),
    ) -> None:
        check_names(special_tokens)
        check_names([*special_tokens, *added_tokens])
        self.algorithm = (
            algorithm if isinstance(algorithm, Algorithm) else BytePairEncoding(algorithm)
        )
        self.pattern, self.normalizer = pattern, normalizer
        names = [*special_tokens, *added_tokens]
        tokens = [*self.algorithm.tokens, *(name.encode() for name in names)]
        self.ids = tuple(range(len(tokens)) if ids is None else check_ids(ids, len(tokens)))
        self._tokens = {
            id: token for id, token in zip(self.ids, tokens, strict=True) if id is not None
        }
        control = zip(names, self.ids[len(self.algorithm.tokens) :], strict=True)
        self._named = {name: id for name, id in control if id is not None}
        self.special_tokens = self._ids_of(special_tokens)
        self.added_tokens = self._ids_of(added_tokens)
        self.vocab_size = max(self._tokens) + 1
        self.bos_token_ids, self.eos_token_ids = tuple(bos_token_ids), tuple(eos_token_ids)
        if not {*self.bos_token_ids, *self.eos_token_ids} <= {*self.special_tokens.values()}:
            raise InputError(
                "bos_token_ids, eos_token_ids: expected ids of special tokens, found "
                f"{self.bos_token_ids} and {self.eos_token_ids}; name the tokens as special"
            )
        self._encode_plain: Callable[[str], list[int]] = TextEncoder(
            self.algorithm, self.ids, pattern, normalizer
        )

    @classmethod
    def from_vocab(
        cls,
        vocab: Mapping[int, bytes],
        merges: Iterable[tuple[bytes, bytes]],
        special_tokens: Sequence[str] | None = None,
        *,
        pattern: str = GPT2_PATTERN,
        normalizer: Literal["NFC"] | None = None,
    ) -> "Tokenizer":
        """Build a byte-pair encoding from a byte vocabulary and merges.

        Args:
            vocab: The bytes of each id. A token that no merge makes is a special token.
            merges: The bytes of the two tokens that each merge joins, in their order.
            special_tokens: Their names; those that the vocabulary lacks get the next ids.
            pattern: The pre-tokenization pattern.
            normalizer: "NFC" composes letters and their marks first.

        Raises:
            InputError: A merge joins tokens that do not exist yet, or makes one that the
                vocabulary lacks, or a token is there twice.

        >>> vocab = {byte: bytes([byte]) for byte in range(256)}
        >>> vocab |= {256: b"<|endoftext|>", 257: b"hi"}
        >>> Tokenizer.from_vocab(vocab, [(b"h", b"i")], ["<|user|>"]).special_tokens
        mappingproxy({'<|endoftext|>': 256, '<|user|>': 258})
        """
        algorithm, ids, special = from_byte_vocab(vocab, merges)
        for name in special_tokens or ():
            special.setdefault(name, max([*vocab, *special.values()]) + 1)
        return cls(
            algorithm,
            special_tokens=list(special),
            pattern=pattern,
            normalizer=normalizer,
            ids=[*ids, *special.values()],
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Tokenizer({self.vocab_size} tokens, sha256 {self.fingerprint[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:  # so that processes can share it
        return partial(Tokenizer, **self.fields()), ()

    def fields(self) -> TokenizerFields:
        """The arguments that build it again.

        >>> Tokenizer(**Tokenizer([(104, 105)]).fields()).merges
        ((104, 105),)
        """
        return {
            "algorithm": self.algorithm,
            "special_tokens": [*self.special_tokens],
            "added_tokens": [*self.added_tokens],
            "pattern": self.pattern,
            "normalizer": self.normalizer,
            "ids": self.ids,
            "bos_token_ids": self.bos_token_ids,
            "eos_token_ids": self.eos_token_ids,
        }

    def _identity(self) -> tuple[object, ...]:
        return self.fingerprint, self.bos_token_ids, self.eos_token_ids

    def _ids_of(self, names: Iterable[str]) -> Mapping[str, int]:
        return MappingProxyType({name: self._named[name] for name in names})

    def with_bos(self, bos_token_ids: Sequence[int]) -> "Tokenizer":
        """Return the same tokenizer with other tokens before every text.

        Raises:
            InputError: One of them is no special token.

        >>> Tokenizer([]).with_bos([256]).bos_token_ids
        (256,)
        """
        fields = self.fields()
        fields["bos_token_ids"] = bos_token_ids
        return Tokenizer(**fields)

    @property
    def merges(self) -> tuple[Pair, ...]:
        """The merges of a byte-pair encoding.

        Raises:
            InputError: The algorithm is another one.

        >>> Tokenizer([(104, 105)]).merges
        ((104, 105),)
        """
        if not isinstance(self.algorithm, BytePairEncoding):
            raise InputError(
                f"merges: expected a byte-pair encoding, found {self.algorithm.name}; "
                "train one with train_bpe"
            )
        return self.algorithm.merges

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of everything that decides which ids a text gets, in hexadecimal."""
        tokens = zip(self.ids, self.algorithm.tokens, strict=False)
        decisive = {
            "normalizer": self.normalizer,
            "pattern": self.pattern,
            "special_tokens": dict(self.special_tokens),
            "added_tokens": dict(self.added_tokens),
            "algorithm": self.algorithm.name,
            "tokens": {str(id): byte_to_unicode(token) for id, token in tokens},
            "parameters": self.algorithm.parameters(self.ids),
        }
        return fingerprint(decisive)

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
            allowed_special: Names of special tokens that text is to turn into; "all": every one.

        Raises:
            InputError: A name in `allowed_special` is unknown, or the text holds half a
                surrogate pair, which UTF-8 cannot write.

        >>> tokenizer = Tokenizer([])
        >>> len(tokenizer.encode("<|endoftext|>"))
        13
        >>> tokenizer.encode("<|endoftext|>", allowed_special={"<|endoftext|>"})
        [256]
        """
        names = [*self.added_tokens, *allowed_names(allowed_special, self.special_tokens)]
        if not names:
            return self._encode_plain(text)
        ids: list[int] = []
        for piece, is_name in split_at_names(text, names):
            ids.extend([self._named[piece]] if is_name else self._encode_plain(piece))
        return ids

    def encode_iterable(
        self, texts: Iterable[str], *, allowed_special: Collection[str] = ()
    ) -> Iterator[int]:
        """Encode a text that comes in chunks, such as an open file, without holding it all.

        The ids are those of the whole text, however it is divided. With a pattern of your own,
        where no place for a cut is certain, the text is read to its end first.

        Args:
            texts: The chunks.
            allowed_special: As for `encode`.

        Raises:
            InputError: As for `encode`.

        >>> tokenizer = Tokenizer([(104, 105)])
        >>> list(tokenizer.encode_iterable(["h", "i 😊"])) == tokenizer.encode("hi 😊")
        True
        """
        names = [*self.added_tokens, *allowed_names(allowed_special, self.special_tokens)]
        encode = partial(self.encode, allowed_special=allowed_special)
        if self.pattern not in COMPLETE:
            texts = ["".join(texts)]
        return encode_stream(texts, encode, names)

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

    def save(self, path: str | Path) -> None:
        """Write the tokenizer to a `tokenizer.json`, which Hugging Face's `tokenizers` reads too.

        Raises:
            InputError: A unigram model's ids have gaps, which that format cannot express; the
                disk is full, or the folder cannot be written.
        """
        write_tokenizer_json(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Tokenizer":
        """Read a `tokenizer.json`: one that `save` wrote, or a published byte-level one.

        Raises:
            InputError: The file is missing or damaged, or has a part that ours lacks.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
        >>> Tokenizer([(104, 105)]).save(path)
        >>> Tokenizer.load(path) == Tokenizer([(104, 105)])
        True
        """
        fields = read_tokenizer_json(Path(path))
        try:
            return cls(**fields)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
