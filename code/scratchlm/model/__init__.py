"""The decoder-only transformer, layer by layer."""

from scratchlm.model.accounting import count_memory, count_operations, count_parameters
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
    "count_memory",
    "count_operations",
    "count_parameters",
    "load_model",
    "save_model",
]
