"""Sampling is tested by the distribution of what is drawn."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.inference import SamplingParams, generate, sample, sampling_probs
from scratchlm.model import ModelConfig, Transformer

scores = st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=12)


@given(scores, st.floats(0.2, 3), st.integers(0, 12), st.floats(0.05, 1))
@settings(max_examples=200, deadline=None)
def test_what_is_kept_follows_the_definitions(logits, temperature, top_k, top_p):
    likely = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, dim=0)
    order = sorted(range(len(logits)), key=lambda id: (-logits[id], id))
    order = order[: top_k or None]
    total, kept, share = sum(float(likely[id]) for id in order), [], 0.0
    for id in order:
        if share >= top_p - 1e-12 and kept:
            break
        kept.append(id)
        share += float(likely[id]) / total
    expected = torch.zeros(len(logits), dtype=torch.float64)
    expected[kept] = likely[kept] / likely[kept].sum()
    found = sampling_probs(torch.tensor(logits), SamplingParams(temperature, top_k, top_p))
    if (found > 0).sum() == len(kept):  # float32 scores may tie at the edge of top-p
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    else:
        assert abs(int((found > 0).sum()) - len(kept)) == 1
        assert min(abs(float(found.sum()) - 1), abs(share - top_p)) < 1e-6


def test_draws_come_as_often_as_they_should():
    logits = torch.tensor([2.0, 1.0, 0.5, -1.0, 1.5])
    sampling = SamplingParams(temperature=0.9, top_k=4, top_p=0.9)
    expected = sampling_probs(logits, sampling)
    tokens = sample(logits.expand(100_000, -1), sampling, torch.Generator().manual_seed(0))
    counts = torch.bincount(tokens, minlength=5) / 100_000
    assert (counts[expected == 0] == 0).all()
    assert (counts - expected).abs().max() < 4 * (0.25 / 100_000) ** 0.5


def test_temperature_zero_is_greedy_whatever_else_is_set():
    logits = torch.tensor([[0.1, 0.3, 0.3, 0.2]])
    for top_k, top_p in ((0, 1.0), (2, 0.01), (3, 0.9)):
        chosen = sample(logits, SamplingParams(0.0, top_k, top_p), torch.Generator())
        assert chosen.item() == 1


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": t} for t in (-1, NAN, INF)]
    + [{"top_k": -1}]
    + [{"top_p": p} for p in (0, 2, NAN)],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError, match="expected temperature"):
        SamplingParams(**wrong)


def test_cached_generation_equals_reading_everything_again():
    model = Transformer(
        ModelConfig(vocab_size=31, max_seq_len=20, d_model=16, n_layers=2, n_heads=2)
    )
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.4, generator=torch.Generator().manual_seed(2))
    prompt = torch.tensor([[3, 1, 4], [1, 5, 9]])
    steps = generate(model, prompt, SamplingParams(0.8), generator=torch.Generator().manual_seed(7))
    row, chance = prompt, torch.Generator().manual_seed(7)
    for _ in range(17):
        expected = sample(model(row)[:, -1], SamplingParams(0.8), chance)
        assert torch.equal(next(steps), expected)
        row = torch.cat((row, expected[:, None]), dim=1)
    for _ in range(30):  # past the context
        assert next(steps).shape == (2,)


@pytest.mark.parametrize("length", [0, 21])
def test_prompts_that_do_not_fit_are_refused(length):
    model = Transformer(
        ModelConfig(vocab_size=31, max_seq_len=20, d_model=16, n_layers=2, n_heads=2)
    )
    prompt = torch.zeros(1, length, dtype=torch.long)
    with pytest.raises(InputError, match=f"found {length}"):
        next(generate(model, prompt, SamplingParams(), generator=torch.Generator()))
