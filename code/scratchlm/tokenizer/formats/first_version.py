"""The file of our first version, which only its conversion still reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError, quote
from scratchlm.storage import fingerprint, read_json
from scratchlm.tokenizer.formats.hugging_face import OLD_FORMAT
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.vocabulary import unicode_to_byte


def convert_tokenizer(path: str | Path) -> Tokenizer:
    """Read a tokenizer that our first version saved; `save` then writes it as it is kept now.

    Raises:
        InputError: The file is missing, is none of that version, or was changed.

    >>> import json, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
    >>> parts = {"merges": [[104, 105]], "pattern": ".", "specials": ["<|endoftext|>"]}
    >>> head = {"format": OLD_FORMAT, "version": 1, "sha256": fingerprint(parts)}
    >>> _ = path.write_text(json.dumps(head | parts))
    >>> convert_tokenizer(path).merges
    ((104, 105),)
    """
    path = Path(path)
    content = read_json(path, "name a tokenizer of our first version")
    head = [content.pop(name, None) for name in ("format", "version", "sha256")]
    if head != [OLD_FORMAT, 1, fingerprint(content)]:
        raise InputError(
            f"{path}: expected a tokenizer of our first version, with the sha256 of its parts, "
            "found another file or a damaged one; if it is of today, use --load"
        )
    try:
        return from_parts(content)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a tokenizer of our first version, found {quote(str(error))}"
        ) from error


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
