"""Configurations that try each choice once."""

from dataclasses import replace

import pytest
from scratchlm.model import ModelConfig
from scratchlm.model.config import CHOICES

BASE = ModelConfig(vocab_size=31, context=24, width=16, layers=3, heads=4)
VARIANTS = {
    **{
        f"{name}={choice}": replace(BASE, **{name: choice})
        for name, choices in CHOICES.items()
        for choice in choices
    },
    "grouped": replace(BASE, kv_heads=2),
    "one key head": replace(BASE, kv_heads=1, bias="qkv"),
    "wide heads": replace(BASE, head_dim=6),
    "inner": replace(BASE, inner=20, feed_forward="swiglu"),
    "window": replace(BASE, window=5),
    "windows by layer": replace(BASE, window=5, full_layers=(1,)),
    "window with alibi": replace(BASE, window=5, positions="alibi"),
    "plain queries": replace(BASE, qk_norm=False, embedding_norm=False),
    "queries normed together": replace(BASE, kv_heads=2, qk_norm_span="all"),
    "soft cap": replace(BASE, softcap=2.0, kv_heads=2),
    "sinks": replace(BASE, sinks=True),
    "sinks, cap and window": replace(BASE, sinks=True, softcap=2.0, window=5),
    "sinks with alibi": replace(BASE, sinks=True, positions="alibi"),
    "experts": replace(BASE, experts=5, active_experts=2),
    "gated experts": replace(BASE, experts=3, active_experts=2, feed_forward="swiglu", bias="all"),
    "gpt2": replace(ModelConfig.gpt2(vocab_size=31, context=24, width=64, layers=2), heads=4),
}


@pytest.fixture(params=VARIANTS, ids=str)
def config(request):
    return VARIANTS[request.param]
