"""The safetensors files of a model's folder: one, or several with an index."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors
from torch import Tensor

from scratchlm.errors import InputError, quote, shorten
from scratchlm.storage import read_json, write_atomically

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD_BYTES = 5_000_000_000
COPY = "copy it again"
OLD_FORMAT = "scratchlm model 1"  # what the first release said in the file itself


def write_tensors(folder: Path, tensors: Mapping[str, Tensor], shard_bytes: int) -> None:
    """Write all tensors of a model; what an earlier one left behind goes away.

    Args:
        folder: Where.
        tensors: By name.
        shard_bytes: Most bytes in a file; more tensors go into several, with an index.

    Raises:
        InputError: The disk is full or the folder cannot be written.
    """
    shards = split_shards(tensors, shard_bytes)
    if len(shards) == 1:
        files = {WEIGHTS: shards[0]}
    else:
        number = len(shards)
        files = {f"model-{at:05}-of-{number:05}.safetensors": s for at, s in enumerate(shards, 1)}
    for name, shard in files.items():
        write_atomically(folder / name, save_tensors(dict(shard), metadata={"format": "pt"}))
    if len(shards) > 1:
        total = sum(tensor.nbytes for tensor in tensors.values())
        places = {tensor: name for name, shard in files.items() for tensor in shard}
        write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": places})
        (folder / WEIGHTS).unlink(missing_ok=True)  # it would be read instead


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Write an object of JSON.

    Raises:
        InputError: The disk is full or the folder cannot be written.
    """
    write_atomically(path, (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode())


def split_shards(tensors: Mapping[str, Tensor], shard_bytes: int) -> list[dict[str, Tensor]]:
    """Share tensors out to files of at most so many bytes, in their order.

    >>> import torch
    >>> [list(part) for part in split_shards({"a": torch.ones(2), "b": torch.ones(1)}, 8)]
    [['a'], ['b']]
    """
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if shards[-1] and size + tensor.nbytes > shard_bytes:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    return shards


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
    places = read_json(folder / INDEX, COPY).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(one, str) for one in places.values()):
        raise InputError(
            f"{folder / INDEX}: expected a weight_map from tensors to files, found {quote(places)}"
        )
    names: Sequence[str] = sorted(set(places.values()))
    for name in names:
        try:
            found = Path(name).name == name and (folder / name).exists()
        except (OSError, ValueError):  # a name too long, or with a zero byte
            found = False
        if not found:
            raise InputError(
                f"{folder / INDEX}: expected {quote(name)} beside it, found nothing there"
            )
    return [folder / name for name in names]


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """Read all tensors of a folder.

    Raises:
        InputError: A file is missing or damaged.
    """
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        try:
            found |= load_file(path)
        except (SafetensorError, OSError) as error:
            raise InputError(
                f"{path}: expected a whole safetensors file, found a damaged one "
                f"({shorten(str(error))}); {COPY}"
            ) from error
    return found


def tensor_metadata(folder: Path) -> Mapping[str, str]:
    """What the file of weights says about itself; nothing where there is no such file."""
    try:
        with safe_open(folder / WEIGHTS, "pt") as weights:
            return weights.metadata() or {}
    except (OSError, SafetensorError):
        return {}
