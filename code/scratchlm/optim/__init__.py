"""What turns gradients into better weights."""

from scratchlm.optim.adamw import AdamW
from scratchlm.optim.clip import clip_gradients
from scratchlm.optim.muon import Muon, orthogonalize
from scratchlm.optim.schedule import Schedule

__all__ = ["AdamW", "Muon", "Schedule", "clip_gradients", "orthogonalize"]
