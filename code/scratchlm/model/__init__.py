"""The decoder-only transformer, layer by layer."""

from scratchlm.model.accounting import count_memory, count_operations, count_parameters
from scratchlm.model.cache import KVCache
from scratchlm.model.config import SIZES, ModelConfig
from scratchlm.model.files import load_model, save_model
from scratchlm.model.padding import left_pad
from scratchlm.model.recompute import recompute_blocks
from scratchlm.model.rope import RopeScaling
from scratchlm.model.trace import attention_maps, gradient_norms, logit_lens, residual_streams
from scratchlm.model.transformer import Transformer

__all__ = [
    "SIZES",
    "KVCache",
    "ModelConfig",
    "RopeScaling",
    "Transformer",
    "attention_maps",
    "count_memory",
    "count_operations",
    "count_parameters",
    "gradient_norms",
    "left_pad",
    "load_model",
    "logit_lens",
    "recompute_blocks",
    "residual_streams",
    "save_model",
]
