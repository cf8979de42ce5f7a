"""The stream is the same from any step on, for any number of ranks and workers."""

from itertools import islice, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.data import (
    Batch,
    BatchLoader,
    DocumentBatches,
    PackedDocuments,
    SampleBatches,
    SampleStream,
    Shard,
    Shards,
    StreamBatches,
    Windows,
    write_shards,
)
from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer
from scratchlm.training import TrainConfig, Trainer, load_checkpoint, save_checkpoint
from torch.utils.data import DataLoader, get_worker_info


def contents(batch):
    parts = (batch.input_ids, batch.targets, batch.document_ids, batch.position_ids)
    return [None if part is None else part.tolist() for part in parts]


def tensors(batch):
    return batch.input_ids, batch.targets


@pytest.fixture(scope="module")
def sources(numbered):
    """Three sources of 14, 9 and 5 windows."""
    return [Windows(numbered([length], parts=1), 4) for length in (60, 40, 21)]


@pytest.fixture(scope="module")
def stream(sources):
    return SampleStream(sources, [5, 3, 2], seed=3)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 4), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_windows_are_slices_of_the_whole_text(numbered, lengths, parts, time):
    shards = numbered(lengths, parts)
    whole = torch.arange(shards.tokens)
    if shards.tokens <= time:
        with pytest.raises(InputError, match=f"more than {time} tokens, found {shards.tokens}"):
            Windows(shards, time)
        return
    windows = Windows(shards, time)
    count = (shards.tokens - 1) // time
    assert len(windows) == len(list(windows)) == count
    for index, (inputs, targets) in enumerate(windows):
        assert torch.equal(inputs, whole[index * time : (index + 1) * time])
        assert torch.equal(targets, inputs + 1)
    assert torch.equal(windows[-1][0], windows[count - 1][0])
    with pytest.raises(IndexError):
        windows[count]


@pytest.mark.parametrize("workers", [0, 2])
def test_pytorch_loads_windows_like_any_dataset(sources, workers):
    loader = DataLoader(sources[0], batch_size=4, shuffle=True, num_workers=workers)
    rows = torch.cat([inputs for inputs, _ in loader]).tolist()
    assert sorted(rows) == [[*range(first, first + 4)] for first in range(0, 56, 4)]
    assert len(loader) == 4


def test_the_stream_takes_each_source_by_its_share_and_each_window_once_an_epoch(stream, sources):
    samples = [stream.mixture[number] for number in range(1000)]
    for source, share in enumerate((500, 300, 200)):
        mine = [number for number, sample in enumerate(samples) if sample[0] == source]
        assert len(mine) == share
        size = len(sources[source])
        rows = [stream[number][0].tolist() for number in mine]
        for first in range(0, share - size, size):
            assert sorted(rows[first : first + size]) == [x.tolist() for x, _ in sources[source]]
    again = SampleStream(sources, [5, 3, 2], seed=4)
    assert any(not torch.equal(stream[n][0], again[n][0]) for n in range(20))


def test_two_sources_of_one_size_are_shuffled_each_in_its_own_way(sources):
    both = SampleStream([sources[0], sources[0]])
    size = len(sources[0])
    orders = [[], []]
    for number in range(2 * size):
        orders[both.mixture[number][0]].append(both[number][0].tolist())
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


