"""How a model is trained, as data."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from scratchlm.errors import InputError
from scratchlm.training.precision import Precision


@dataclass(frozen=True)
class TrainConfig:
    """Everything but the model and the text that decides what training ends with.

    Attributes:
        steps: Times the weights change.
        grad_accum_steps: Batches whose gradients are added up before a change.
        optimizer: ``muon`` for the blocks' matrices (AdamW for the rest), or ``adamw`` for all.
        muon_lr: Muon's learning rate.
        lr: AdamW's learning rate.
        weight_decay: Share of a matrix lost per unit of learning rate.
        warmup_steps: Steps in which the learning rate rises.
        decay_start: Share of the run after which the learning rate falls to zero in a line.
        max_grad_norm: Largest norm of the gradient.
        activation_checkpointing: Blocks compute their activations again instead of keeping them.
        loss_chunk_size: Positions whose scores are held at once; 0 holds all of a batch.
        precision: Of the matrix products; all else, and the weights, stay in float32.

    >>> TrainConfig(steps=100).optimizer
    'muon'
    """

    steps: int
    grad_accum_steps: int = 1
    optimizer: Literal["muon", "adamw"] = "muon"
    muon_lr: float = 0.02
    lr: float = 0.003
    weight_decay: float = 0.0
    warmup_steps: int = 20
    decay_start: float = 0.4
    max_grad_norm: float = 1.0
    activation_checkpointing: bool = False
    loss_chunk_size: int = 0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "grad_accum_steps"):
            if getattr(self, name) < 1:
                found = getattr(self, name)
                raise InputError(f"training: expected {name} of at least 1, found {found}")
        for name in ("muon_lr", "lr", "max_grad_norm"):
            if not 0 < getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} above 0, found {found}")
        for name in ("weight_decay", "warmup_steps", "decay_start"):
            if not 0 <= getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} from 0 on, found {found}")
