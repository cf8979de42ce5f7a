"""The state of a run as one file, from which the run goes on bit for bit."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from safetensors.torch import save as write_tensors
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.optim.sharding import full_tensor, shard_like
from scratchlm.storage import Envelope, pack_tensors, unpack_tensors, write_atomically
from scratchlm.training.ranks import get_rank, wait_for_ranks
from scratchlm.training.trainer import Trainer


@dataclass(frozen=True)
class CheckpointHeader:
    """What a checkpoint says beside its tensors.

    Attributes:
        step: Steps that were made.
        identity: What `identity` says of the run.
    """

    step: int
    identity: dict[str, dict[str, Any]]


CHECKPOINT = Envelope(
    "scratchlm checkpoint", 2, CheckpointHeader, "remove it to start again, or put back a copy"
)


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write weights, optimizer state and step; a failed write leaves the old checkpoint whole.

    Ranks that train together must all call it: sharded tensors are gathered, and rank 0 writes.

    Raises:
        InputError: The disk is full or the folder cannot be written.
    """
    tensors = {f"model.{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    for number, optimizer in enumerate(trainer.optimizers):
        for weight, state in optimizer.state_dict()["state"].items():
            for name, tensor in state.items():
                tensors[f"optimizer.{number}.{weight}.{name}"] = tensor
    tensors = {name: full_tensor(tensor) for name, tensor in tensors.items()}
    state = CheckpointHeader(trainer.step, identity(trainer))
    try:
        if get_rank() == 0:
            write_atomically(path, pack_tensors(CHECKPOINT, state, write_tensors(tensors)))
    finally:
        wait_for_ranks()  # none may look for the file before it is there


def load_checkpoint(path: Path, trainer: Trainer) -> None:
    """Bring a new trainer to the state of a saved one, whatever ranks and device it had.

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
    state = unpack_tensors(CHECKPOINT, path)
    for name, mine in identity(trainer).items():
        if (found := state.identity.get(name, {})) != mine:
            raise InputError(
                f"{path}: expected a checkpoint of this {name}, found another: "
                f"{_differences(mine, found)}; use the same settings or another folder"
            )
    _restore(trainer, load_file(path), state.step)


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
        name: shard_like(tensors[f"model.{name}"], current)
        for name, current in trainer.model.state_dict().items()
    }
    trainer.model.load_state_dict(weights)
    for number, optimizer in enumerate(trainer.optimizers):
        updated = [weight for group in optimizer.param_groups for weight in group["params"]]
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            kind, *place = name.split(".")
            if kind == "optimizer" and int(place[0]) == number:
                weight = updated[int(place[1])]
                part = shard_like(tensor, weight) if tensor.shape == weight.shape else tensor
                states.setdefault(int(place[1]), {})[place[2]] = part
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": states, "param_groups": groups})
    trainer.step = step


def _differences(mine: dict[str, object], found: dict[str, object]) -> str:
    names = [name for name in {**mine, **found} if mine.get(name) != found.get(name)]
    return ", ".join(f"{name} {found.get(name)} instead of {mine.get(name)}" for name in names)
