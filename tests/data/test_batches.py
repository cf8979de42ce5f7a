"""Batches: every token is taught, in an order that the seed decides, from any place."""

from hashlib import sha256

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.data import IGNORE_INDEX, DocumentBatches, Shard, StreamBatches
from scratchlm.errors import InputError

documents = st.lists(st.lists(st.integers(0, 65_535), min_size=1, max_size=12), min_size=1)


@given(st.integers(30, 300), st.integers(1, 9), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_a_window_is_followed_by_its_targets(length, time, rows, seed):
    batches = StreamBatches(Shard.of([range(length)]), time, rows, seed)
    for number in range(2 * batches.per_epoch):
        batch = batches.batch(number)
        assert batch.input_ids.shape == (rows, time)
        assert torch.equal(batch.targets, batch.input_ids + 1)
        assert torch.equal(batch.input_ids, batch.input_ids[:, :1] + torch.arange(time))


@given(documents, st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_row_is_one_document_and_the_separator(rows, width, seed):
    rows = [[0, *row] for row in rows]
    batches = DocumentBatches(Shard.of(rows), 13, width, seed)
    seen = []
    for number in range(batches.per_epoch):
        batch = batches.batch(number)
        assert batch.count == int((batch.targets != IGNORE_INDEX).sum())
        for inputs, targets in zip(batch.input_ids, batch.targets, strict=True):
            length = int((targets != IGNORE_INDEX).sum())
            seen.append(inputs[:length].tolist())
            assert targets[:length].tolist() == [*seen[-1][1:], 0]
    if len(rows) >= width:  # an epoch takes no document twice
        counts = {str(row): rows.count(row) for row in rows}
        assert all(seen.count(row) <= counts[str(row)] for row in seen)
        assert len(seen) > len(rows) - width


@pytest.mark.parametrize("kind", [StreamBatches, DocumentBatches])
def test_any_batch_can_be_had_at_once(kind):
    shard = Shard.of([np.arange(index % 7 + 2) for index in range(50)])
    first, second = (kind(shard, 10, 3, seed=4) for _ in range(2))
    in_order = [first.batch(number) for number in range(40)]
    for number in (39, 0, 17, 16):
        assert torch.equal(second.batch(number).input_ids, in_order[number].input_ids)
    other = kind(shard, 10, 3, seed=5)
    assert any(
        batch.input_ids.shape != other.batch(number).input_ids.shape
        or not torch.equal(batch.input_ids, other.batch(number).input_ids)
        for number, batch in enumerate(in_order)
    )


def test_what_cannot_be_batched_is_refused():
    with pytest.raises(InputError, match="found none"):
        Shard.of([])
    with pytest.raises(InputError, match="more than 8 tokens, found 5"):
        StreamBatches(Shard.of([range(5)]), 8, 1)
    with pytest.raises(InputError, match="at most 4 tokens, found one of 5"):
        DocumentBatches(Shard.of([range(5)]), 4, 1)


def test_the_order_of_documents_is_the_one_that_shipped_models_learned_in():
    shard = Shard.of([np.arange(index % 7 + 2) for index in range(50)])
    batches, digest = DocumentBatches(shard, 10, 3, seed=4), sha256()
    for number in range(40):
        batch = batches.batch(number)
        digest.update(batch.input_ids.numpy().tobytes() + batch.targets.numpy().tobytes())
    assert digest.hexdigest() == "239fc43401f99f18f9a82ed17c9e2f0b8c15d79c0ea7a37ee09739b62aeaa25f"
