"""Pre-training: the loop, its losses, devices and ranks, checkpoints, and how a run resumes."""

from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.config import TrainConfig, TrainOptions
from scratchlm.training.cross_entropy import chunked_cross_entropy
from scratchlm.training.device import choose_device, native_dtype
from scratchlm.training.loop import train
from scratchlm.training.loss import LossFunction, next_token_loss, total_loss
from scratchlm.training.trainer import StepMetrics, Trainer

__all__ = [
    "LossFunction",
    "StepMetrics",
    "TrainConfig",
    "TrainOptions",
    "Trainer",
    "choose_device",
    "chunked_cross_entropy",
    "load_checkpoint",
    "native_dtype",
    "next_token_loss",
    "save_checkpoint",
    "total_loss",
    "train",
]
