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
        accumulation: Batches whose gradients are added up before a change.
        optimizer: ``muon`` for the blocks' matrices (AdamW for the rest), or ``adamw`` for all.
        matrix_rate: Muon's learning rate.
        rate: AdamW's learning rate.
        weight_decay: Share of a matrix lost per unit of learning rate.
        warmup: Steps in which the rate rises.
        hold: Share of the run after which the rate falls to zero in a line.
        clip: Largest length of the gradient.
        recompute: Blocks compute their activations a second time instead of keeping them.
        loss_chunk: Positions whose scores are held at once; 0 holds all of a batch.
        precision: Of the matrix products; all else, and the weights, stay in float32.

    >>> TrainConfig(steps=100).optimizer
    'muon'
    """

    steps: int
    accumulation: int = 1
    optimizer: Literal["muon", "adamw"] = "muon"
    matrix_rate: float = 0.02
    rate: float = 0.003
    weight_decay: float = 0.0
    warmup: int = 20
    hold: float = 0.4
    clip: float = 1.0
    recompute: bool = False
    loss_chunk: int = 0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "accumulation"):
            if getattr(self, name) < 1:
                found = getattr(self, name)
                raise InputError(f"training: expected {name} of at least 1, found {found}")
        for name in ("matrix_rate", "rate", "clip"):
            if not 0 < getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} above 0, found {found}")
        for name in ("weight_decay", "warmup", "hold"):
            if not 0 <= getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} from 0 on, found {found}")
