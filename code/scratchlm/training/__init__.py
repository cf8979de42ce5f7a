"""Pre-training: the loop, its checkpoints, and how a run resumes."""

from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.config import TrainConfig
from scratchlm.training.run import run
from scratchlm.training.trainer import Report, Trainer, total_loss

__all__ = [
    "Report",
    "TrainConfig",
    "Trainer",
    "load_checkpoint",
    "run",
    "save_checkpoint",
    "total_loss",
]
