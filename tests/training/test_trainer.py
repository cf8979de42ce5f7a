"""Training: the same weights by every road, and damage noticed."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from scratchlm.data import (
    DocumentBatches,
    SampleBatches,
    SampleStream,
    Shard,
    Shards,
    StreamBatches,
    Windows,
)
from scratchlm.errors import InputError, NonFiniteLossError
from scratchlm.model import ModelConfig, Transformer
from scratchlm.training import (
    TrainConfig,
    Trainer,
    load_checkpoint,
    next_token_loss,
    save_checkpoint,
    train,
)
from scratchlm.training.loop import CHECKPOINT, LOG

MODEL = ModelConfig(vocab_size=12, max_seq_len=16, d_model=16, n_layers=2, n_heads=2)
TEXT = Shard.of([[0, *(index * step % 11 + 1 for index in range(9))] for step in range(1, 40)])


def trainer(*, batch_size: int = 4, model: ModelConfig = MODEL, **config: object) -> Trainer:
    settings = {"steps": 12, "warmup_steps": 2, **config}
    return Trainer(
        Transformer(model), DocumentBatches(TEXT, 16, batch_size), TrainConfig(**settings)
    )


def weights(one: Trainer) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in one.model.parameters()]


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_training_learns_a_rule(optimizer):
    one = trainer(steps=120, optimizer=optimizer)
    losses = [one.train_step().loss for _ in range(120)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_recomputed_blocks_train_to_the_same_bits():
    plain, again = trainer(), trainer(activation_checkpointing=True)
    for _ in range(3):
        assert plain.train_step() == again.train_step()
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(again), strict=True))


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_loss_in_chunks_trains_alike(chunk, tie):
    model = MODEL.replace(tie_embeddings=tie, initialization="xavier")
    whole, parts = trainer(model=model), trainer(model=model, loss_chunk_size=chunk)
    loss, tokens = whole.backward()
    assert parts.backward() == (pytest.approx(loss, rel=1e-5), tokens)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)


def test_a_loss_in_chunks_is_as_good_in_half_precision():
    model = MODEL.replace(initialization="xavier")
    settings = {"model": model, "dtype": "bfloat16"}
    whole, parts = trainer(**settings), trainer(**settings, loss_chunk_size=5)
    assert parts.backward()[0] == pytest.approx(whole.backward()[0], rel=1e-3)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert b.grad.dtype == torch.float32
        assert (a.grad - b.grad).norm() <= 0.03 * a.grad.norm() + 1e-6


def test_a_step_balances_the_experts():
    one = trainer(model=MODEL.replace(n_experts=4))
    one.train_step()
    assert all(block.mlp.expert_bias.any() for block in one.model.layers)
    assert not any(block.mlp.tokens_per_expert.any() for block in one.model.layers)


def test_accumulated_batches_give_the_gradient_of_one_large_batch():
    small, large = trainer(grad_accum_steps=3), trainer()
    parts = [small.batches.batch(number) for number in range(3)]  # of unequal token counts
    loss, tokens = small.backward()
    total = sum(
        torch.nn.functional.cross_entropy(
            large.model(part.input_ids).flatten(0, 1),
            part.targets.flatten(),
            reduction="sum",
        )
        for part in parts
    )
    (total / tokens).backward()
    assert tokens == sum(part.count for part in parts)
    assert loss == pytest.approx(total.item() / tokens, rel=1e-5)
    for one, other in zip(small.model.parameters(), large.model.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize(
    ("place", "tensor"),
    [
        ("weight", "the weight norm.weight"),
        ("output", "the output of layers.1.mlp"),
        ("gradient", "the gradient of norm.weight"),
    ],
)
def test_a_number_that_is_none_stops_the_run_and_is_traced(place, tensor):
    """The weights stay as they were before the step."""
    one = trainer(grad_accum_steps=2)
    one.train_step()
    with torch.no_grad():
        if place == "weight":
            one.model.norm.weight[0] = float("nan")
    if place == "output":
        one.model.layers[1].mlp.register_forward_hook(lambda module, given, output: output / 0)
    if place == "gradient":
        one.model.norm.weight.register_hook(lambda gradient: gradient / 0)
    before = weights(one)
    with pytest.raises(
        NonFiniteLossError, match=rf"step 2 \(batch \d\), found that {tensor}"
    ) as caught:
        one.train_step()
    assert (caught.value.step, caught.value.tensor) == (2, tensor)
    assert caught.value.batch in (2, 3)
    for ours, theirs in zip(weights(one), before, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def test_any_loss_can_be_trained():
    """Twice the loss has twice the gradient; a frozen weight gets none, and stays."""
    twice = Trainer(
        Transformer(MODEL),
        DocumentBatches(TEXT, 16, 4),
        TrainConfig(12),
        loss_fn=lambda model, batch: 2 * next_token_loss(model, batch),
    )
    one = trainer()
    assert twice.backward()[0] == 2 * one.backward()[0]
    for a, b in zip(twice.model.parameters(), one.model.parameters(), strict=True):
        assert torch.equal(a.grad, 2 * b.grad)
    frozen = one.model.embed_tokens.weight.requires_grad_(False)
    before = frozen.clone()
    one.optimizers[1].zero_grad()
    one.train_step()
    assert torch.equal(frozen, before)


def test_training_takes_its_batches_in_order_wherever_it_begins(tmp_path):
    """The loader works ahead, in other processes where asked; what is seen is batch n."""
    batches = SampleBatches(SampleStream([Windows(Shards([TEXT]), 16)]), 4)
    config = TrainConfig(6, grad_accum_steps=2)
    one, ahead, resumed = (
        Trainer(Transformer(MODEL), batches, config, loader_workers=workers)
        for workers in (0, 1, 0)
    )
    assert [one.train_step() for _ in range(2)] == [ahead.train_step() for _ in range(2)]
    save_checkpoint(tmp_path / CHECKPOINT, one)
    load_checkpoint(tmp_path / CHECKPOINT, resumed)
    for number in (4, 5):
        expected = batches.batch(number)
        assert torch.equal(resumed.feed.batch(number).input_ids, expected.input_ids)
    assert one.train_step() == resumed.train_step()


def test_held_out_loss_and_tensorboard_stand_beside_the_log(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    batches = [DocumentBatches(TEXT, 16, 4, seed=1).batch(number) for number in range(2)]
    options = {"eval_interval": 4, "eval_batches": batches, "tensorboard": True}
    for metrics in train(trainer(), tmp_path, save_every=5, **options):
        if metrics.step == 8:
            break
    one = trainer()
    rest = list(train(one, tmp_path, save_every=5, **options))
    with torch.no_grad():
        expected = sum(float(next_token_loss(one.model, batch)) for batch in batches)
    assert rest[-1].eval_loss == pytest.approx(
        expected / sum(batch.count for batch in batches), rel=1e-6
    )
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines if "eval_loss" in line] == [4, 8, 12]
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 13))
    assert [event.value for event in events.Scalars("eval_loss")] == pytest.approx(
        [line["eval_loss"] for line in lines if "eval_loss" in line]
    )


def test_without_tensorboard_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        next(train(trainer(), tmp_path / "run", tensorboard=True))
    assert not (tmp_path / "run").exists()


def test_a_schedule_is_chosen_by_name():
    one = trainer(schedule="cosine", steps=3)
    assert [round(one.train_step().lr_factor, 3) for _ in range(3)] == [0.5, 1.0, 1.0]


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, optimizer):
    whole = trainer(optimizer=optimizer)
    reports = list(train(whole, tmp_path / "whole"))
    for report in train(trainer(optimizer=optimizer), tmp_path / "cut", save_every=5):
        if report.step == 8:  # three steps after the last checkpoint
            break
    again = trainer(optimizer=optimizer)
    rest = list(train(again, tmp_path / "cut", save_every=5))
    assert rest == reports[5:]
    assert all(map(torch.equal, weights(whole), weights(again)))
    lines = (tmp_path / "cut" / LOG).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, 13))


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    one, path = trainer(), tmp_path / CHECKPOINT
    one.train_step()
    save_checkpoint(path, one)
    wider = ModelConfig(vocab_size=12, max_seq_len=16, d_model=32, n_layers=2, n_heads=2)
    for other, name in (
        (trainer(model=wider), "d_model 16 instead of 32"),
        (trainer(lr=0.1), "lr 0.003 instead of 0.1"),
        (trainer(batch_size=5), "batch_size 4 instead of 5"),
    ):
        with pytest.raises(InputError, match=name):
            load_checkpoint(path, other)
    other = Trainer(Transformer(MODEL), StreamBatches(TEXT, 16, 4), one.config)
    with pytest.raises(InputError, match="kind DocumentBatches instead of StreamBatches"):
        load_checkpoint(path, other)


@pytest.mark.parametrize("fault", ["cut", "flip", "foreign", "empty"])
def test_a_damaged_checkpoint_is_refused_and_named(tmp_path, fault):
    one, path = trainer(), tmp_path / CHECKPOINT
    one.train_step()
    save_checkpoint(path, one)
    content = bytearray(path.read_bytes())
    if fault == "cut":
        content = content[:-100]
    elif fault == "flip":
        content[-7] ^= 4
    elif fault == "foreign":
        content = bytearray(b"PK\x03\x04 something else\n" + content)
    else:
        content.clear()
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        load_checkpoint(path, trainer())


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    """The system refuses to write more than 4 KiB to a file, as a full disk would."""
    one, path = trainer(), tmp_path / CHECKPOINT
    one.train_step()
    save_checkpoint(path, one)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    one.train_step()
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(InputError, match="what was there before is whole"):
            save_checkpoint(path, one)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    load_checkpoint(path, again := trainer())
    assert again.step == 1


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_trainer import train, trainer
one = trainer(steps=400)
for report in train(one, Path(sys.argv[1]), save_every=1):
    if report.step == 1:
        print("running", flush=True)
"""


def test_kill_minus_nine_at_random_moments_changes_nothing(tmp_path):
    program = [sys.executable, "-c", KILLED.format(tests=str(Path(__file__).parent))]
    environment, moments = {**os.environ, "OMP_NUM_THREADS": "1"}, random.Random(0)
    kills = 0
    for _ in range(60):
        process = subprocess.Popen(
            [*program, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()  # at work
        time.sleep(moments.uniform(0.0, 0.6))
        process.kill()
        if process.wait() == 0:
            break
        kills += 1
    assert kills >= 1
    torch.set_num_threads(1)
    whole, resumed = trainer(steps=400), trainer(steps=400)
    for _ in range(400):
        whole.train_step()
    load_checkpoint(tmp_path / CHECKPOINT, resumed)
    assert resumed.step == 400
    assert all(map(torch.equal, weights(whole), weights(resumed)))
