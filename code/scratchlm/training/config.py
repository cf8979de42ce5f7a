"""How a model is trained, as data."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from scratchlm.errors import InputError
from scratchlm.training.device import Dtype


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Everything but the model, the text and the number of steps that decides what training does.

    Each has the default with which the models of the book were trained.
    """

    grad_accum_steps: int = 1
    """Batches whose gradients are added up before a step (gradient accumulation)."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """Muon for the blocks' matrices (AdamW for the rest), or AdamW for all."""
    muon_lr: float = 0.02
    """Muon's learning rate."""
    lr: float = 0.003
    """AdamW's learning rate."""
    weight_decay: float = 0.0
    """Share of a matrix lost per unit of learning rate."""
    schedule: Literal["wsd", "cosine"] = "wsd"
    """Of the learning rates: warm-up, stable, decay; or a cosine down to a tenth."""
    warmup_steps: int = 20
    """Steps in which the learning rates rise."""
    decay_start: float = 0.4
    """Share of the run after which the wsd schedule falls to zero in a line."""
    max_grad_norm: float = 1.0
    """Largest norm of the gradient; a longer one is clipped."""
    activation_checkpointing: bool = False
    """Compute activations of the blocks again in the backward pass instead of keeping them."""
    loss_chunk_size: int = 0
    """Positions whose logits are held at once; 0 holds all of a batch."""

    def __post_init__(self) -> None:
        if self.grad_accum_steps < 1:
            raise InputError(
                f"training: expected grad_accum_steps of at least 1, found {self.grad_accum_steps}"
            )
        for name in ("muon_lr", "lr", "max_grad_norm"):
            if not 0 < getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} above 0, found {found}")
        for name in ("weight_decay", "warmup_steps", "decay_start", "loss_chunk_size"):
            if not 0 <= getattr(self, name) < inf:
                found = getattr(self, name)
                raise InputError(f"training: expected a {name} from 0 on, found {found}")


@dataclass(frozen=True)
class TrainConfig(TrainOptions):
    """Everything but the model and the text that decides what training ends with.

    Attributes:
        steps: Steps of the optimizer.
        dtype: Of the matrix products; all else, and the weights, stay in float32.

    All else are `TrainOptions`.

    >>> TrainConfig(steps=100).optimizer
    'muon'
    """

    steps: int
    dtype: Dtype = "float32"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1:
            raise InputError(f"training: expected steps of at least 1, found {self.steps}")
