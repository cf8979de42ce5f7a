"""Folders of weights as Hugging Face's library writes them, in and out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.interop.families import family_of, matching_family, read_config, write_config
from scratchlm.interop.names import give
from scratchlm.model import ModelConfig, Transformer

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
SHARD_BYTES = 5_000_000_000
# Constants that some files keep beside the weights.
CONSTANTS = ("rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias")


def load_directory(folder: Path) -> Transformer:
    """Load a model of a known family; its numbers become float32.

    Args:
        folder: Holds ``config.json`` and ``model.safetensors``, in one file or in several with
            an index.

    Raises:
        InputError: A file is missing or damaged, the family or a field is unknown, or a tensor
            is missing, superfluous, of another shape, or not a number.
    """
    fields = read_json(folder / CONFIG)
    config = read_config(fields, str(folder / CONFIG))
    place = family_of(fields, CONFIG).place
    with torch.device("meta"):
        model = Transformer(config)
    shapes = {name: weight.shape for name, weight in model.named_parameters()}
    places = {name: place(name) for name in shapes}
    theirs = read_tensors(folder, {one.name for one in places.values()}, config)
    weights = {}
    for name, shape in shapes.items():
        weight = places[name].take(theirs[places[name].name]).float().contiguous()
        if weight.shape != shape:
            raise InputError(
                f"{folder}: expected {places[name].name} to give {name} the shape {tuple(shape)}, "
                f"found {tuple(weight.shape)}"
            )
        if not weight.isfinite().all():
            raise InputError(f"{folder}: expected numbers in {places[name].name}, found nan or inf")
        weights[name] = weight
    whole = Transformer(config)
    whole.load_state_dict(weights)
    return whole


def save_directory(
    folder: Path,
    model: Transformer,
    *,
    dtype: torch.dtype = torch.float32,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write a model so that Hugging Face's library, and others, can load it.

    Args:
        folder: Made where it is missing.
        model: Of the form of a known family.
        dtype: Of the numbers on the disk.
        shard_bytes: Most bytes in a file; more weights go into several, with an index.

    Raises:
        InputError: No family has the model's form, or the folder cannot be written.
    """
    family = matching_family(model.config)
    fields = {**write_config(model.config), "torch_dtype": str(dtype).removeprefix("torch.")}
    weights = {name: weight.to(dtype) for name, weight in model.state_dict().items()}
    shards = split(give(weights, family.place), shard_bytes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
        if len(shards) == 1:
            save_file(shards[0], folder / WEIGHTS, metadata={"format": "pt"})
            return
        names = [f"model-{n:05}-of-{len(shards):05}.safetensors" for n in range(1, len(shards) + 1)]
        for name, shard in zip(names, shards, strict=True):
            save_file(shard, folder / name, metadata={"format": "pt"})
        total = sum(tensor.nbytes for shard in shards for tensor in shard.values())
        index = {
            "metadata": {"total_size": total},
            "weight_map": {
                tensor: name for name, shard in zip(names, shards, strict=True) for tensor in shard
            },
        }
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written, found: {error.strerror}"
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """Read an object of JSON.

    Raises:
        InputError: The file is missing, or holds something else.

    >>> read_json(Path("none/config.json"))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none/config.json: expected a file, found nothing there
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected a file, found nothing there") from None
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, found: {error}") from error
    if not isinstance(fields, dict):
        raise InputError(f"{path}: expected an object, found {type(fields).__name__}")
    return fields


def weight_files(folder: Path) -> list[Path]:
    """List the files that hold the weights.

    Raises:
        InputError: There are none, or an index names one that is missing or elsewhere.
    """
    if (folder / WEIGHTS).exists():
        return [folder / WEIGHTS]
    if not (folder / INDEX).exists():
        pickled = ", ".join(sorted(path.name for path in folder.glob("*.bin")))
        raise InputError(
            f"{folder}: expected {WEIGHTS} or {INDEX}, found {pickled or 'neither'}; only "
            "safetensors are read, since a pickle can run any code"
        )
    names = sorted(set(read_json(folder / INDEX)["weight_map"].values()))
    for name in names:
        if Path(name).name != name or not (folder / name).exists():
            raise InputError(f"{folder / INDEX}: expected {name} beside it, found nothing there")
    return [folder / name for name in names]


def read_tensors(folder: Path, wanted: set[str], config: ModelConfig) -> dict[str, Tensor]:
    """Read all tensors of a folder, and see that they are the ones that are wanted.

    Raises:
        InputError: A file is damaged, or a tensor is missing or superfluous.
    """
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        try:
            found |= load_file(path)
        except SafetensorError as error:
            raise InputError(
                f"{path}: expected a whole safetensors file, found a damaged one ({error}); "
                "copy it again"
            ) from error
    prefix = next(iter(sorted(wanted))).split(".")[0]
    if not any(name.startswith(f"{prefix}.") for name in found):  # GPT-2's first files
        found = {name if name in wanted else f"{prefix}.{name}": found[name] for name in found}
    found = {name: found[name] for name in found if not name.endswith(CONSTANTS)}
    if config.tie_embeddings:
        found.pop("lm_head.weight", None)  # a second copy of the embedding
    if missing := sorted(wanted - set(found)):
        raise InputError(f"{folder}: expected the tensor {missing[0]}, found none of that name")
    if extra := sorted(set(found) - wanted):
        raise InputError(
            f"{folder}: expected no tensor {extra[0]}, found one; is the family right?"
        )
    return found


def split(tensors: Mapping[str, Tensor], most: int) -> list[dict[str, Tensor]]:
    """Share tensors out to files of at most so many bytes, in their order.

    >>> [list(part) for part in split({"a": torch.ones(2), "b": torch.ones(1)}, 8)]
    [['a'], ['b']]
    """
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if shards[-1] and size + tensor.nbytes > most:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    return shards
