"""Every choice that a configuration offers: causal, cached, and equal to a plain reference."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_context import layer_context
from scratchlm.model import (
    AttentionContext,
    ModelConfig,
    StaticKVCache,
    Transformer,
    eager_attention,
    sdpa_attention,
)
from scratchlm.model.attention import Attention
from scratchlm.model.block import BLOCKS
from scratchlm.model.config import CHOICES
from scratchlm.model.feed_forward import ACTIVATIONS, feed_forward
from scratchlm.model.masks import attention_mask, causal_mask
from scratchlm.model.norm import LayerNorm, layer_norm, rms_norm
from scratchlm.model.positions import LinearBias, SinusoidalPositions

BASE = ModelConfig(vocab_size=31, max_seq_len=24, d_model=16, n_layers=3, n_heads=4)


def randomized(config: ModelConfig) -> Transformer:
    """A model without zeros and ones that would hide a forgotten gain, shift or projection."""
    return randomize(Transformer(config))


def randomize(model):
    """Draw all weights of a module."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = weight.ndim == 1 and not name.endswith(("bias", "sinks"))
            weight.normal_(1.0 if gain else 0.0, 0.3, generator=generator)
    return model.double()


def test_no_position_sees_what_comes_after_it(config):
    model = randomized(config)
    ids = torch.randint(31, (2, 20), generator=torch.Generator().manual_seed(2))
    changed = ids.clone()
    changed[:, 12] = (changed[:, 12] + 1) % 31
    before, after = model(ids), model(changed)
    torch.testing.assert_close(before[:, :12], after[:, :12], rtol=0, atol=1e-12)
    assert (before[:, 12] != after[:, 12]).any(dim=-1).all()


def test_the_cache_changes_nothing_however_the_row_is_cut(config):
    model = randomized(config)
    ids = torch.randint(31, (2, 19), generator=torch.Generator().manual_seed(0))
    for pieces in ([19], [1] * 19, [7, 1, 1, 6, 4]):
        cache = StaticKVCache(config, batch_size=2, dtype=torch.float64)
        logits = torch.cat(
            [model(part, context=AttentionContext(cache)) for part in ids.split(pieces, dim=1)],
            dim=1,
        )
        torch.testing.assert_close(logits, model(ids), rtol=1e-9, atol=1e-9)


def test_every_weight_matters(config):
    """A weight without a gradient is one that the forward pass forgot."""
    model = randomized(config)
    ids = torch.randint(31, (2, 24), generator=torch.Generator().manual_seed(0))
    targets = torch.randint(31, (2, 24), generator=torch.Generator().manual_seed(1))
    torch.nn.functional.cross_entropy(model(ids).flatten(0, 1), targets.flatten()).backward()
    for name, weight in model.named_parameters():
        if not name.endswith("k_proj.bias"):  # shifts all scores of a query alike, but for rotation
            assert weight.grad.abs().max() > 1e-9, name


def test_a_new_model_is_finite_and_knows_nothing_yet(config):
    ids = torch.randint(31, (4, 24), generator=torch.Generator().manual_seed(0))
    targets = torch.randint(31, (4, 24), generator=torch.Generator().manual_seed(1))
    logits = Transformer(config)(ids)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert 3.2 < loss.item() < 5.0  # log(31) is 3.43; a normed stream and a tied head guess boldly


