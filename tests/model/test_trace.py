"""Looking into a model: what the hooks see is what the model computed."""

import pytest
import torch
from scratchlm.model import (
    AttentionContext,
    ModelConfig,
    StaticKVCache,
    Transformer,
    attention_maps,
    gradient_norms,
    logit_lens,
    residual_streams,
)

BASE = ModelConfig(
    vocab_size=31, max_seq_len=24, d_model=16, n_layers=3, n_heads=4, initialization="xavier"
)
IDS = torch.randint(31, (2, 12), generator=torch.Generator().manual_seed(0))


def hooks(model):
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules())


def test_the_maps_are_the_weights_that_mixed_the_values():
    """With values of one, a head's answer is the sum of its weights; with a one-hot, each."""
    model = Transformer(BASE)
    with attention_maps(model) as maps:
        model(IDS)
    assert [one.shape for one in maps] == [(2, 4, 12, 12)] * 3
    for one in maps:
        torch.testing.assert_close(one.sum(dim=-1), torch.ones(2, 4, 12))
        assert torch.equal(one, one.tril())
    attention, seen = model.layers[0].self_attn, {}
    hook = attention.core_attention.register_forward_hook(
        lambda _, inputs, out: seen.update(value=inputs[2], out=out)
    )
    model(IDS)
    hook.remove()
    torch.testing.assert_close(maps[0] @ seen["value"], seen["out"])


@pytest.mark.parametrize(
    "changes", [{"attention_sinks": True}, {"attn_logit_softcap": 2.0}, {"sliding_window": 3}]
)
def test_the_maps_know_sinks_caps_and_windows(changes):
    model = Transformer(BASE.replace(**changes))
    with attention_maps(model) as maps:
        model(IDS)
    total = maps[0].sum(dim=-1)
    assert (total < 1).all() if "attention_sinks" in changes else (total - 1).abs().max() < 1e-5
    if "sliding_window" in changes:
        assert not maps[0].tril(diagonal=-3).any()


def test_the_maps_of_a_cached_pass_have_a_row_for_each_new_position():
    model, cache = Transformer(BASE), StaticKVCache(BASE, batch_size=2)
    with attention_maps(model) as whole:
        model(IDS)
    model(IDS[:, :9], context=AttentionContext(cache))
    with attention_maps(model) as maps:
        model(IDS[:, 9:], context=AttentionContext(cache))
    for part, one in zip(maps, whole, strict=True):
        torch.testing.assert_close(part, one[:, :, 9:])


def test_streams_have_their_gradients():
    """That of the first stream is the gradient of the embedding, summed by token."""
    model = Transformer(BASE.replace(tie_embeddings=False, embedding_norm=False))
    with residual_streams(model) as streams:
        model(IDS).square().mean().backward()
    assert len(streams) == 4
    assert torch.equal(streams[0], model.embed_tokens(IDS))
    summed = torch.zeros(31, 16).index_add(0, IDS.flatten(), streams[0].grad.flatten(0, 1))
    torch.testing.assert_close(model.embed_tokens.weight.grad, summed)
    norms = gradient_norms(model)
    for norm, block in zip(norms, model.layers, strict=True):
        whole = torch.cat([weight.grad.flatten() for weight in block.parameters()])
        assert norm == pytest.approx(whole.norm().item(), rel=1e-5)


@pytest.mark.parametrize("placement", ["pre", "post", "reordered"])
def test_the_lens_ends_with_the_models_own_guess(placement):
    model = Transformer(BASE.replace(norm_placement=placement))
    lens = logit_lens(model, IDS)
    assert lens.shape == (4, 2, 12, 31)
    torch.testing.assert_close(lens[-1], model(IDS))


def test_hooks_are_gone_even_after_an_error():
    model = Transformer(BASE)
    before = hooks(model)
    for look in (attention_maps, residual_streams):
        with pytest.raises(ZeroDivisionError), look(model):
            raise ZeroDivisionError
    assert hooks(model) == before
