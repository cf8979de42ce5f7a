"""Models in GGUF files, the form of llama.cpp: configuration, weights, tokenizer, chat template."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from scratchlm.errors import InputError, quote
from scratchlm.interop.config_json import read_config
from scratchlm.interop.controls import Controls
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.interop.loaded import Loaded
from scratchlm.interop.weight_map import parts_of
from scratchlm.interop.weights import assemble
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate
from scratchlm.tokenizer.formats.hugging_face import BYTE_LEVEL, fields_of

ARCHITECTURES = ("llama", "qwen2", "qwen3")
PERMUTED = ("llama",)  # their query and key rows stand as interleaved rotary positions want them
# The keys that follow the architecture's name, and the fields of a config.json that hold the same.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "context_length": "max_position_embeddings",
        "embedding_length": "hidden_size",
        "block_count": "num_hidden_layers",
        "feed_forward_length": "intermediate_size",
        "attention.head_count": "num_attention_heads",
        "attention.head_count_kv": "num_key_value_heads",
        "attention.key_length": "head_dim",
        "attention.layer_norm_rms_epsilon": "rms_norm_eps",
        "rope.freq_base": "rope_theta",
    }
)
TENSORS: Mapping[str, str] = MappingProxyType(
    {
        "embed_tokens": "token_embd",
        "norm": "output_norm",
        "lm_head": "output",
        "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
)
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


def gguf_model(file: GGUFFile) -> Transformer:
    """Build the model of a GGUF file; its numbers become float32.

    Args:
        file: Of the families Llama, Qwen 2 or Qwen 3.

    Raises:
        InputError: The family or a key is unknown, or a tensor is missing, superfluous, of another
            shape, or not a number.
    """
    config = gguf_config(file)
    wanted = dict[str, str]()

    def read(ours: str) -> Tensor:
        name = wanted[ours] = tensor_name(ours)
        weight = torch.from_numpy(file.read(name).copy())
        kind = ours.split(".")[-2]
        if file.metadata["general.architecture"] in PERMUTED and kind in ("q_proj", "k_proj"):
            return half_from_interleaved(weight, config.head_dim)
        return weight

    model = assemble(config, read, str(file.path))
    if extra := sorted(set(file.tensors) - set(wanted.values())):
        raise InputError(f"{file.path}: expected no tensor {extra[0]}, found one")
    return model


def gguf_config(file: GGUFFile) -> ModelConfig:
    """Read the configuration out of the metadata.

    Raises:
        InputError: The family is unknown, or a key is missing, unknown, or does not fit.
    """
    family = file.value("general.architecture", str)
    if family not in ARCHITECTURES:
        raise InputError(
            f"{file.path}: expected one of {', '.join(ARCHITECTURES)} as general.architecture, "
            f"found {quote(family)}"
        )
    start = f"{family}."
    given = {
        key.removeprefix(start): v for key, v in file.metadata.items() if key.startswith(start)
    }
    given = {"attention.head_count_kv": given.get("attention.head_count")} | given
    fields = {theirs: given.pop(key) for key, theirs in FIELDS.items() if key in given}
    fields |= shape_of_tensors(file, family)
    blocks = {name.split(".")[1] for name in file.tensors if name.startswith("blk.")}
    if fields.get("num_hidden_layers") != len(blocks):
        raise InputError(
            f"{file.path}: expected {quote(fields.get('num_hidden_layers'))} blocks, as "
            f"{start}block_count says, found tensors of {len(blocks)}"
        )
    config = read_config(fields, str(file.path))
    # What says the same again, or says that nothing else is done.
    known = {"vocab_size": config.vocab_size, "rope.scaling.type": "none"}
    known |= dict.fromkeys(("rope.dimension_count", "attention.value_length"), config.head_dim)
    for key, value in given.items():
        if key not in known or known[key] != value:
            raise InputError(
                f"{file.path}: expected {start}{key} = {known.get(key)!r}, found {quote(value)}, "
                "which the model here does not do"
            )
    return config


def shape_of_tensors(file: GGUFFile, family: str) -> dict[str, Any]:
    """The fields of a ``config.json`` that only the table of tensors tells.

    Raises:
        InputError: There is no table of embeddings.
    """
    table = file.tensors.get(tensor_name("embed_tokens.weight"))
    if table is None:
        raise InputError(f"{file.path}: expected the tensor token_embd.weight, found none")
    fields = {
        "model_type": family,
        "vocab_size": table.shape[0],
        "tie_word_embeddings": "output.weight" not in file,
    }
    if family == "llama":
        fields["attention_bias"] = "blk.0.attn_q.bias" in file
        fields["mlp_bias"] = "blk.0.ffn_up.bias" in file
    return fields


def tensor_name(ours: str) -> str:
    """What GGUF calls one of our weights.

    >>> tensor_name("layers.3.mlp.up_proj.weight")
    'blk.3.ffn_up.weight'
    """
    layer, module, kind = parts_of(ours)
    block = "" if layer is None else f"blk.{layer}."
    return f"{block}{TENSORS[module]}.{kind}"


def half_from_interleaved(
    weight: Float[Tensor, "rows *columns"], head_dim: int
) -> Float[Tensor, "rows *columns"]:
    """Reorder the rows of each head for rotary positions that turn its two halves together.

    llama.cpp turns neighbors together, and keeps the rows of Llama's queries and keys so.

    >>> half_from_interleaved(torch.tensor([0, 2, 1, 3]), 4)
    tensor([0, 1, 2, 3])
    """
    pairs = weight.unflatten(0, (-1, head_dim // 2, 2))
    return pairs.transpose(1, 2).flatten(0, 2)  # type: ignore[no-any-return]


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
    return ChatTemplate(file.value(key, str), variables)


def load_gguf(path: str | Path) -> Loaded:
    """Load a model from a GGUF file, with its tokenizer and its chat template.

    Args:
        path: A file of the families Llama, Qwen 2 or Qwen 3, with a byte-level tokenizer.

    Raises:
        InputError: The file is missing or damaged, or what it asks for is not done here.
    """
    file = GGUFFile(Path(path))
    tokenizer, template = gguf_tokenizer(file), gguf_chat_template(file)
    controls = gguf_controls(file, tokenizer)
    return Loaded(gguf_model(file).eval(), tokenizer, {}, controls, template)