def test_draws_depend_on_the_seed_alone(config):
    one, same, other = (dict(Transformer(config, seed).named_parameters()) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@given(
    st.integers(1, 5), st.integers(0, 9), st.integers(1, 12), st.booleans(), st.integers(0, 2**20)
)
@settings(max_examples=80, deadline=None)
def test_masked_and_biased_scores_equal_attention_written_out(new, before, window, bias, seed):
    generator = torch.Generator().manual_seed(seed)
    seen = new + before
    query = torch.randn(2, 4, new, 8, generator=generator, dtype=torch.float64)
    key, value = torch.randn(2, 2, 2, seen, 8, generator=generator, dtype=torch.float64)
    slopes = -torch.rand(4, new, seen, generator=generator, dtype=torch.float64) if bias else None
    mask = attention_mask(new, seen, window=window, bias=slopes)
    scores = query @ key.repeat_interleave(2, dim=1).transpose(-2, -1) / math.sqrt(8)
    for row in range(new):
        for column in range(seen):
            distance = before + row - column
            if not 0 <= distance < window:
                scores[:, :, row, column] = -math.inf
    scores = scores if slopes is None else scores + slopes
    expected = torch.softmax(scores, dim=-1) @ value.repeat_interleave(2, dim=1)
    torch.testing.assert_close(sdpa_attention(query, key, value, mask), expected)


def test_attention_written_out_has_the_right_gradient():
    query, key, value = torch.randn(3, 2, 4, 3, dtype=torch.float64).requires_grad_().unbind()
    assert torch.autograd.gradcheck(eager_attention, (query, key, value))


@pytest.mark.parametrize("bias", ["none", "qkv", "all"])
def test_attention_equals_that_of_torch(bias):
    """`nn.MultiheadAttention` has one bias switch, so ours without shifts is filled with zeros."""
    config = BASE.replace(bias=bias, qk_norm=False, positions="none")
    ours = Attention(config).double()
    theirs = torch.nn.MultiheadAttention(16, 4, batch_first=True, dtype=torch.float64)
    inner = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([one.weight for one in inner]))
        shifts = [one.bias if one.bias is not None else torch.zeros(16) for one in inner]
        theirs.in_proj_bias.copy_(torch.cat(shifts))
        theirs.out_proj.weight.copy_(ours.o_proj.weight)
        theirs.out_proj.bias.copy_(torch.zeros(16) if bias != "all" else ours.o_proj.bias)
    x = torch.randn(2, 9, 16, dtype=torch.float64)
    expected, _ = theirs(x, x, x, attn_mask=~causal_mask(9, 9), need_weights=False)
    torch.testing.assert_close(ours(x, layer_context(config, 9)), expected)


def test_a_wide_window_is_none():
    assert attention_mask(4, 4, window=4) is None
    assert attention_mask(1, 9, window=20) is None


def test_the_fused_layer_norm_equals_the_formula():
    norm, x = LayerNorm(16, 1e-5).double(), torch.randn(5, 7, 16, dtype=torch.float64)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    torch.testing.assert_close(norm(x), layer_norm(x, norm.weight, norm.bias, 1e-5))
    assert torch.autograd.gradcheck(layer_norm, (x[0, :2].requires_grad_(),))


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("relu", torch.nn.functional.relu),
        ("relu2", lambda x: torch.where(x > 0, x**2, 0)),
        ("gelu", lambda x: x / 2 * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3)))),
        ("gelu_exact", lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2),
    ],
)
def test_activations_equal_their_formulas(name, reference):
    x = torch.linspace(-5, 5, 101, dtype=torch.float64)
    torch.testing.assert_close(ACTIVATIONS[name](x), reference(x))


@pytest.mark.parametrize("kind", CHOICES["feed_forward"])
def test_the_gated_layer_is_as_large_as_the_plain_one(kind):
    """Three matrices of 8/3 widths, two of 4."""
    config = BASE.replace(d_model=48, feed_forward=kind)
    assert sum(weight.numel() for weight in feed_forward(config).parameters()) == 8 * 48**2


def test_sines_are_those_of_the_paper():
    config = BASE.replace(positions="sinusoidal")
    table = SinusoidalPositions(config).embed(torch.zeros(1, 18, 16), torch.arange(18))[0]
    for position in (0, 1, 17):
        for place in (0, 3):
            angle = position / 10_000 ** (2 * place / 16)
            assert table[position, 2 * place] == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * place + 1] == pytest.approx(math.cos(angle), abs=1e-6)


