"""`tokenizer.json`, the file of Hugging Face's `tokenizers`: written and read.

Only byte-level tokenizers can be exchanged: those that write every byte as a visible character,
and so lose no text. What would make theirs give other ids than ours is refused.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.storage import write_atomically
from scratchlm.tokenizer.hugging_face_model import MODELS, export_model
from scratchlm.tokenizer.pretokens import GPT2_PATTERN
from scratchlm.tokenizer.tokenizer import Tokenizer

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}


def save_tokenizer_json(tokenizer: Tokenizer, path: Path) -> None:
    """Write a tokenizer so that `tokenizers.Tokenizer.from_file` gives the same ids.

    One difference cannot be written down: theirs turns the name of a special token in any text
    into the control token, as ours does only with ``allowed_special``.

    Raises:
        InputError: A unigram model's ids have gaps, which that format cannot express.
        OSError: The disk is full or the folder cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
    >>> save_tokenizer_json(Tokenizer([(104, 105)]), path)
    >>> load_tokenizer_json(path) == Tokenizer([(104, 105)])
    True
    """
    split = {"type": "Split", "pattern": {"Regex": tokenizer.pattern}, "behavior": "Isolated"}
    steps = [split | {"invert": False}, BYTE_LEVEL | {"use_regex": False}]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added_token(name, id) for name, id in tokenizer.specials.items()],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "post_processor": None,
        "decoder": BYTE_LEVEL | {"use_regex": False},
        "model": export_model(tokenizer),
    }
    write_atomically(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def added_token(name: str, id: int) -> dict[str, Any]:
    """A special token as that format writes it.

    >>> added_token("<|endoftext|>", 0)["special"]
    True
    """
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": id, "content": name, **flags, "special": True}


def load_tokenizer_json(path: Path) -> Tokenizer:
    """Read a `tokenizer.json` into a tokenizer that gives the same ids.

    All added tokens become special ones: text never turns into them unless it is allowed to.

    Raises:
        InputError: The file is missing, is no `tokenizer.json`, or has a part that ours lacks.
    """
    try:
        content = json.loads(path.read_bytes())
        return from_content(content)
    except OSError as error:
        raise InputError(f"{path}: expected a tokenizer.json, found {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a tokenizer.json, found {type(error).__name__} ({error}); "
            "was it written by Hugging Face's tokenizers?"
        ) from error


def from_content(content: Mapping[str, Any]) -> Tokenizer:
    """Build a tokenizer from the content of a `tokenizer.json`.

    Raises:
        InputError: A part of it does what ours does not.

    >>> from_content({"normalizer": {"type": "NFC"}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: normalizer: expected none, found {'type': 'NFC'}; such ...
    """
    if content["normalizer"] is not None:
        raise InputError(
            f"normalizer: expected none, found {content['normalizer']}; such a tokenizer changes "
            "the text, and what is lost does not come back"
        )
    specials = {}
    for added in content["added_tokens"]:
        if added["lstrip"] or added["rstrip"] or added["single_word"]:
            raise InputError(
                f"added token {added['content']!r}: expected one that takes no space with it, "
                "found lstrip, rstrip or single_word; set them to false"
            )
        specials[added["content"]] = added["id"]
    model = content["model"]
    if model["type"] not in MODELS:
        raise InputError(
            f"model: expected one of {', '.join(MODELS)}, found {model['type']}; it cannot be read"
        )
    algorithm, ids = MODELS[model["type"]](model, specials)
    return Tokenizer(
        algorithm,
        specials=list(specials),
        pattern=read_pattern(content["pre_tokenizer"]),
        ids=[*ids, *specials.values()],
    )


def read_pattern(step: Mapping[str, Any] | None) -> str:
    """The pre-tokenization pattern.

    Raises:
        InputError: Text is cut by something else than one pattern, or not written as bytes.

    >>> read_pattern(BYTE_LEVEL | {"use_regex": True}) == GPT2_PATTERN
    True
    """
    match step:
        case {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}:
            return GPT2_PATTERN
        case {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": str(pattern)},
                    "behavior": "Isolated",
                    "invert": False,
                },
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
            ],
        }:
            return pattern
    raise InputError(
        f"pre_tokenizer: expected ByteLevel without a prefix space, perhaps behind a Split by a "
        f"Regex, found {step}; only such tokenizers work on the bytes of a text"
    )
