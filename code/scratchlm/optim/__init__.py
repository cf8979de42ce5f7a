"""What turns gradients into better weights."""

from scratchlm.optim.adamw import AdamW
from scratchlm.optim.clip import clip_grad_norm
from scratchlm.optim.muon import Muon, orthogonalize
from scratchlm.optim.schedule import WSDSchedule

__all__ = ["AdamW", "Muon", "WSDSchedule", "clip_grad_norm", "orthogonalize"]