def test_linear_bias_of_eight_heads_has_the_slopes_of_the_paper():
    slopes = LinearBias(BASE.replace(n_heads=8)).slopes(torch.device("cpu"))
    torch.testing.assert_close(slopes, 2.0 ** -torch.arange(1.0, 9.0))


@pytest.mark.parametrize("placement", CHOICES["norm_placement"])
def test_blocks_are_their_formulas(placement):
    """Each placement, with the norms of a block and its sublayers called one by one."""
    config = BASE.replace(norm_placement=placement, qk_norm=False)
    block, x = randomize(BLOCKS[placement](config)), torch.randn(2, 3, 16, dtype=torch.float64)
    context = layer_context(config, 3)

    def norm(name, y):
        return rms_norm(y, getattr(block, name).weight)

    def attention(y):
        return block.self_attn(y, context)

    if placement in ("post", "deepnorm"):
        alpha = 6**0.25 if placement == "deepnorm" else 1.0
        y = norm("input_layernorm", alpha * x + attention(x))
        expected = norm("post_attention_layernorm", alpha * y + block.mlp(y))
    elif placement == "pre":
        y = x + attention(norm("input_layernorm", x))
        expected = y + block.mlp(norm("post_attention_layernorm", y))
    elif placement == "sandwich":
        y = x + norm("after_attention_layernorm", attention(norm("input_layernorm", x)))
        expected = y + norm("after_mlp_layernorm", block.mlp(norm("post_attention_layernorm", y)))
    else:
        y = x + norm("after_attention_layernorm", attention(x))
        expected = y + norm("after_mlp_layernorm", block.mlp(y))
    torch.testing.assert_close(block(x, context), expected)


def test_a_last_norm_stands_only_where_the_stream_is_not_normed():
    for placement in CHOICES["norm_placement"]:
        names = dict(Transformer(BASE.replace(norm_placement=placement)).named_parameters())
        assert ("norm.weight" in names) == (placement in ("pre", "sandwich", "reordered"))


@pytest.mark.parametrize(
    ("initialization", "name", "deviation"),
    [
        ("gpt2", "layers.0.self_attn.q_proj.weight", 0.02),
        ("gpt2", "layers.1.mlp.down_proj.weight", 0.02 / 12**0.5),
        ("gpt2", "embed_tokens.weight", 0.02),
        ("xavier", "layers.0.mlp.up_proj.weight", (2 / (5 * 128)) ** 0.5),
        ("xavier", "layers.0.self_attn.o_proj.weight", (1 / 128) ** 0.5),
        ("zero_residual", "layers.0.self_attn.q_proj.weight", 128**-0.5),
        ("zero_residual", "layers.0.mlp.down_proj.weight", 0.0),
    ],
)
def test_weights_have_the_deviation_of_their_rule(initialization, name, deviation):
    config = ModelConfig(600, 16, d_model=128, n_layers=6, n_heads=2, initialization=initialization)
    weight = dict(Transformer(config).named_parameters())[name]
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)


def test_deepnorm_shrinks_what_its_source_shrinks():
    plain, deep = (
        dict(
            Transformer(
                BASE.replace(norm_placement=placement, initialization="xavier")
            ).named_parameters()
        )
        for placement in ("post", "deepnorm")
    )
    beta = 24**-0.25
    for name, factor in (("v_proj", beta), ("o_proj", beta), ("q_proj", 1.0), ("k_proj", 1.0)):
        whole = f"layers.1.self_attn.{name}.weight"
        torch.testing.assert_close(deep[whole], factor * plain[whole])
    for name in ("up_proj", "down_proj"):
        whole = f"layers.1.mlp.{name}.weight"
        torch.testing.assert_close(deep[whole], beta * plain[whole])


def test_gpt2_has_its_124_million_weights():
    config = ModelConfig.gpt2()
    block = 12 * 768**2 + 13 * 768  # four matrices of attention, two of eight widths; shifts, norms
    expected = 12 * block + (50_257 + 1024 + 2) * 768
    assert expected == 124_439_808
    assert Transformer(config).parameter_count() == expected
