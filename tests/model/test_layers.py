"""Each layer equals its definition, and the fused paths equal the plain ones."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.model import (
    AttentionContext,
    ModelConfig,
    RopeScaling,
    StaticKVCache,
    Transformer,
    count_memory,
    eager_attention,
    left_pad,
    sdpa_attention,
)
from scratchlm.model.masks import attention_mask
from scratchlm.model.norm import RMSNorm, rms_norm
from scratchlm.model.rope import apply_rope, rope_angles

CONFIG = ModelConfig(vocab_size=31, max_seq_len=24, d_model=16, n_layers=3, n_heads=2)


def randomized(config: ModelConfig) -> Transformer:
    """A model without zeros and ones that would hide a forgotten gain or projection."""
    model = Transformer(config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.3, generator=generator)
    return model


@given(st.integers(1, 4), st.integers(0, 9), st.integers(0, 2**20))
@settings(max_examples=60, deadline=None)
def test_the_fused_kernel_equals_attention_written_out(new, before, seed):
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(2, 3, new, 8, generator=generator, dtype=torch.float64)
    key, value = torch.randn(2, 2, 3, new + before, 8, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        sdpa_attention(query, key, value, attention_mask(new, new + before)),
        eager_attention(query, key, value),
    )


def test_the_fused_norm_equals_the_formula():
    norm, x = RMSNorm(16).double(), torch.randn(5, 7, 16, dtype=torch.float64)
    torch.nn.init.normal_(norm.weight)
    torch.testing.assert_close(norm(x), rms_norm(x, norm.weight))


def test_rotation_is_multiplication_by_a_unit_complex_number():
    x = torch.randn(6, 8, dtype=torch.float64)
    angles = rope_angles(torch.arange(6), 8)
    turned = apply_rope(x, angles.cos(), angles.sin())
    complex_x = torch.complex(x[:, :4], x[:, 4:]) * torch.polar(torch.ones_like(angles), angles)
    torch.testing.assert_close(turned, torch.cat((complex_x.real, complex_x.imag), dim=-1))


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
@settings(max_examples=50, deadline=None)
def test_rotated_scores_depend_on_distance_alone(query_at, key_at, shift):
    query, key = torch.randn(2, 1, 8, dtype=torch.float64, generator=torch.Generator())

    def score(i: int, j: int) -> torch.Tensor:
        angles = rope_angles(torch.tensor([i, j]), 8)
        cos, sin = angles.cos(), angles.sin()
        return (apply_rope(query, cos[:1], sin[:1]) * apply_rope(key, cos[1:], sin[1:])).sum()

    torch.testing.assert_close(score(query_at, key_at), score(query_at + shift, key_at + shift))


@pytest.mark.parametrize("feed_forward", ["relu2", "swiglu"])
@pytest.mark.parametrize("tie", [True, False])
def test_no_position_sees_what_comes_after_it(feed_forward, tie):
    config = ModelConfig(31, 24, 18, 2, 3, feed_forward, tie)
    model = randomized(config)
    ids = torch.randint(31, (2, 20))
    changed = ids.clone()
    changed[:, 12] = (changed[:, 12] + 1) % 31
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :12], after[:, :12])
    assert (before[:, 12:] != after[:, 12:]).any(dim=-1).all()


@pytest.mark.parametrize(
    "scaling", [{"factor": 0.0}, {"factor": 2.0, "kind": "far"}, {"factor": 2.0, "kind": "yarn"}]
)
def test_impossible_stretches_are_refused(scaling):
    with pytest.raises(InputError, match="expected"):
        RopeScaling(**scaling)


@pytest.mark.parametrize("window", [1, 3, 24, 40])
def test_a_sliding_cache_keeps_a_window(window):
    config = CONFIG.replace(sliding_window=window, full_attention_layers=(1,))
    cache = StaticKVCache(config, batch_size=2)
    whole = StaticKVCache(config.replace(sliding_window=None), batch_size=2)
    assert 3 * cache.nbytes == whole.nbytes + 2 * whole.nbytes * min(window, 24) // 24
    assert count_memory(config).cache == StaticKVCache(config, batch_size=1).nbytes


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_the_cache_changes_nothing_however_the_row_is_cut(pieces):
    model = randomized(CONFIG)
    ids = torch.randint(31, (2, sum(pieces)), generator=torch.Generator().manual_seed(0))
    cache, logits = StaticKVCache(CONFIG, batch_size=2), []
    for part in ids.split(pieces, dim=1):
        logits.append(model(part, context=AttentionContext(cache)))
    assert cache.length == sum(pieces)
    torch.testing.assert_close(torch.cat(logits, dim=1), model(ids), rtol=1e-4, atol=1e-4)


def test_a_new_model_guesses_almost_evenly():
    generator = torch.Generator().manual_seed(0)
    ids, targets = torch.randint(512, (2, 16, 64), generator=generator)
    for tie in (True, False):
        model = Transformer(ModelConfig(512, 64, 32, 2, 2, "relu2", tie))
        loss = torch.nn.functional.cross_entropy(model(ids).flatten(0, 1), targets.flatten())
        assert loss.item() == pytest.approx(math.log(512), abs=0.02)


def test_rows_longer_than_the_context_are_refused():
    model = Transformer(CONFIG)
    with pytest.raises(InputError, match=r"at most 24 tokens, found 25"):
        model(torch.zeros(1, 25, dtype=torch.long))
    cache = StaticKVCache(CONFIG, batch_size=1)
    model(torch.zeros(1, 24, dtype=torch.long), context=AttentionContext(cache))
    with pytest.raises(InputError, match=r"at most 24 positions, found 25"):
        model(torch.zeros(1, 1, dtype=torch.long), context=AttentionContext(cache))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.tensor([[3, 31]]), r"token ids from 0 to 30, found 31; is the tokenizer"),
        (torch.tensor([[3, -1]]), r"token ids from 0 to 30, found -1"),
        (torch.zeros(0, 4, dtype=torch.long), r"one row of one token, found \(0, 4\)"),
        (torch.zeros(2, 0, dtype=torch.long), r"one row of one token, found \(2, 0\)"),
    ],
)
def test_ids_that_mean_nothing_are_refused(ids, message):
    with pytest.raises(InputError, match=message):
        Transformer(CONFIG)(ids)


@pytest.mark.parametrize("rows", [[], [[1, 2], []]])
def test_batches_without_tokens_are_refused(rows):
    with pytest.raises(InputError, match="expected rows of at least one token"):
        left_pad(rows)


@pytest.mark.parametrize(
    "change",
    [
        {"d_model": 15},
        {"n_layers": 0},
        {"n_heads": 3},
        {"feed_forward": "sine"},
        {"norm": "none"},
        {"positions": "far"},
        {"norm_placement": "before"},
        {"n_heads": 16},
        {"n_heads": 16, "positions": "learned", "d_model": 24},
        {"n_heads": 4, "n_kv_heads": 3},
        {"n_kv_heads": -1},
        {"sliding_window": 0},
        {"attn_logit_softcap": 0.0},
        {"full_attention_layers": (3,)},
        {"rope_layout": "mixed"},
        {"qk_norm_span": "half"},
    ],
)
def test_impossible_shapes_are_refused(change):
    with pytest.raises(InputError, match="expected"):
        CONFIG.replace(**change)