@pytest.mark.parametrize("ranks", [1, 2, 3, 6])
def test_ranks_share_out_every_batch(stream, ranks):
    single = SampleBatches(stream, 6)
    parts = [SampleBatches(stream, 6, rank=rank, ranks=ranks) for rank in range(ranks)]
    for number in range(30):
        together = [part.batch(number) for part in parts]
        assert all(len(part.input_ids) == 6 // ranks for part in together)
        assert torch.equal(
            torch.cat([part.input_ids for part in together]), single.batch(number).input_ids
        )
        numbers = [sample for part in parts for sample in part.numbers(number)]
        assert numbers == list(range(6 * number, 6 * number + 6))


@pytest.fixture(scope="module")
def kinds(stream):
    """Batches of every kind, of four rows."""
    shard = Shard.of([range(index % 7 + 2) for index in range(50)])
    return [
        SampleBatches(stream, 4),
        StreamBatches(shard, 8, 4),
        DocumentBatches(shard, 10, 4),
    ]


def test_a_loader_goes_on_from_every_step(stream):
    batches = SampleBatches(stream, 3)
    loader = BatchLoader(batches)
    for step, batch in enumerate(islice(loader, 40)):
        assert loader.state_dict() == {"number": step + 1}
        assert contents(batch) == contents(batches.batch(step))
        again = BatchLoader(SampleBatches(stream, 3))
        again.load_state_dict({"number": step})
        assert contents(next(iter(again))) == contents(batch)


@pytest.mark.parametrize(("ranks", "first"), [(1, 0), (2, 5)])
def test_workers_change_nothing_and_their_batches_ahead_do_not_count(kinds, ranks, first):
    for kind, rank in product(kinds, range(ranks)):
        batches = kind.for_rank(rank, ranks)
        expected = [contents(batches.batch(number)) for number in range(first, first + 12)]
        loader = BatchLoader(batches, first, workers=2, prefetch=3)
        assert [contents(batch) for batch in islice(loader, 7)] == expected[:7]
        assert loader.state_dict() == {"number": first + 7}
        assert [contents(batch) for batch in islice(loader, 5)] == expected[7:]


def test_a_loader_draws_nothing_from_the_generator_of_all(kinds):
    before = torch.get_rng_state()
    next(iter(BatchLoader(kinds[0])))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_the_parts_of_all_ranks_are_the_batch(kinds, ranks):
    for kind in kinds:
        parts = [kind.for_rank(rank, ranks).batch(3) for rank in range(ranks)]
        together = [torch.cat(rows).tolist() for rows in zip(*map(tensors, parts), strict=True)]
        assert together == [part.tolist() for part in tensors(kind.batch(3))]
        with pytest.raises(InputError, match="that 3 ranks share equally, found 4"):
            kind.for_rank(0, 3)
        with pytest.raises(InputError, match="a rank from 0 to 1, found 2"):
            kind.for_rank(2, 2)


class Signed(SampleBatches):
    """Says in each batch which worker made it."""

    def batch(self, number):
        return Batch(torch.tensor([[number]]), torch.tensor([[get_worker_info().id]]))


def test_each_worker_makes_its_own_part(stream):
    loaded = islice(BatchLoader(Signed(stream, 3), 2, workers=2), 10)
    made = [(batch.input_ids.item(), batch.targets.item()) for batch in loaded]
    assert made == [(number, number % 2) for number in range(2, 12)]


def test_a_batch_moves_whole(stream):
    batch = Batch(*torch.arange(16).reshape(4, 2, 2))
    moved = batch.to("meta")
    devices = {part.device.type for part in vars(moved).values()}
    assert devices == {"meta"}
    assert SampleBatches(stream, 2).batch(0).to("cpu").document_ids is None
    assert contents(batch.rows(1, 2)) == [part[1:] for part in contents(batch)]


@pytest.mark.parametrize("workers", [0, 2])
def test_packed_rows_come_with_their_documents(tmp_path, bytewise, texts, workers):
    write_shards(texts, bytewise, tmp_path, 9_000)
    rows = PackedDocuments(Shards.load(tmp_path), 1500)
    batches = SampleBatches(SampleStream([rows], seed=1), 4)
    for number, batch in enumerate(islice(BatchLoader(batches, 3, workers=workers), 5)):
        assert batch.document_ids.shape == batch.position_ids.shape == (4, 1500)
        assert contents(batch) == contents(batches.batch(3 + number))


def test_a_trainer_resumes_on_shards_to_the_same_bits(tmp_path, bytewise, texts):
    write_shards(texts, bytewise, tmp_path / "shards", 9_000)
    shape = ModelConfig(vocab_size=257, max_seq_len=16, d_model=8, n_layers=1, n_heads=1)

    def trainer():
        windows = Windows(Shards.load(tmp_path / "shards"), 16)
        batches = SampleBatches(SampleStream([windows], seed=2), 4)
        return Trainer(Transformer(shape), batches, TrainConfig(steps=6))

    whole, cut, again = trainer(), trainer(), trainer()
    losses = [whole.train_step().loss for _ in range(6)]
    assert [cut.train_step().loss for _ in range(3)] == losses[:3]
    save_checkpoint(tmp_path / "checkpoint", cut)
    load_checkpoint(tmp_path / "checkpoint", again)
    assert [again.train_step().loss for _ in range(3)] == losses[3:]


def test_what_does_not_go_together_is_refused(numbered, stream):
    shards = numbered([40])
    short, long = Windows(shards, 4), Windows(shards, 5)
    packed = PackedDocuments(shards, 4)
    for datasets in ([short, long], [short, packed]):
        with pytest.raises(InputError, match="expected samples of one shape"):
            SampleStream(datasets)
    for datasets, weights in (([], None), ([short], [1, 2]), ([short, []], [1, 1])):
        with pytest.raises(InputError, match="expected datasets that are not empty"):
            SampleStream(datasets, weights)
    with pytest.raises(InputError, match="batch size that 4 ranks share equally, found 6"):
        SampleBatches(stream, 6, ranks=4)
    with pytest.raises(InputError, match="a rank from 0 to 1, found 2"):
        SampleBatches(stream, 6, rank=2, ranks=2)
    with pytest.raises(InputError, match="batch size that 0 ranks"):
        SampleBatches(stream, 6, ranks=0)
    with pytest.raises(InputError, match="batch size of at least 1"):
        SampleBatches(stream, 0)
    for name, least in (("first", 0), ("workers", 0), ("prefetch", 1)):
        with pytest.raises(InputError, match=f"{name} of at least {least}, found {least - 1}"):
            BatchLoader(SampleBatches(stream, 2), **{name: least - 1})
    with pytest.raises(InputError, match="at least 1 token, found 0"):
        Windows(Shards([Shard.of([np.arange(9)])]), 0)
