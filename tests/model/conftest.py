"""Configurations that try each choice once."""

from dataclasses import replace

import pytest
from scratchlm.model import ModelConfig
from scratchlm.model.config import CHOICES

BASE = ModelConfig(vocab_size=31, max_seq_len=24, d_model=16, n_layers=3, n_heads=4)
VARIANTS = {
    **{
        f"{name}={choice}": replace(BASE, **{name: choice})
        for name, choices in CHOICES.items()
        for choice in choices
    },
    "grouped": BASE.replace(n_kv_heads=2),
    "one key head": BASE.replace(n_kv_heads=1, bias="qkv"),
    "wide heads": BASE.replace(head_dim=6),
    "inner": BASE.replace(d_ff=20, feed_forward="swiglu"),
    "window": BASE.replace(sliding_window=5),
    "windows by layer": BASE.replace(sliding_window=5, full_attention_layers=(1,)),
    "window with alibi": BASE.replace(sliding_window=5, positions="alibi"),
    "plain queries": BASE.replace(qk_norm=False, embedding_norm=False),
    "queries normed together": BASE.replace(n_kv_heads=2, qk_norm_span="all"),
    "soft cap": BASE.replace(attn_logit_softcap=2.0, n_kv_heads=2),
    "sinks": BASE.replace(attention_sinks=True),
    "sinks, cap and window": BASE.replace(
        attention_sinks=True, attn_logit_softcap=2.0, sliding_window=5
    ),
    "sinks with alibi": BASE.replace(attention_sinks=True, positions="alibi"),
    "experts": BASE.replace(n_experts=5, experts_per_token=2),
    "gated experts": BASE.replace(
        n_experts=3, experts_per_token=2, feed_forward="swiglu", bias="all"
    ),
    "gpt2": ModelConfig.gpt2(vocab_size=31, max_seq_len=24, d_model=64, n_layers=2).replace(
        n_heads=4
    ),
}


@pytest.fixture(params=VARIANTS, ids=str)
def config(request):
    return VARIANTS[request.param]
