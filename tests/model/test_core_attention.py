"""Caps, sinks and masks: equal to other libraries' attention, and to definitions."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.model import ModelConfig, attention_weights, eager_attention
from scratchlm.model.context import LayerContext
from scratchlm.model.core_attention import CoreAttention
from scratchlm.model.masks import attention_mask, causal_mask, padding_mask
from scratchlm.model.rope import apply_rope, apply_rope_interleaved, rope_angles
from transformers.models.cohere import modeling_cohere
from transformers.models.gemma2 import modeling_gemma2
from transformers.models.gpt_oss import modeling_gpt_oss

CONFIG = ModelConfig(vocab_size=9, max_seq_len=32, d_model=32, n_layers=1, n_heads=4, n_kv_heads=2)


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parts(new=7, seen=11, seed=0):
    return drawn(2, 4, new, 8, seed=seed), *drawn(2, 2, 2, seen, 8, seed=seed + 1)


def additive(new, seen):
    return torch.zeros(new, seen, dtype=torch.float64).masked_fill(
        ~causal_mask(new, seen), -math.inf
    )


@pytest.mark.parametrize("window", [None, 4])
def test_capped_scores_are_those_of_gemma_2(window):
    query, key, value = parts()
    mask = attention_mask(7, 11, window=window)
    added = torch.zeros(7, 11, dtype=torch.float64).masked_fill(~mask, -math.inf)
    theirs, weights = modeling_gemma2.eager_attention_forward(
        SimpleNamespace(num_key_value_groups=2, head_dim=8, training=False),
        query, key, value, added[None, None], softcap=1.5,
    )  # fmt: skip
    ours, context = CoreAttention(CONFIG.replace(attn_logit_softcap=1.5)), LayerContext(mask=mask)
    torch.testing.assert_close(ours.weights(query, key, context), weights)
    torch.testing.assert_close(ours(query, key, value, context), theirs.transpose(1, 2))


def test_sinks_are_those_of_gpt_oss():
    query, key, value = parts()
    ours = CoreAttention(CONFIG.replace(attention_sinks=True)).double()
    with torch.no_grad():
        ours.sinks.copy_(drawn(4, seed=9))
    theirs, weights = modeling_gpt_oss.eager_attention_forward(
        SimpleNamespace(num_key_value_groups=2, sinks=ours.sinks, training=False),
        query, key, value, additive(7, 11)[None, None], scaling=8**-0.5,
    )  # fmt: skip
    context = LayerContext(mask=attention_mask(7, 11))
    torch.testing.assert_close(ours.weights(query, key, context), weights)
    torch.testing.assert_close(ours(query, key, value, context), theirs.transpose(1, 2))


def test_a_wide_cap_and_a_low_sink_change_nothing():
    query, key, value = parts(seen=7)
    weights = attention_weights(query, key, softcap=1e6, sinks=torch.full((4,), -1e9))
    torch.testing.assert_close(weights, attention_weights(query, key))
    core = CoreAttention(CONFIG)
    torch.testing.assert_close(
        core(query, key, value, LayerContext()), weights @ value.repeat_interleave(2, dim=1)
    )


def test_capped_attention_with_sinks_has_the_right_gradient():
    query, key = drawn(1, 2, 3, 4).requires_grad_(), drawn(1, 1, 3, 4, seed=1).requires_grad_()
    sinks = drawn(2, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda query, key, sinks: attention_weights(query, key, softcap=2.0, sinks=sinks),
        (query, key, sinks),
    )


def test_attend_is_its_weights_times_the_values():
    query, key, value = drawn(3, 2, 4, 5, 8).unbind()
    torch.testing.assert_close(
        eager_attention(query, key, value), attention_weights(query, key) @ value
    )


@given(st.integers(1, 6), st.integers(0, 6), st.lists(st.integers(0, 11), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_padding_looks_at_itself_and_is_looked_at_by_nothing(new, before, empty):
    seen = new + before
    mask = padding_mask(torch.tensor(empty), new, seen)
    for row, fillers in enumerate(empty):
        for position in range(new):
            for column in range(seen):
                at = before + position
                allowed = fillers <= column <= at or column == at
                assert mask[row, position, column] == allowed


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 9), st.integers(0, 2**20))
@settings(max_examples=60, deadline=None)
def test_a_mask_of_its_own_and_a_window_are_both_kept(new, before, window, seed):
    seen = new + before
    generator = torch.Generator().manual_seed(seed)
    own = torch.rand(2, new, seen, generator=generator) < 0.6
    expected = own[:, None] & causal_mask(new, seen, window)
    assert torch.equal(attention_mask(new, seen, window=window, given=own), expected)


def test_neighbors_turn_as_in_cohere():
    x, angles = drawn(2, 3, 6, 8), rope_angles(torch.arange(6), 8)
    twice = angles.repeat_interleave(2, dim=-1)[None]
    expected, _ = modeling_cohere.apply_rotary_pos_emb(x, x, twice.cos(), twice.sin())
    turned = apply_rope_interleaved(x, angles.cos(), angles.sin())
    torch.testing.assert_close(turned, expected.double(), rtol=1e-5, atol=1e-5)  # theirs: float32


def test_both_layouts_are_one_in_another_order():
    x, angles = drawn(2, 6, 8), rope_angles(torch.arange(6), 8)
    order = torch.arange(8).reshape(4, 2).T.flatten()  # 0 2 4 6 1 3 5 7
    turned = apply_rope_interleaved(x, angles.cos(), angles.sin())[..., order]
    torch.testing.assert_close(turned, apply_rope(x[..., order], angles.cos(), angles.sin()))
