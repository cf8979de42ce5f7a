"""The tokenizer of a GGUF file: tokens, merges, control tokens, chat template."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from scratchlm.errors import InputError, quote
from scratchlm.interop.controls import Controls
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.tokenizer import Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate
from scratchlm.tokenizer.formats.hugging_face import BYTE_LEVEL, fields_of

# What splits text into pre-tokens, by the name that llama.cpp gives it (llama-vocab.cpp), as a
# tokenizer.json would say it.
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
SIGNS_AND_SPACES = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BY_ITSELF = {**BYTE_LEVEL, "use_regex": True}


def split_by(numbers: str) -> dict[str, Any]:
    r"""The pre-tokenizer of Llama 3 and Qwen 2, which differ in how they split numbers.

    >>> split_by(r"\p{N}")["type"]
    'Sequence'
    """
    pattern = {"Regex": f"{WORDS}|{numbers}|{SIGNS_AND_SPACES}"}
    split = {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [split, {**BYTE_LEVEL, "use_regex": False}]}


DIGITS = {"type": "Digits", "individual_digits": True}
PRE_TOKENIZERS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "gpt-2": BY_ITSELF,
        "smollm": {"type": "Sequence", "pretokenizers": [DIGITS, BY_ITSELF]},
        "qwen2": split_by(r"\p{N}"),
        "deepseek-r1-qwen": split_by(r"\p{N}"),
        "llama-bpe": split_by(r"\p{N}{1,3}"),
    }
)
# Types of tokens; the others are control tokens of some kind.
NORMAL, USER_DEFINED, UNUSED = 1, 4, 5
# Tokens of these names end a text for llama.cpp, whatever else a file says.
ENDING = ("<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>")


def gguf_tokenizer(file: GGUFFile) -> Tokenizer:
    """Build the tokenizer of a GGUF file: a byte-level byte-pair encoding.

    Raises:
        InputError: It is of another kind, cuts text in a way that is unknown, or is damaged.
    """
    kind = file.value("tokenizer.ggml.model", str)
    pre = file.value("tokenizer.ggml.pre", str)
    if kind != "gpt2" or pre not in PRE_TOKENIZERS:
        raise InputError(
            f"{file.path}: expected gpt2 as tokenizer.ggml.model and one of "
            f"{', '.join(PRE_TOKENIZERS)} as tokenizer.ggml.pre, found {quote(kind)} and "
            f"{quote(pre)}"
        )
    tokens, merges = (file.value(f"tokenizer.ggml.{name}", list) for name in ("tokens", "merges"))
    types = file.value("tokenizer.ggml.token_type", list, [NORMAL] * len(tokens))
    if len(types) != len(tokens) or not all(isinstance(one, str) for one in (*tokens, *merges)):
        raise InputError(
            f"{file.path}: expected texts as tokens and merges, and {len(tokens)} types of tokens, "
            f"found {len(types)} types or other lists"
        )
    added = [
        {"content": token, "id": id, "special": types[id] != USER_DEFINED}
        for id, token in enumerate(tokens)
        if types[id] not in (NORMAL, UNUSED)
    ]
    vocab = {token: id for id, token in enumerate(tokens) if types[id] != UNUSED}
    prepends, bos = add_bos(file), file.metadata.get("tokenizer.ggml.bos_token_id")
    content = {
        "normalizer": {"type": "NFC"} if pre == "qwen2" else None,  # as Qwen's own tokenizer.json
        "added_tokens": added,
        "pre_tokenizer": PRE_TOKENIZERS[pre],
        # Llama 3's encoder looks whole pre-tokens up before it merges.
        "model": {
            "type": "BPE",
            "vocab": vocab,
            "merges": merges,
            "ignore_merges": pre == "llama-bpe",
        },
    }
    try:
        return Tokenizer(**fields_of(content)).with_bos(
            [bos] if prepends and bos is not None else []
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file.path}: expected a tokenizer, found: {quote(str(error))}"
        ) from error


def add_bos(file: GGUFFile) -> bool:
    """Whether a token stands before every text; Llama 3's files may leave it unsaid."""
    default = file.metadata.get("tokenizer.ggml.pre") == "llama-bpe"
    return bool(file.value("tokenizer.ggml.add_bos_token", bool, default))


def gguf_controls(file: GGUFFile, tokenizer: Tokenizer) -> Controls:
    """Read which tokens begin and end a text.

    Raises:
        InputError: One of them is no number.
    """
    start = "tokenizer.ggml."
    names = ("eos_token_id", "eot_token_id", "eom_token_id")
    ends = [file.value(start + name, int) for name in names if start + name in file.metadata]
    ends += [id for name, id in tokenizer.special_tokens.items() if name in ENDING]
    bos = file.metadata.get(start + "bos_token_id")
    first = tuple(ends[:1]) if bos is None else (file.value(start + "bos_token_id", int),)
    return Controls(tuple(tokenizer.bos_token_ids), first, frozenset(ends))


def gguf_chat_template(file: GGUFFile) -> ChatTemplate | None:
    """Read the chat template where there is one.

    Raises:
        InputError: It is no template.
    """
    key = "tokenizer.chat_template"
    if key not in file.metadata:
        return None
    tokens, variables = file.value("tokenizer.ggml.tokens", list), dict[str, str]()
    for name in ("bos_token", "eos_token"):
        id = file.metadata.get(f"tokenizer.ggml.{name}_id")
        if isinstance(id, int) and 0 <= id < len(tokens):
            variables[name] = str(tokens[id])
    return ChatTemplate(file.value(key, str), variables, str(file.path))
