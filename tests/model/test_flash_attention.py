"""Attention and loss in pieces: equal to the whole, forward and backward, in less memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.model import eager_attention
from scratchlm.model.flash_attention import flash_attention, online_softmax_sum
from scratchlm.training import chunked_cross_entropy
from torch.nn import functional as F


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
    st.floats(0.1, 500),
    st.integers(0, 2**20),
)
@settings(max_examples=60, deadline=None)
def test_softmax_in_parts_is_the_softmax(sizes, scale, seed):
    scores, values = scale * drawn(3, sum(sizes), seed=seed), drawn(sum(sizes), 4, seed=seed + 1)
    mean, total = online_softmax_sum(scores.split(sizes, dim=1), values.split(sizes))
    torch.testing.assert_close(mean, scores.softmax(dim=-1) @ values)
    torch.testing.assert_close(total, scores.logsumexp(dim=-1))


@given(st.integers(1, 40), st.integers(1, 45), st.integers(0, 2**20))
@settings(max_examples=40, deadline=None)
def test_tiles_of_any_size_give_attention_and_its_gradient(time, tile, seed):
    inputs = [drawn(2, 3, time, 4, seed=seed + n).requires_grad_() for n in range(3)]
    change = drawn(2, 3, time, 4, seed=seed + 3)
    whole, tiled = eager_attention(*inputs), flash_attention(*inputs, tile)
    torch.testing.assert_close(tiled, whole)
    expected = torch.autograd.grad(whole, inputs, change)
    torch.testing.assert_close(torch.autograd.grad(tiled, inputs, change), expected)


def test_the_gradient_of_tiles_is_the_slope():
    inputs = [drawn(1, 5, 3, seed=n).requires_grad_() for n in range(3)]
    assert torch.autograd.gradcheck(lambda *qkv: flash_attention(*qkv, 2), inputs)


def test_large_scores_do_not_overflow():
    query = 200 * drawn(1, 9, 4)
    out = flash_attention(query, query, drawn(1, 9, 4, seed=1), 4)
    assert out.isfinite().all()


def kept_bytes(run):
    """Bytes that autograd keeps for the way back."""
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    assert result.requires_grad
    return sum(kept.values())


def test_tiles_keep_no_square_of_scores():
    """Written out, attention keeps the weights of every pair; in tiles, six vectors a position."""
    query, key, value = (torch.randn(1, 512, 16).requires_grad_() for _ in range(3))
    assert kept_bytes(lambda: eager_attention(query, key, value)) > 512 * 512 * 4
    assert kept_bytes(lambda: flash_attention(query, key, value)) < 6 * 512 * 16 * 4


@given(st.integers(1, 30), st.integers(1, 35), st.integers(0, 2**20))
@settings(max_examples=40, deadline=None)
def test_the_loss_in_chunks_is_the_loss_and_has_its_gradient(positions, chunk, seed):
    hidden, head = drawn(positions, 4, seed=seed), drawn(7, 4, seed=seed + 1)
    inputs = [hidden.requires_grad_(), head.requires_grad_()]
    targets = torch.randint(7, (positions,), generator=torch.Generator().manual_seed(seed))
    targets[::3] = -100
    whole = F.cross_entropy(hidden @ head.T, targets, ignore_index=-100, reduction="sum")
    pieces = chunked_cross_entropy(hidden, head, targets, chunk_size=chunk)
    torch.testing.assert_close(pieces, whole)
    expected = torch.autograd.grad(3 * whole, inputs)
    torch.testing.assert_close(torch.autograd.grad(3 * pieces, inputs), expected)


@pytest.mark.parametrize("chunk", [64])
def test_a_large_vocabulary_never_stands_in_memory(chunk):
    """128 k tokens at 512 positions are 268 MB of logits, and as much again for their gradient."""
    hidden = torch.randn(512, 8).requires_grad_()
    head = torch.randn(128_000, 8).requires_grad_()
    targets = torch.randint(128_000, (512,))
    whole = kept_bytes(lambda: F.cross_entropy(hidden @ head.T, targets, reduction="sum"))
    pieces = kept_bytes(lambda: chunked_cross_entropy(hidden, head, targets, chunk_size=chunk))
    assert whole > 512 * 128_000 * 4
    assert pieces < 1.1 * (head.nbytes + hidden.nbytes)
