"""Optimizers, gradient clipping and learning rate schedules."""

from scratchlm.optim.adamw import AdamW
from scratchlm.optim.clip import clip_grad_norm
from scratchlm.optim.muon import Muon, orthogonalize
from scratchlm.optim.schedule import CosineSchedule, WSDSchedule

__all__ = [
    "AdamW",
    "CosineSchedule",
    "Muon",
    "WSDSchedule",
    "clip_grad_norm",
    "orthogonalize",
]
