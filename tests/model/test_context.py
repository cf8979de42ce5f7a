"""Caches, packed documents, ragged rows: one forward pass, whatever stands in it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.data import document_mask
from scratchlm.errors import InputError
from scratchlm.model import (
    AttentionContext,
    ModelConfig,
    StaticKVCache,
    Transformer,
    attention_maps,
    eager_attention,
    varlen_attention,
)
from scratchlm.model.varlen import segment_lengths, segment_mask

BASE = ModelConfig(31, 24, d_model=16, n_layers=3, n_heads=4, n_kv_heads=2)
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
SCHEMES = ["rope", "learned", "sinusoidal", "alibi", "none"]
PACKED = torch.tensor([[0] * 5 + [1] * 3 + [2] * 4, [7] * 12, [0] * 1 + [1] * 9 + [-1] * 2])


def randomized(**changes):
    model = Transformer(BASE.replace(**changes))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = weight.ndim == 1 and not name.endswith(("bias", "sinks"))
            weight.normal_(1.0 if gain else 0.0, 0.3, generator=generator)
    return model.double()


def drawn(*shape, seed=0):
    return torch.randint(31, shape, generator=torch.Generator().manual_seed(seed))


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 12)),
    st.booleans(),
    st.integers(0, 2**20),
)
@settings(max_examples=60, deadline=None)
def test_varlen_is_eager_with_a_document_mask(lengths, window, biased, seed):
    generator = torch.Generator().manual_seed(seed)
    seq_len = sum(lengths)
    query = torch.randn(1, 4, seq_len, 8, generator=generator, dtype=torch.float64)
    key, value = torch.randn(2, 1, 2, seq_len, 8, generator=generator, dtype=torch.float64)
    slopes = torch.rand(4, generator=generator, dtype=torch.float64) if biased else None
    inputs = [one.requires_grad_() for one in (query, key, value)]
    mask = segment_mask(lengths, seq_len, window, slopes)
    expected = eager_attention(*inputs, mask)
    ours = varlen_attention(*inputs, lengths, window=window, slopes=slopes)
    change = torch.randn(expected.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(ours, expected, **CLOSE)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, change),
        torch.autograd.grad(expected, inputs, change),
        strict=True,
    ):
        torch.testing.assert_close(one, other, **CLOSE)


def test_segments_and_their_mask_are_those_of_the_documents():
    lengths = segment_lengths(PACKED)
    assert lengths == [5, 3, 4, 12, 1, 9, 2]
    assert torch.equal(segment_mask(lengths, 12)[:, 0], document_mask(PACKED))


@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("positions", SCHEMES)
def test_backends_agree_on_packed_rows(positions, window):
    """Logits and gradients; documents are to the model what they are alone."""
    model = randomized(positions=positions, sliding_window=window)
    ids, results = drawn(3, 12), []
    for backend in ("eager", "sdpa", "varlen", "auto"):
        model.zero_grad()
        logits = model(ids, context=AttentionContext(document_ids=PACKED, backend=backend))
        logits.square().mean().backward()
        results.append([logits, *(weight.grad for weight in model.parameters())])
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            torch.testing.assert_close(one, same, **CLOSE)
    torch.testing.assert_close(results[0][0][0, 5:8], model(ids[:1, 5:8])[0], **CLOSE)
    torch.testing.assert_close(results[0][0][2, 1:10], model(ids[2:, 1:10])[0], **CLOSE)


@pytest.mark.parametrize("window", [4, 700])
def test_a_long_row_with_a_window_takes_small_masks_and_changes_nothing(window):
    config = {"max_seq_len": 1100, "n_layers": 1, "sliding_window": window}
    model, ids = randomized(**config), drawn(1, 1100)
    sdpa = model(ids, context=AttentionContext(backend="sdpa"))
    torch.testing.assert_close(model(ids), sdpa, **CLOSE)


@pytest.mark.parametrize("positions", SCHEMES)
def test_position_ids_are_honored(positions):
    """A shifted row is another one to absolute positions, and the same to distances."""
    model, ids, at = randomized(positions=positions), drawn(2, 8), torch.arange(8)
    torch.testing.assert_close(model(ids, at), model(ids), **CLOSE)
    torch.testing.assert_close(model(ids, at.expand(2, 8)), model(ids), **CLOSE)
    shifted = model(ids, at + 3)
    if positions in ("learned", "sinusoidal"):
        assert (shifted - model(ids)).abs().max() > 1e-3
    else:
        torch.testing.assert_close(shifted, model(ids), rtol=1e-5, atol=1e-5)
    whole = torch.cat((drawn(2, 3, seed=4), ids), dim=1)
    cache = StaticKVCache(model.config, 2, dtype=torch.float64)
    model(whole[:, :3], context=AttentionContext(cache))
    expected = model(whole)[:, 3:]
    torch.testing.assert_close(
        model(ids, at + 3, AttentionContext(cache)), expected, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("window", [None, 4, 9])
@pytest.mark.parametrize("positions", SCHEMES)
def test_ragged_rows_are_each_what_they_are_alone(positions, window):
    """Rows of different lengths in one cache, filled and grown unevenly."""
    model = randomized(positions=positions, sliding_window=window, full_attention_layers=(1,))
    rows = [drawn(n, seed=n).tolist() for n in (15, 9, 20)]
    cache = StaticKVCache(model.config, 3, dtype=torch.float64)
    taken, logits = [0, 0, 0], [[], [], []]
    for counts in ([7, 1, 12], [1, 1, 1], [1, 1, 1], [4, 6, 0], [2, 0, 6]):
        pieces = [row[t : t + n] for row, t, n in zip(rows, taken, counts, strict=True)]
        longest = max(counts)
        ids = torch.tensor([piece + [5] * (longest - len(piece)) for piece in pieces])
        out = model(ids, context=AttentionContext(cache, new_lengths=counts))
        for row, count in enumerate(counts):
            logits[row].append(out[row, :count])
            taken[row] += count
    assert cache.lengths == taken == [15, 9, 20]
    for row, parts in zip(rows, logits, strict=True):
        torch.testing.assert_close(torch.cat(parts), model(torch.tensor([row]))[0], **CLOSE)


def test_maps_of_packed_rows_stay_inside_documents():
    model = randomized()
    with attention_maps(model) as maps:
        model(drawn(3, 12), context=AttentionContext(document_ids=PACKED))
    outside = ~document_mask(PACKED)[:, None]
    assert not maps[0].masked_select(outside).any()
    torch.testing.assert_close(maps[0].sum(-1), torch.ones(3, 4, 12, dtype=torch.float64))


@pytest.mark.parametrize("tie", [True, False])
def test_a_model_made_on_meta_is_filled_and_right(tie):
    model, ids = randomized(tie_embeddings=tie).float(), drawn(1, 9)
    with torch.device("meta"):
        other = Transformer(model.config)
    other.to_empty(device="cpu").load_state_dict(model.state_dict())
    assert torch.equal(other(ids), model(ids))
    assert (other.lm_head.weight is other.embed_tokens.weight) == tie
    assert ("lm_head.weight" in model.state_dict()) == (not tie)


def test_the_output_head_can_be_replaced():
    model, ids = randomized(), drawn(1, 9)
    head, logits = model.lm_head, model(ids)

    class Doubled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = head

        def forward(self, x):
            return 2 * self.inner(x)

    model.lm_head = Doubled()
    torch.testing.assert_close(model(ids), 2 * logits)


def test_the_rotary_table_is_made_as_far_as_it_is_needed():
    model = Transformer(ModelConfig(9, 10**6, d_model=4, n_layers=1, n_heads=1))
    assert len(model.positions._table[0]) == 1024
    model(torch.zeros(1, 1500, dtype=torch.long))
    assert len(model.positions._table[0]) == 2048


@pytest.mark.parametrize(
    ("context", "position_ids", "message"),
    [
        (AttentionContext(), torch.zeros(3, 8).long(), r"position_ids of shape \(2, 8\) or \(8,\)"),
        (AttentionContext(), torch.full((8,), 24), "position_ids from 0 to 23, found 24"),
        (AttentionContext(), torch.full((8,), -1), "position_ids from 0 to 23, found -1"),
        (AttentionContext(document_ids=PACKED), None, r"document_ids of shape \(2, 8\)"),
        (AttentionContext(padding=torch.tensor([1])), None, r"padding of shape \(2,\)"),
        (AttentionContext(StaticKVCache(BASE, 3)), None, "a cache of 2 rows, found one of 3"),
        (
            AttentionContext(StaticKVCache(BASE, 2), document_ids=torch.zeros(2, 8)),
            None,
            "no cache beside document_ids",
        ),
        (
            AttentionContext(StaticKVCache(BASE, 2), [9, 1]),
            None,
            "a length of 0 to 8 for each of 2",
        ),
    ],
)
def test_what_does_not_fit_the_tokens_is_refused(context, position_ids, message):
    with pytest.raises(InputError, match=message):
        Transformer(BASE)(drawn(2, 8), position_ids, context)
