"""tiktoken's files: a line for each token, its bytes in base 64 and its id, which is its rank."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from scratchlm.errors import InputError, quote
from scratchlm.storage import read_file, sha256, write_atomically
from scratchlm.tokenizer.bpe_encode import BytePairEncoding, merges_from_ranks
from scratchlm.tokenizer.pretokenize import GPT2_PATTERN, GPT4_PATTERN, GPT4O_PATTERN
from scratchlm.tokenizer.special_tokens import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS, check_tokens

LIMIT = 64 << 20  # bytes of a file; the largest published one has 4 million
# What a file does not say and only its publisher knows; from tiktoken's own list of encodings.
FILL_IN = {"<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260}


class Published(NamedTuple):
    """What belongs to a published file: its pattern, and the ids of its special tokens."""

    pattern: str
    special_tokens: Mapping[str, int]


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930": Published(
            GPT2_PATTERN, {END_OF_TEXT: 50256}
        ),  # r50k_base: GPT-2 and GPT-3
        "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069": Published(
            GPT2_PATTERN, {END_OF_TEXT: 50256}
        ),  # p50k_base, whose special token stands in a gap of the ranks
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7": Published(
            GPT4_PATTERN, {END_OF_TEXT: 100257, **FILL_IN, "<|endofprompt|>": 100276}
        ),  # cl100k_base: GPT-4
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d": Published(
            GPT4O_PATTERN, {END_OF_TEXT: 199999, "<|endofprompt|>": 200018}
        ),  # o200k_base: GPT-4o
    }
)


def save_tiktoken(tokenizer: Tokenizer, path: str | Path) -> None:
    """Write a byte-pair encoding as ranks; the pattern and the special tokens are not in the file.

    Raises:
        InputError: The algorithm is another one, or the ids are not in the order of the merges.
            The disk is full, or the folder cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "small.tiktoken"
    >>> save_tiktoken(Tokenizer([(104, 105)]), path); path.read_text().splitlines()[-1]
    'aGk= 256'
    """
    lines = (
        f"{base64.b64encode(token).decode()} {id}\n"
        for token, id in sorted(mergeable_ranks(tokenizer).items(), key=lambda item: item[1])
    )
    write_atomically(Path(path), "".join(lines).encode())


def mergeable_ranks(tokenizer: Tokenizer) -> dict[bytes, int]:
    """The tokens of a byte-pair encoding and their ids, which must be in the order of the merges.

    Raises:
        InputError: The algorithm is another one, or tiktoken would make other merges.

    >>> mergeable_ranks(Tokenizer([(104, 105)]))[b"hi"]
    256
    """
    ids = tokenizer.ids[: len(BYTE_TOKENS) + len(tokenizer.merges)]
    known = [id for id in ids if id is not None]
    ranks = dict(zip(tokenizer.algorithm.tokens, known, strict=False))
    learned = known[len(BYTE_TOKENS) :]
    if len(known) < len(ids) or len(ranks) < len(ids) or any(a > b for a, b in pairwise(learned)):
        raise InputError(
            "ranks: expected all bytes, tokens that differ, and ids in the order of the merges, "
            "found another tokenizer; write a tokenizer.json, which can say it"
        )
    return ranks


def load_tiktoken(
    path: str | Path,
    *,
    pattern: str | None = None,
    special_tokens: Mapping[str, int] | Sequence[str] | None = None,
) -> Tokenizer:
    """Read ranks.

    Args:
        path: The file.
        pattern: The pre-tokenization pattern that belongs to it; may be left out for the files
            that OpenAI published, which are known by their sha256.
        special_tokens: Their names and ids, which may lie in a gap of the ranks; for names alone
            the ids after the largest rank. Left out, they are those that were published with the
            file, or the end of text.

    Raises:
        InputError: The file is missing or damaged, its tokens do not come from merges, or it is
            not known and no pattern is given.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "small.tiktoken"
    >>> save_tiktoken(Tokenizer([(104, 105)]), path)
    >>> load_tiktoken(path, pattern=GPT4_PATTERN).merges
    ((104, 105),)
    """
    path = Path(path)
    content = read_file(path, "name a file of ranks, as tiktoken has them", limit=LIMIT)
    published = PUBLISHED.get(sha256(content))
    if pattern is None:
        if published is None:
            raise InputError(
                f"{path}: expected one of the {len(PUBLISHED)} files that OpenAI published, found "
                "another, which does not say how text is pre-tokenized; name its pattern "
                "(--pattern)"
            )
        pattern = published.pattern
    if special_tokens is None:
        special_tokens = published.special_tokens if published else (END_OF_TEXT,)
    try:
        ranks = parse_ranks(content)
        check_tokens(ranks)
        merges = merges_from_ranks(ranks)
        if not isinstance(special_tokens, Mapping):
            first = max(ranks.values()) + 1
            special_tokens = {name: id for id, name in enumerate(special_tokens, first)}
        return Tokenizer(
            merges,
            special_tokens=list(special_tokens),
            pattern=pattern,
            ids=[
                *(ranks[token] for token in BytePairEncoding(merges).tokens),
                *special_tokens.values(),
            ],
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def parse_ranks(content: bytes) -> dict[bytes, int]:
    """Read the lines.

    Raises:
        InputError: A line is something else, or a rank is there twice.

    >>> parse_ranks(b"aGk= 256")
    {b'hi': 256}
    """
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise InputError(
                f"line {number}: expected a token in base 64 and its rank, found {quote(line)}; "
                "is it a file of tiktoken's?"
            ) from error
    return ranks
