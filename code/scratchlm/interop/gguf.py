"""Models in GGUF files, the form of llama.cpp."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from scratchlm.errors import InputError, quote
from scratchlm.interop.config_json import read_config
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.interop.gguf_tokenizer import gguf_chat_template, gguf_controls, gguf_tokenizer
from scratchlm.interop.loaded import Loaded
from scratchlm.interop.weight_map import parts_of
from scratchlm.interop.weights import assemble
from scratchlm.model import ModelConfig, Transformer
from scratchlm.model.rope import rope_angles

ARCHITECTURES = ("llama", "qwen2", "qwen3")
ROPE_FREQS = "rope_freqs.weight"  # what Llama 3.1 and later divide the rotary frequencies by
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


def gguf_model(file: GGUFFile) -> Transformer:
    """Build the model of a GGUF file; its numbers become float32.

    Args:
        file: Of the families Llama, Qwen 2 or Qwen 3.

    Raises:
        InputError: The family or a key is unknown, or a tensor is missing, superfluous, of another
            shape, or not a number.
    """
    config = gguf_config(file)
    wanted = {"rotary": ROPE_FREQS}

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
    fields |= shape_of_tensors(file, family) | rope_scaling_of_tensors(file)
    blocks = {name.split(".")[1] for name in file.tensors if name.startswith("blk.")}
    if fields.get("num_hidden_layers") != len(blocks):
        raise InputError(
            f"{file.path}: expected {quote(fields.get('num_hidden_layers'))} blocks, as "
            f"{start}block_count says, found tensors of {len(blocks)}"
        )
    config = read_config(fields, str(file.path))
    check_rope_freqs(file, config)
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


def rope_scaling_of_tensors(file: GGUFFile) -> dict[str, Any]:
    """How rotary positions are scaled, where a tensor says it instead of the metadata.

    The scaling of Llama 3.1, whose other numbers have been the same in all models since.
    """
    if ROPE_FREQS not in file:
        return {}
    scaling = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_type": "llama3"}
    scaling |= {"original_max_position_embeddings": 8192}
    return {"rope_scaling": {**scaling, "factor": float(file.read(ROPE_FREQS).max())}}


def check_rope_freqs(file: GGUFFile, config: ModelConfig) -> None:
    """Compare the tensor with what the scaling that was guessed from it does.

    Raises:
        InputError: They differ.
    """
    if ROPE_FREQS not in file:
        return
    plain, scaled = (
        rope_angles(torch.ones(1, dtype=torch.long), config.head_dim, config.rope_theta, scaling)[0]
        for scaling in (None, config.rope_scaling)
    )
    found = torch.from_numpy(file.read(ROPE_FREQS).copy()).double()
    if found.shape != plain.shape or not torch.allclose(plain / scaled, found, rtol=1e-4):
        raise InputError(
            f"{file.path}: expected {ROPE_FREQS} as Llama 3.1 scales its rotary positions, found "
            "other numbers, which the model here does not do"
        )


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
