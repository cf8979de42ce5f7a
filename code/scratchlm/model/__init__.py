"""The decoder-only transformer, layer by layer."""

from scratchlm.model.cache import KVCache
from scratchlm.model.config import SIZES, ModelConfig, RopeScaling
from scratchlm.model.files import load_model, save_model
from scratchlm.model.transformer import Transformer

__all__ = [
    "SIZES",
    "KVCache",
    "ModelConfig",
    "RopeScaling",
    "Transformer",
    "load_model",
    "save_model",
]
