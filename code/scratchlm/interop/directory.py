"""Folders of weights as Hugging Face's library writes them, in and out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.interop.config_json import read_config, write_config
from scratchlm.interop.families import Family, family_of, matching_family
from scratchlm.interop.names import give
from scratchlm.model import Transformer
from scratchlm.storage import write_atomically

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
HEAD, BIAS = "lm_head.weight", "expert_bias"
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
    config, family = read_config(fields, str(folder / CONFIG)), family_of(fields, CONFIG)
    with torch.device("meta"):  # names and shapes, without numbers that would be thrown away
        model = Transformer(config)
    places = {name: family.place(name) for name, _ in model.named_parameters()}
    theirs = read_tensors(folder, {place.name for place in places.values()}, family)
    weights = {}
    for name, place in places.items():
        weight = place.take(theirs[place.name]).float().contiguous()
        if weight.shape != (shape := model.get_parameter(name).shape):
            raise InputError(
                f"{folder}: expected {place.name} to give {name} the shape {tuple(shape)}, "
                f"found {tuple(weight.shape)}"
            )
        if not weight.isfinite().all():
            raise InputError(f"{folder}: expected numbers in {place.name}, found nan or inf")
        weights[name] = weight
    model.to_empty(device="cpu").reset_buffers()
    experts = {name: bias for name, bias in model.named_buffers() if name.endswith(BIAS)}
    model.load_state_dict(weights | experts, assign=True)  # other programs have no biases
    return model


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
    for name, bias in model.named_buffers():
        if name.endswith(BIAS) and bias.any():
            raise InputError(
                f"export: expected experts without biases, found some in {name}, which no other "
                "program computes; train the last steps without them"
            )
    weights = {name: weight.to(dtype) for name, weight in model.named_parameters()}
    shards = split(give(weights, family.place), shard_bytes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / CONFIG, fields)
        if len(shards) == 1:
            write_weights(folder / WEIGHTS, shards[0])
        else:
            save_shards(folder, shards)
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder that can be written, found: {error.strerror}"
        ) from error


def save_shards(folder: Path, shards: Sequence[Mapping[str, Tensor]]) -> None:
    """Write several files, and the index that tells which tensor is in which."""
    places: dict[str, str] = {}
    total = 0
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        write_weights(folder / name, shard)
        places |= dict.fromkeys(shard, name)
        total += sum(tensor.nbytes for tensor in shard.values())
    write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": places})


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a file of weights, whole or not at all.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    write_atomically(path, save_tensors(dict(tensors), metadata={"format": "pt"}))


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Write an object of JSON.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    write_atomically(path, (json.dumps(fields, indent=2) + "\n").encode())


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
    places = read_json(folder / INDEX).get("weight_map")
    if not isinstance(places, dict):
        raise InputError(
            f"{folder / INDEX}: expected a weight_map from tensors to files, found none"
        )
    names = sorted(set(places.values()))
    for name in names:
        if Path(name).name != name or not (folder / name).exists():
            raise InputError(f"{folder / INDEX}: expected {name} beside it, found nothing there")
    return [folder / name for name in names]


def read_tensors(folder: Path, wanted: set[str], family: Family) -> dict[str, Tensor]:
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
    found = {
        prefixed(name, wanted, family): tensor
        for name, tensor in found.items()
        if not name.endswith(CONSTANTS)
    }
    if missing := sorted(wanted - set(found)):
        raise InputError(f"{folder}: expected the tensor {missing[0]}, found none of that name")
    table = found[family.place("embed_tokens.weight").name]
    if HEAD not in wanted and HEAD in found and torch.equal(found[HEAD], table):
        del found[HEAD]  # some files keep a second copy of the table that scores the tokens, too
    if extra := sorted(set(found) - wanted):
        raise InputError(
            f"{folder}: expected no tensor {extra[0]}, found one; is the family right?"
        )
    return found


def prefixed(name: str, wanted: set[str], family: Family) -> str:
    """The full name of a tensor: GPT-2's first files left the beginning away.

    >>> from scratchlm.interop.families import FAMILIES
    >>> prefixed("ln_f.bias", {"transformer.ln_f.bias"}, FAMILIES["gpt2"])
    'transformer.ln_f.bias'
    """
    whole = f"{family.prefix}.{name}"
    return whole if whole in wanted else name


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
