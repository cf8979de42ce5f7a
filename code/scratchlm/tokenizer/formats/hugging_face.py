"""`tokenizer.json`, the file of Hugging Face's `tokenizers`, which is ours too.

Only byte-level tokenizers can be read: those that write every byte as a printable character, and
so lose no text. What would make theirs give other ids than ours is refused.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from scratchlm.errors import InputError, quote
from scratchlm.storage import fingerprint, read_json, write_atomically
from scratchlm.tokenizer.formats.algorithms import export_model, read_model
from scratchlm.tokenizer.pretokenize import GPT2_PATTERN, SMOLLM_PATTERN
from scratchlm.tokenizer.vocabulary import Algorithm

if TYPE_CHECKING:
    from scratchlm.tokenizer.tokenizer import Tokenizer

OLD_FORMAT = "scratchlm tokenizer"
REMEDY = "make one with `scratchlm tokenizer`, or copy it again"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
ADDED_FLAGS = ("single_word", "lstrip", "rstrip", "normalized")


class TokenizerFields(TypedDict):
    """The arguments of `Tokenizer`, as a file has them."""

    algorithm: Algorithm
    special_tokens: Sequence[str]
    added_tokens: Sequence[str]
    pattern: str
    normalizer: Literal["NFC"] | None
    ids: Sequence[int | None]
    bos_token_ids: Sequence[int]
    eos_token_ids: Sequence[int]


def write_tokenizer_json(tokenizer: "Tokenizer", path: Path) -> None:
    """Write a tokenizer so that `tokenizers.Tokenizer.from_file` gives the same ids.

    One difference cannot be written down: theirs turns the name of a special token in any text
    into that token, as ours does with ``allowed_special="all"`` alone (in theirs,
    ``encode_special_tokens`` decides). The model has one field more, a sha256 of the rest, which
    `tokenizers` ignores.

    Raises:
        InputError: A unigram model's ids have gaps, which that format cannot express; the disk is
            full, or the folder cannot be written.
    """
    split = {"type": "Split", "pattern": {"Regex": tokenizer.pattern}, "behavior": "Isolated"}
    steps = [split | {"invert": False}, BYTE_LEVEL | {"use_regex": False}]
    added = [
        *(added_token(name, id, True) for name, id in tokenizer.special_tokens.items()),
        *(added_token(name, id, False) for name, id in tokenizer.added_tokens.items()),
    ]
    model = export_model(tokenizer)
    content: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(added, key=lambda token: token["id"]),
        "normalizer": tokenizer.normalizer and {"type": tokenizer.normalizer},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "post_processor": write_post_processor(tokenizer),
        "decoder": BYTE_LEVEL | {"use_regex": False},
        "model": model,
    }
    model["sha256"] = content_hash(content)
    # One token and one merge a line: the file can be read, and compared with another one.
    write_atomically(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def content_hash(content: Mapping[str, Any]) -> str:
    """The sha256 of everything in a `tokenizer.json` but that field itself."""
    model = {name: value for name, value in content["model"].items() if name != "sha256"}
    return fingerprint({**content, "model": model})


def added_token(name: str, id: int, special: bool) -> dict[str, Any]:
    """An added token as that format writes it.

    >>> added_token("<|endoftext|>", 0, True)["special"]
    True
    """
    return {"id": id, "content": name, **dict.fromkeys(ADDED_FLAGS, False), "special": special}


def write_post_processor(tokenizer: "Tokenizer") -> dict[str, Any] | None:
    """The post-processor: which special tokens surround a text; none, if there are none."""
    bos, eos = tokenizer.bos_token_ids, tokenizer.eos_token_ids
    if not (bos or eos):
        return None
    names = {id: name for name, id in tokenizer.special_tokens.items()}

    def special(id: int, type_id: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": names[id], "type_id": type_id}}

    def surrounded(sequence: str, type_id: int) -> list[dict[str, Any]]:
        return [
            *(special(id, type_id) for id in bos),
            {"Sequence": {"id": sequence, "type_id": type_id}},
            *(special(id, type_id) for id in eos),
        ]

    return {
        "type": "TemplateProcessing",
        "single": surrounded("A", 0),
        "pair": [*surrounded("A", 0), *surrounded("B", 1)],
        "special_tokens": {
            names[id]: {"id": names[id], "ids": [id], "tokens": [names[id]]} for id in (*bos, *eos)
        },
    }


def read_tokenizer_json(path: Path) -> TokenizerFields:
    """Read a `tokenizer.json`, ours or a published one.

    Raises:
        InputError: The file is missing, is no `tokenizer.json`, has a part that ours lacks, was
            changed after we wrote it, or has the format of our first release.
    """
    content = read_json(path, REMEDY)
    try:
        refuse_old_format(path, content)
        return fields_of(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a tokenizer.json, found {type(error).__name__} "
            f"({quote(str(error))}); was it written by Hugging Face's tokenizers?"
        ) from error


def refuse_old_format(path: Path, content: Mapping[str, Any]) -> None:
    """Name the command that converts a file of our first release.

    Raises:
        InputError: It is such a file.
    """
    if content.get("format") == OLD_FORMAT:
        file = shlex.quote(str(path))
        raise InputError(
            "expected a tokenizer.json that Hugging Face's tokenizers read too, found a file of "
            f"our first version; convert it: scratchlm tokenizer --convert {file} --out {file}"
        )


def fields_of(content: Mapping[str, Any]) -> TokenizerFields:
    """The arguments of `Tokenizer` from the content of a `tokenizer.json`.

    Raises:
        InputError: A part of it does what ours does not.

    >>> fields_of({"normalizer": {"type": "Lowercase"}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: normalizer: expected NFC or none, found 'Lowercase'; it ...
    """
    normalizer = read_normalizer(content.get("normalizer"))
    special, added = dict[str, int](), dict[str, int]()
    for token in content.get("added_tokens") or ():
        if any(token.get(flag) for flag in ("lstrip", "rstrip", "single_word")):
            raise InputError(
                f"added token {quote(token['content'])}: expected one that takes no space with "
                "it, found lstrip, rstrip or single_word; set them to false"
            )
        (special if token["special"] else added)[token["content"]] = token["id"]
    algorithm, ids = read_model(content["model"], special | added)
    if "sha256" in content["model"] and content["model"]["sha256"] != content_hash(content):
        raise InputError(
            "expected the sha256 that stands in its model, found another: the file was changed or "
            "damaged; make it again, or take that field out if the change was meant"
        )
    bos, eos = read_post_processor(content.get("post_processor"))
    return {
        "algorithm": algorithm,
        "special_tokens": list(special),
        "added_tokens": list(added),
        "pattern": read_pattern(content.get("pre_tokenizer")),
        "normalizer": normalizer,
        "ids": [*ids, *special.values(), *added.values()],
        "bos_token_ids": bos,
        "eos_token_ids": eos,
    }


def read_normalizer(step: Mapping[str, Any] | None) -> Literal["NFC"] | None:
    """Whether text is brought to NFC first, which keeps every character.

    Raises:
        InputError: Text is changed in another way, and what is lost does not come back.

    >>> read_normalizer({"type": "Sequence", "normalizers": [{"type": "NFC"}]})
    'NFC'
    """
    steps = [step] if step is not None else []
    if steps and steps[0]["type"] == "Sequence":
        steps = steps[0]["normalizers"]
    for other in steps:
        if other["type"] != "NFC":
            raise InputError(
                f"normalizer: expected NFC or none, found {quote(other['type'])}; it changes the "
                "text, and what is lost does not come back"
            )
    return "NFC" if steps else None


def read_post_processor(step: Mapping[str, Any] | None) -> tuple[list[int], list[int]]:
    """Which special tokens surround a text: those before it, and those after it.

    Raises:
        InputError: It does something else than to add special tokens.

    >>> start = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    >>> single = [start, {"Sequence": {"id": "A", "type_id": 0}}]
    >>> read_post_processor({"type": "TemplateProcessing", "single": single,
    ...     "special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}})
    ([7], [])
    """
    match step:
        case None | {"type": "ByteLevel"}:  # which adds nothing, and concerns offsets alone
            return [], []
        case {"type": "Sequence", "processors": steps}:
            bos, eos = list[int](), list[int]()
            for inner in steps:
                before, after = read_post_processor(inner)
                bos, eos = [*before, *bos], [*eos, *after]
            return bos, eos
        case {"type": "RobertaProcessing" | "BertProcessing", "cls": [_, bos], "sep": [_, eos]}:
            return [bos], [eos]
        case {"type": "TemplateProcessing", "single": pieces, "special_tokens": special}:
            at = ["Sequence" in piece for piece in pieces].index(True)
            ids = [
                special[piece["SpecialToken"]["id"]]["ids"] if "SpecialToken" in piece else []
                for piece in pieces
            ]
            return [*chain(*ids[:at])], [*chain(*ids[at:])]
    raise InputError(
        f"post_processor: expected one that adds special tokens, found "
        f"{quote(step.get('type'))}; it cannot be read"
    )


def read_pattern(step: Mapping[str, Any] | None) -> str:
    """The pre-tokenization pattern.

    Raises:
        InputError: Text is split by something else than one pattern, or not written as bytes.

    >>> read_pattern(BYTE_LEVEL) == read_pattern(BYTE_LEVEL | {"use_regex": True}) == GPT2_PATTERN
    True
    """
    steps = [step]
    if step is not None and step["type"] == "Sequence":
        steps = step["pretokenizers"]
    match [steps[:-1], {"use_regex": True, **steps[-1]} if steps and steps[-1] else None]:
        case [[], {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}]:
            return GPT2_PATTERN
        case [
            [{"type": "Digits", "individual_digits": True}],
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        ]:
            return SMOLLM_PATTERN
        case [
            [
                {
                    "type": "Split",
                    "pattern": {"Regex": str(pattern)},
                    "behavior": "Isolated",
                    "invert": False,
                }
            ],
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
        ]:
            return pattern
    raise InputError(
        "pre_tokenizer: expected ByteLevel without a prefix space, perhaps after a Split by a "
        f"Regex, found {quote([(inner or {}).get('type') for inner in steps])}; only "
        "such tokenizers work on the bytes of a text"
    )
