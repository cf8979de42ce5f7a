"""The decoder-only transformer, part by part.

* `Transformer` is the whole, of a `ModelConfig`; `AttentionContext` tells its forward pass about
  caches, padding and packed documents; `StaticKVCache` keeps keys and values.
* `Attention`, `MLP`, `SwiGLU`, `MixtureOfExperts`, `RMSNorm` and `LayerNorm` are its layers,
  `BLOCKS` their arrangements.
* `eager_attention`, `sdpa_attention`, `varlen_attention` and `flash_attention` compute the same.
* `count_parameters`, `count_flops`, `count_memory` and `count_activations` tell what a model costs.
"""

from scratchlm.model.accounting import (
    count_active_parameters,
    count_flops,
    count_memory,
    count_parameters,
)
from scratchlm.model.activation_checkpointing import apply_activation_checkpointing
from scratchlm.model.activations import count_activations
from scratchlm.model.attention import Attention
from scratchlm.model.block import BLOCKS
from scratchlm.model.cache import KVCache, StaticKVCache
from scratchlm.model.config import SIZES, ModelConfig
from scratchlm.model.context import AttentionContext
from scratchlm.model.core_attention import attention_weights, eager_attention
from scratchlm.model.experts import MixtureOfExperts, update_expert_bias
from scratchlm.model.feed_forward import MLP, SwiGLU
from scratchlm.model.flash_attention import flash_attention
from scratchlm.model.masks import causal_mask
from scratchlm.model.norm import LayerNorm, RMSNorm
from scratchlm.model.padding import left_pad
from scratchlm.model.rope import RopeScaling, apply_rope, rope_angles
from scratchlm.model.sdpa import sdpa_attention
from scratchlm.model.trace import attention_maps, gradient_norms, logit_lens, residual_streams
from scratchlm.model.transformer import Transformer
from scratchlm.model.varlen import varlen_attention

__all__ = [
    "BLOCKS",
    "MLP",
    "SIZES",
    "Attention",
    "AttentionContext",
    "KVCache",
    "LayerNorm",
    "MixtureOfExperts",
    "ModelConfig",
    "RMSNorm",
    "RopeScaling",
    "StaticKVCache",
    "SwiGLU",
    "Transformer",
    "apply_activation_checkpointing",
    "apply_rope",
    "attention_maps",
    "attention_weights",
    "causal_mask",
    "count_activations",
    "count_active_parameters",
    "count_flops",
    "count_memory",
    "count_parameters",
    "eager_attention",
    "flash_attention",
    "gradient_norms",
    "left_pad",
    "logit_lens",
    "residual_streams",
    "rope_angles",
    "sdpa_attention",
    "update_expert_bias",
    "varlen_attention",
]
