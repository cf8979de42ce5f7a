"""Four packing strategies for the same documents: the same tokens, and masks that a model obeys."""

from itertools import pairwise

import pytest
import torch
from scratchlm.data import IGNORE_INDEX, PACKING_STRATEGIES, Shard, make_batches
from scratchlm.errors import InputError
from scratchlm.model import AttentionContext, ModelConfig, Transformer
from scratchlm.training import TrainConfig, Trainer, total_loss

DOCUMENTS = [[0, *(1 + (3 * n + k) % 9 for k in range(2 + n % 5))] for n in range(24)]
SHARD = Shard.of(DOCUMENTS)
CONFIG = ModelConfig(vocab_size=10, max_seq_len=12, d_model=16, n_layers=2, n_heads=2)


def randomized() -> Transformer:
    """A model without zeros that would hide what attention does."""
    model = Transformer(CONFIG)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.3, generator=generator)
    return model


@pytest.mark.parametrize("strategy", PACKING_STRATEGIES)
def test_a_strategy_trains_and_counts_its_tokens(strategy):
    batches = make_batches(strategy, SHARD, seq_len=12, batch_size=2)
    trainer = Trainer(Transformer(CONFIG), batches, TrainConfig(steps=3, warmup_steps=1))
    reports = [trainer.train_step() for _ in range(3)]
    assert all(0 < report.tokens <= 40 for report in reports)


def test_masked_windows_hold_the_same_tokens_as_windows():
    plain, masked = (
        make_batches(strategy, SHARD, 12, 2, seed=3) for strategy in PACKING_STRATEGIES[:2]
    )
    for number in range(6):
        one, other = plain.batch(number), masked.batch(number)
        assert torch.equal(one.input_ids, other.input_ids)
        assert torch.equal(one.targets, other.targets)
        assert one.document_ids is None
        for row, documents in zip(other.input_ids, other.document_ids, strict=True):
            for (_, before), (token, after) in pairwise(
                zip(row.tolist(), documents.tolist(), strict=True)
            ):
                assert after - before == (token == 0)
        restarts = AttentionContext(document_ids=other.document_ids).default_positions
        assert torch.equal(other.position_ids, restarts(2, 12, torch.device("cpu")))


def test_a_packed_row_is_to_the_model_what_its_documents_are_alone():
    model = randomized()
    batch = make_batches("packed", SHARD, seq_len=12, batch_size=3).batch(1)
    logits = model(batch.input_ids, context=AttentionContext(document_ids=batch.document_ids))
    assert torch.isfinite(logits).all()
    for row in range(3):
        for document in range(int(batch.document_ids[row].max()) + 1):
            inside = batch.document_ids[row] == document
            alone = model(batch.input_ids[row][inside][None])[0]
            torch.testing.assert_close(logits[row][inside], alone, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_a_packed_row_is_that_of_its_documents_padded_rows():
    packed, single = randomized(), randomized()
    batch = make_batches("packed", SHARD, seq_len=12, batch_size=2).batch(0)
    context = AttentionContext(document_ids=batch.document_ids)
    total_loss(packed(batch.input_ids, context=context), batch.targets).backward()
    for row in range(2):
        for document in range(int(batch.document_ids[row].max()) + 1):
            inside = batch.document_ids[row] == document
            logits = single(batch.input_ids[row][inside][None])
            total_loss(logits, batch.targets[row][inside][None]).backward()
    for one, other in zip(packed.parameters(), single.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4)


def test_a_mask_of_all_before_changes_nothing():
    model = randomized()
    ids = torch.randint(10, (2, 12))
    every = torch.ones(2, 12, 12, dtype=torch.bool).tril()
    context = AttentionContext(mask=every)
    torch.testing.assert_close(model(ids, context=context), model(ids), rtol=1e-4, atol=1e-5)


def test_padded_rows_holds_whole_documents():
    batch = make_batches("padded", SHARD, seq_len=12, batch_size=2).batch(0)
    for inputs, targets in zip(batch.input_ids, batch.targets, strict=True):
        assert inputs[targets != IGNORE_INDEX].tolist() in DOCUMENTS


def test_an_unknown_strategy_is_refused():
    with pytest.raises(InputError, match="one of windows, masked windows"):
        make_batches("diagonal", SHARD, seq_len=12, batch_size=2)
