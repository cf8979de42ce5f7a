"""Models that the first release of this package saved, and their way into today's folder.

This is the only place that knows the names of then.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import save as save_tensors
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.interop.config_json import CONFIG
from scratchlm.interop.folder import save
from scratchlm.interop.tensor_files import COPY, OLD_FORMAT, WEIGHTS, read_tensors, tensor_metadata
from scratchlm.interop.weights import assemble
from scratchlm.model import ModelConfig
from scratchlm.storage import from_fields, parse_json, read_json, sha256
from scratchlm.tokenizer import TOKENIZER_FILE, Tokenizer, convert_tokenizer

FIELDS = {
    "context": "max_seq_len",
    "width": "d_model",
    "layers": "n_layers",
    "heads": "n_heads",
    "kv_heads": "n_kv_heads",
    "inner": "d_ff",
    "placement": "norm_placement",
    "rope_base": "rope_theta",
    "window": "sliding_window",
    "full_layers": "full_attention_layers",
    "softcap": "attn_logit_softcap",
    "sinks": "attention_sinks",
    "experts": "n_experts",
    "active_experts": "experts_per_token",
    # of a recipe, and of its training
    "rows": "batch_size",
    "accumulation": "grad_accum_steps",
    "matrix_rate": "muon_lr",
    "rate": "lr",
    "warmup": "warmup_steps",
    "hold": "decay_start",
    "clip": "max_grad_norm",
    "recompute": "activation_checkpointing",
    "loss_chunk": "loss_chunk_size",
}
VALUES = {"answer": "reordered", "zero": "zero_residual"}
WEIGHT_NAMES = {".handicap": ".expert_bias"}


def convert_folder(folder: str | Path) -> None:
    """Bring a model that an earlier release saved into today's form, in its folder.

    Raises:
        InputError: There is no such model, it is damaged, or the folder cannot be written.
    """
    folder = Path(folder)
    old = tensor_metadata(folder)
    if old.get("format") != OLD_FORMAT:
        today = "a folder of today" if (folder / CONFIG).exists() else "none"
        raise InputError(f"{folder}: expected {WEIGHTS} of an earlier release, found {today}")
    path, found = folder / WEIGHTS, read_tensors(folder)
    if old.get("sha256") != sha256(save_tensors(found)):
        raise InputError(f"{path}: expected the sha256 of then, found a changed file; {COPY}")
    config, notes = (
        rename(parse_json(old.get(name, "").encode(), path, COPY)) for name in ("config", "notes")
    )
    config = from_fields(ModelConfig, config, path, COPY)
    # What was subtracted from an expert's probability is added today.
    signs = {name: -1 if name.endswith(".handicap") else 1 for name in found}
    tensors = {new_name(name): signs[name] * tensor for name, tensor in found.items()}

    def read(name: str) -> Tensor:
        if name not in tensors:
            raise InputError(f"{path}: expected the tensor {name}, found none")
        return tensors[name]

    file = folder / TOKENIZER_FILE
    old_tokenizer = read_json(file, COPY).get("format") is not None
    tokenizer = convert_tokenizer(file) if old_tokenizer else Tokenizer.load(file)
    model = assemble(config, read, str(folder))
    save(folder, model, tokenizer, dtype=read("embed_tokens.weight").dtype, notes=notes)


def rename(value: Any) -> Any:  # noqa: ANN401
    """Today's names for those of then, at every depth.

    >>> rename({"model": {"width": 4, "placement": "answer", "inner": None}})
    {'model': {'d_model': 4, 'norm_placement': 'reordered'}}
    """
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if one is not None}
        return {FIELDS.get(name, name): rename(one) for name, one in kept.items()}
    return VALUES.get(value, value) if isinstance(value, str) else value


def new_name(name: str) -> str:
    """Today's name of a weight.

    >>> new_name("layers.0.mlp.handicap")
    'layers.0.mlp.expert_bias'
    """
    for old, new in WEIGHT_NAMES.items():
        name = name.replace(old, new)
    return name
