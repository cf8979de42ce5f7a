"""Pre-training: the loop, its checkpoints, and how a run resumes."""

from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.config import TrainConfig
from scratchlm.training.loop import train
from scratchlm.training.trainer import StepMetrics, Trainer, total_loss

__all__ = [
    "StepMetrics",
    "TrainConfig",
    "Trainer",
    "load_checkpoint",
    "save_checkpoint",
    "total_loss",
    "train",
]
