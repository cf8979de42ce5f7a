"""The file of our first version, which only its conversion still reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.storage import sha256
from scratchlm.tokenizer.formats.hugging_face import OLD_FORMAT
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.vocabulary import unicode_to_byte


def convert_tokenizer(path: str | Path) -> Tokenizer:
    """Read a tokenizer that our first version saved; `save` then writes it as it is kept now.

    Raises:
        InputError: The file is missing, is none of that version, or was changed.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
    >>> parts = {"merges": [[104, 105]], "pattern": ".", "specials": ["<|endoftext|>"]}
    >>> head = {"format": OLD_FORMAT, "version": 1, "sha256": parts_hash(parts)}
    >>> _ = path.write_text(json.dumps(head | parts))
    >>> convert_tokenizer(path).merges
    ((104, 105),)
    """
    try:
        content = json.loads(Path(path).read_bytes())
        head = [content.pop(name, None) for name in ("format", "version", "sha256")]
        if head != [OLD_FORMAT, 1, parts_hash(content)]:
            raise InputError(
                f"{path}: expected a tokenizer of our first version, with the sha256 of its "
                "parts, found another file or a damaged one; if it is a tokenizer.json, --load it"
            )
        return from_parts(content)
    except OSError as error:
        raise InputError(
            f"{path}: expected a tokenizer of our first version, found {error.strerror}"
        ) from error
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a tokenizer of our first version, found {type(error).__name__} "
            f"({' '.join(str(error).split())[:80]})"
        ) from error


def parts_hash(parts: Mapping[str, Any]) -> str:
    """The sha256 that such a file has of its parts."""
    return sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())


def from_parts(parts: Mapping[str, Any]) -> Tokenizer:
    """Build the tokenizer."""
    tokens = [unicode_to_byte(token) for token in parts.get("tokens", ())]
    match parts.get("algorithm", "bpe"):
        case "bpe":
            algorithm = parts["merges"]
        case "longest match":
            algorithm = LongestMatch(tokens)
        case "unigram":
            algorithm = Unigram(zip(tokens, parts["scores"], strict=True))
        case other:
            raise InputError(f"algorithm: expected one of our first version, found {other!r}")
    return Tokenizer(
        algorithm,
        special_tokens=parts["specials"],
        pattern=parts["pattern"],
        ids=parts.get("ids"),
    )
