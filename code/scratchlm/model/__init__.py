"""The decoder-only transformer, layer by layer."""

from scratchlm.model.accounting import (
    count_active_parameters,
    count_flops,
    count_memory,
    count_parameters,
)
from scratchlm.model.activation_checkpointing import apply_activation_checkpointing
from scratchlm.model.activations import count_activations
from scratchlm.model.cache import KVCache
from scratchlm.model.config import SIZES, ModelConfig
from scratchlm.model.cross_entropy import chunked_cross_entropy
from scratchlm.model.experts import MixtureOfExperts, balance
from scratchlm.model.padding import left_pad
from scratchlm.model.rope import RopeScaling
from scratchlm.model.trace import attention_maps, gradient_norms, logit_lens, residual_streams
from scratchlm.model.transformer import Transformer

__all__ = [
    "SIZES",
    "KVCache",
    "MixtureOfExperts",
    "ModelConfig",
    "RopeScaling",
    "Transformer",
    "apply_activation_checkpointing",
    "attention_maps",
    "balance",
    "chunked_cross_entropy",
    "count_activations",
    "count_active_parameters",
    "count_flops",
    "count_memory",
    "count_parameters",
    "gradient_norms",
    "left_pad",
    "logit_lens",
    "residual_streams",
]
