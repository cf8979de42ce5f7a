"""A model as one safetensors file that says how to build it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as write_tensors

from scratchlm.errors import InputError
from scratchlm.model.config import ModelConfig
from scratchlm.model.transformer import Transformer
from scratchlm.storage import sha256, write_atomically

WEIGHTS = "model.safetensors"
FORMAT = "scratchlm model 1"


def save_model(
    folder: Path,
    model: Transformer,
    *,
    dtype: torch.dtype = torch.float32,
    notes: Mapping[str, object] | None = None,
) -> None:
    """Write ``model.safetensors``, with the configuration in its header.

    Args:
        folder: Where; made if it is missing.
        model: What to save.
        dtype: How to store the numbers; bfloat16 halves the file.
        notes: Anything that JSON can hold, kept in the header (recipe, loss, scores).

    >>> import tempfile
    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
    >>> folder = Path(tempfile.mkdtemp())
    >>> save_model(folder, Transformer(config), notes={"loss": 2.5})
    >>> load_model(folder)[1]
    {'loss': 2.5}
    """
    weights = {name: tensor.to(dtype).contiguous() for name, tensor in model.state_dict().items()}
    header = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "notes": json.dumps(dict(notes or {})),
        "sha256": _fingerprint(weights),
    }
    write_atomically(folder / WEIGHTS, write_tensors(weights, metadata=header))


def load_model(folder: Path) -> tuple[Transformer, dict[str, object]]:
    """Read a model and the notes that were saved with it; the weights come back as float32.

    Raises:
        InputError: There is no such file, it is damaged, or it is not one of ours.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise InputError(
            f"{folder}: expected a folder with {WEIGHTS}, found none; "
            "give the folder that `scratchlm pretrain --out` wrote"
        )
    content = path.read_bytes()
    try:
        weights = parse_tensors(content)
    except SafetensorError as error:
        raise InputError(
            f"{path}: expected a whole safetensors file, found a damaged one ({error}); "
            "copy it again or train again"
        ) from error
    header = _header(content)
    if header.get("format") != FORMAT:
        raise InputError(
            f"{path}: expected the format {FORMAT!r}, found {header.get('format')!r}; "
            "this file was not written by `scratchlm pretrain`"
        )
    if header["sha256"] != _fingerprint(weights):
        raise InputError(
            f"{path}: expected weights with sha256 {header['sha256']}, found others; "
            "the file has changed since it was saved: copy it again or train again"
        )
    model = Transformer(ModelConfig.read(json.loads(header["config"])))
    model.load_state_dict(weights)
    return model, json.loads(header["notes"])


def _header(content: bytes) -> dict[str, str]:
    """The metadata of a safetensors file: eight bytes of length, then JSON."""
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    return metadata


def _fingerprint(weights: Mapping[str, torch.Tensor]) -> str:
    return sha256(write_tensors(dict(weights)))
