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


@given(st.integers(2, 300), st.data(), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_an_epoch_of_a_stream_has_every_token_as_a_target_once(length, data, rows, seed):
    seq_len = data.draw(st.integers(1, min(40, length - 1)))
    batches = StreamBatches(Shard.of([range(length)]), seq_len, rows, seed)
    windows = 3 * batches.pieces  # of three epochs
    made = [batches.batch(number) for number in range(-(-windows // rows))]
    inputs = torch.cat([batch.input_ids for batch in made])[:windows]
    targets = torch.cat([batch.targets for batch in made])[:windows]
    assert torch.equal(inputs, (inputs[:, :1] + torch.arange(seq_len)) % length)
    used = targets != IGNORE_INDEX
    assert torch.equal(targets[used], ((inputs + 1) % length)[used])
    for epoch in targets.chunk(3):
        assert sorted(epoch[epoch != IGNORE_INDEX].tolist()) == list(range(length))


def test_windows_of_a_stream_are_cut_elsewhere_in_every_epoch():
    batches = StreamBatches(Shard.of([range(384)]), 128, 3)
    cuts = {int(batches.batch(epoch).input_ids[0, 0]) % 128 for epoch in range(30)}
    assert len(cuts) > 20


def test_the_windows_of_a_stream_are_those_that_recorded_runs_began_with():
    batches, digest = StreamBatches(Shard.of([range(1000)]), 10, 4, seed=4), sha256()
    for number in range(24):
        batch = batches.batch(number)
        digest.update(batch.input_ids.numpy().tobytes() + batch.targets.numpy().tobytes())
    assert digest.hexdigest() == "a4251018b900641c6f6115807714a35d9ffc7591745cc219ed5111d2815b5663"


@given(documents, st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_row_is_one_document_and_the_separator(rows, width, seed):
    rows = [[0, *row] for row in rows]
    batches = DocumentBatches(Shard.of(rows), 13, width, seed)
    seen = []
    for number in range(batches.batches_per_epoch):
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
    with pytest.raises(InputError, match="windows of at least 1 token, found 0"):
        StreamBatches(Shard.of([range(5)]), 0, 1)
    with pytest.raises(InputError, match="at most 4 tokens, found one of 5"):
        DocumentBatches(Shard.of([range(5)]), 4, 1)


def test_the_order_of_documents_is_the_one_that_shipped_models_learned_in():
    shard = Shard.of([np.arange(index % 7 + 2) for index in range(50)])
    batches, digest = DocumentBatches(shard, 10, 3, seed=4), sha256()
    for number in range(40):
        batch = batches.batch(number)
        digest.update(batch.input_ids.numpy().tobytes() + batch.targets.numpy().tobytes())
    assert digest.hexdigest() == "239fc43401f99f18f9a82ed17c9e2f0b8c15d79c0ea7a37ee09739b62aeaa25f"
