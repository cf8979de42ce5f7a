"""Ranks, the files of `tiktoken`: a line for each token, its bytes in base 64 and its id."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from scratchlm.errors import InputError
from scratchlm.storage import write_atomically
from scratchlm.tokenizer.algorithm import BYTE_TOKENS, check_tokens
from scratchlm.tokenizer.byte_pairs import BytePairs
from scratchlm.tokenizer.encoder import encode_word
from scratchlm.tokenizer.pretokens import GPT4_PATTERN
from scratchlm.tokenizer.specials import END_OF_TEXT
from scratchlm.tokenizer.ties import Pair
from scratchlm.tokenizer.tokenizer import Tokenizer


def save_ranks(tokenizer: Tokenizer, path: Path) -> None:
    """Write a byte-pair encoding as ranks; the pattern and the special tokens are not in the file.

    Raises:
        InputError: The algorithm is another one, or the ids are not in the order of the merges.
        OSError: The disk is full or the folder cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "small.tiktoken"
    >>> save_ranks(Tokenizer([(104, 105)]), path); path.read_text().splitlines()[-1]
    'aGk= 256'
    """
    ids = tokenizer.ids[: len(BYTE_TOKENS) + len(tokenizer.merges)]
    if any(one > next for one, next in pairwise(ids[len(BYTE_TOKENS) :])):
        raise InputError(
            "ranks: expected ids in the order of the merges, found another; "
            "write a tokenizer.json, which has both"
        )
    lines = (
        f"{base64.b64encode(token).decode()} {id}\n"
        for id, token in sorted(zip(ids, tokenizer.algorithm.tokens, strict=True))
    )
    write_atomically(path, "".join(lines).encode())


def load_ranks(
    path: Path, *, pattern: str = GPT4_PATTERN, specials: Sequence[str] = (END_OF_TEXT,)
) -> Tokenizer:
    """Read ranks.

    Args:
        path: The file.
        pattern: The pre-tokenization pattern that belongs to it.
        specials: Names of control tokens; they get the ids behind the largest rank.

    Raises:
        InputError: The file is missing or damaged, or its tokens do not come from merges.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "small.tiktoken"
    >>> save_ranks(Tokenizer([(104, 105)]), path)
    >>> load_ranks(path).merges
    ((104, 105),)
    """
    ranks = read_ranks(path)
    try:
        check_tokens(ranks)
        merges = merges_of(ranks)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    ids = sorted(ranks.values())
    order = [ranks[token] for token in BytePairs(merges).tokens]
    control = range(ids[-1] + 1, ids[-1] + 1 + len(specials))
    return Tokenizer(merges, specials=specials, pattern=pattern, ids=[*order, *control])


def read_ranks(path: Path) -> dict[bytes, int]:
    """Read the lines.

    Raises:
        InputError: The file cannot be read, or a line is something else.
    """
    ranks: dict[bytes, int] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: expected a file of ranks, found {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise InputError(
                f"{path}, line {number}: expected a token in base 64 and its rank, found "
                f"{line[:40]!r}; is it a file of tiktoken's?"
            ) from error
    return ranks


def merges_of(ranks: Mapping[bytes, int]) -> list[Pair]:
    """Find the merges: each token is joined from the two that the earlier merges leave of it.

    Args:
        ranks: Tokens, the 256 bytes among them, and their order.

    Raises:
        InputError: A token cannot be made from two earlier ones.

    >>> merges_of(dict(zip([*BYTE_TOKENS, b"ug", b"hug"], range(258))))
    [(117, 103), (104, 256)]
    """
    known: dict[Pair, int] = {}
    for token in sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__):
        parts = encode_word(token, known)
        if len(parts) != 2:
            raise InputError(
                f"token {token!r}: expected it to be two earlier tokens, found {len(parts)}; "
                "only byte-pair encodings have ranks"
            )
        known[parts[0], parts[1]] = len(BYTE_TOKENS) + len(known)
    return list(known)
