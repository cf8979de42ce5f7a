"""The state of a run as one file, from which the run goes on bit for bit."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.storage import sha256, write_atomically
from scratchlm.training.trainer import Trainer

FORMAT = "scratchlm checkpoint 1"


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write weights, optimizer state and step; a failed write leaves the old checkpoint whole.

    Raises:
        InputError: The disk is full or the folder cannot be written.
    """
    tensors = {f"model.{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    for number, optimizer in enumerate(trainer.optimizers):
        for weight, state in optimizer.state_dict()["state"].items():
            for name, tensor in state.items():
                tensors[f"optimizer.{number}.{weight}.{name}"] = tensor
    body = write_tensors(tensors)
    header = json.dumps(
        {"format": FORMAT, "step": trainer.step, **identity(trainer), "sha256": sha256(body)}
    )
    write_atomically(path, header.encode() + b"\n" + body)


def load_checkpoint(path: Path, trainer: Trainer) -> None:
    """Bring a new trainer to the state of a saved one.

    Raises:
        InputError: The file is damaged, or it belongs to another model or another run.

    >>> import tempfile, torch
    >>> from scratchlm.data import Shard, StreamBatches
    >>> from scratchlm.model import ModelConfig, Transformer
    >>> from scratchlm.training.config import TrainConfig
    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), seq_len=8, batch_size=2)
    >>> old, new = (Trainer(Transformer(config), batches, TrainConfig(5)) for _ in range(2))
    >>> path = Path(tempfile.mkdtemp()) / "checkpoint"
    >>> _ = old.train_step(); save_checkpoint(path, old); load_checkpoint(path, new); new.step
    1
    """
    line, _, body = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(line)
    except ValueError:
        header = {}
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InputError(f"{path}: expected a {FORMAT}, found another kind of file; remove it")
    if header["sha256"] != sha256(body):
        raise InputError(
            f"{path}: expected a checkpoint with sha256 {header['sha256']}, found a damaged one; "
            "remove it to start again, or put back a copy"
        )
    for name, mine in identity(trainer).items():
        if header[name] != mine:
            raise InputError(
                f"{path}: expected a checkpoint of this {name}, found another: "
                f"{_differences(mine, header[name])}; use the same settings or another folder"
            )
    try:
        tensors = parse_tensors(body)
    except SafetensorError as error:  # the hash was right: written by something else
        raise InputError(f"{path}: expected safetensors, found {error}; remove it") from error
    _restore(trainer, tensors, header["step"])


def identity(trainer: Trainer) -> dict[str, dict[str, object]]:
    """What a checkpoint and the run that resumes from it must have in common."""
    batches = trainer.batches
    text = {"kind": type(batches).__name__, "pieces": batches.pieces}
    fields = {
        "model": asdict(trainer.model.config),
        "training": asdict(trainer.config),
        "text": {**text, "batch_size": batches.batch_size, "seed": batches.seed},
    }
    same: dict[str, dict[str, object]] = json.loads(json.dumps(fields))  # as they come back
    return same


def _restore(trainer: Trainer, tensors: dict[str, Tensor], step: int) -> None:
    weights = {
        name.removeprefix("model."): tensor
        for name, tensor in tensors.items()
        if name.startswith("model.")
    }
    trainer.model.load_state_dict(weights)
    for number, optimizer in enumerate(trainer.optimizers):
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            kind, *place = name.split(".")
            if kind == "optimizer" and int(place[0]) == number:
                states.setdefault(int(place[1]), {})[place[2]] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": states, "param_groups": groups})
    trainer.step = step


def _differences(mine: dict[str, object], found: dict[str, object]) -> str:
    names = [name for name in {**mine, **found} if mine.get(name) != found.get(name)]
    return ", ".join(f"{name} {found.get(name)} instead of {mine.get(name)}" for name in names)
