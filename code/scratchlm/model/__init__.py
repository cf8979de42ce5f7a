"""The decoder-only transformer, layer by layer."""

from scratchlm.model.cache import KVCache
from scratchlm.model.config import SIZES, ModelConfig
from scratchlm.model.files import load_model, save_model
from scratchlm.model.flops import training_flops
from scratchlm.model.transformer import Transformer

__all__ = [
    "SIZES",
    "KVCache",
    "ModelConfig",
    "Transformer",
    "load_model",
    "save_model",
    "training_flops",
]
