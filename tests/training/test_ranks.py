"""Two ranks train as one process does: the same losses, and the same weights.

A step over two ranks adds up the gradients of two halves of a batch; one process does the same
additions when it accumulates the halves. So DDP must agree bit for bit. FSDP adds the squares of
a gradient shard by shard, which rounds its norm, and so the clipped step, in another way.
"""

import datetime
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from scratchlm.data import DocumentBatches, SampleBatches, SampleStream, Shard, Shards, Windows
from scratchlm.errors import InputError, NonFiniteLossError
from scratchlm.model import ModelConfig, Transformer
from scratchlm.training import TrainConfig, Trainer, load_checkpoint, next_token_loss, train
from scratchlm.training.loop import CHECKPOINT, LOG

MODEL = ModelConfig(
    vocab_size=12, max_seq_len=16, d_model=16, n_layers=2, n_heads=2, initialization="xavier"
)
EXPERTS = MODEL.replace(n_experts=3)
TEXT = Shard.of([[0, *(index * step % 11 + 1 for index in range(9))] for step in range(1, 40)])
STEPS, CUT = 5, 3
RUNS = {  # by name: what differs from the usual
    "ddp": {"parallel": "ddp"},
    "ddp-chunked": {"parallel": "ddp", "loss_chunk_size": 5},
    "fsdp": {"parallel": "fsdp"},
    "fsdp-chunked": {"parallel": "fsdp", "loss_chunk_size": 5, "optimizer": "adamw"},
}


def samples(batch_size: int) -> SampleBatches:
    return SampleBatches(SampleStream([Windows(Shards([TEXT]), 16)]), batch_size)


HELD_OUT = [samples(3).batch(number) for number in range(3)]  # one more than two ranks share


def trainer(batches, *, model=MODEL, parallel="none", loss_fn=None, **config) -> Trainer:
    config = {"steps": STEPS, "warmup_steps": 2, "max_grad_norm": 0.05, **config}
    return Trainer(
        Transformer(model), batches, TrainConfig(**config), parallel=parallel, loss_fn=loss_fn
    )


def nan_on_the_second(model, batch):
    loss = next_token_loss(model, batch)
    return loss * float("nan") if dist.get_rank() == 1 else loss


def rank_main(rank: int, folder: Path) -> None:
    """All that two ranks do; what they find is written to the folder."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'rendezvous'}",
        rank=rank,
        world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    found = {}
    for name, settings in RUNS.items():
        options = {"save_every": CUT, "eval_interval": 2, "eval_batches": HELD_OUT}
        metrics = []
        for metric in train(trainer(samples(8), **settings), folder / name, **options):
            metrics.append(metric)
            if metric.step == CUT:
                break
        metrics += train(trainer(samples(8), **settings), folder / name, **options)
        found[name] = metrics
    for parallel in ("ddp", "fsdp"):
        one = trainer(samples(8), model=EXPERTS, parallel=parallel, grad_accum_steps=2)
        found[f"experts-{parallel}"] = (
            [one.train_step() for _ in range(2)],
            one.model.layers[1].mlp.state_dict()["expert_bias"],
        )
        one = trainer(samples(8), parallel=parallel, loss_fn=nan_on_the_second)
        with pytest.raises(NonFiniteLossError, match="step 1"):
            one.train_step()
    one = trainer(DocumentBatches(TEXT, 16, 8), parallel="ddp")
    found["rows"] = [one.train_step() for _ in range(2)]
    for batches, parallel in ((samples(3), "ddp"), (DocumentBatches(TEXT, 16, 1), "ddp")):
        with pytest.raises(InputError, match="2 ranks share equally"):
            trainer(batches, parallel=parallel)
    with pytest.raises(InputError, match="expected ddp or fsdp for 2 ranks, found none"):
        trainer(samples(8))
    torch.save(found, folder / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    mp.spawn(rank_main, (folder,), nprocs=2)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    first, second = (torch.load(folder / f"{rank}.pt", weights_only=False) for rank in (0, 1))
    for name in RUNS:
        assert first[name] == second[name]  # every rank knows the loss, the norm and the tokens
    return first


def close(one, other, tolerance):
    assert [(a.step, a.tokens, a.lr_factor) for a in one] == [
        (b.step, b.tokens, b.lr_factor) for b in other
    ]
    for a, b in zip(one, other, strict=True):
        assert a.loss == pytest.approx(b.loss, rel=tolerance)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=tolerance)
        assert (a.eval_loss is None) == (b.eval_loss is None)
        assert (a.eval_loss or 0) == pytest.approx(b.eval_loss or 0, rel=tolerance)


@pytest.mark.parametrize("name", RUNS)
def test_two_ranks_with_a_checkpoint_between_equal_one_process(folder, found, tmp_path, name):
    settings = {**RUNS[name], "parallel": "none"}
    one = trainer(samples(4), grad_accum_steps=2, **settings)
    alone = list(train(one, tmp_path, eval_interval=2, eval_batches=HELD_OUT))
    assert min(metrics.grad_norm for metrics in alone) > 0.05  # every step was clipped
    assert len((folder / name / LOG).read_text().splitlines()) == STEPS
    resumed = trainer(samples(8), **settings)
    load_checkpoint(folder / name / CHECKPOINT, resumed)  # what ranks wrote, one process reads
    assert resumed.step == STEPS
    tolerance = 0.0 if name.startswith("ddp") else 1e-6
    close(found[name], alone, tolerance)
    for ours, theirs in zip(resumed.model.parameters(), one.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=10 * tolerance, atol=tolerance)


def test_the_load_of_experts_is_that_of_all_ranks(found):
    """Added up in another order: accumulated first, then over the ranks."""
    one = trainer(samples(4), model=EXPERTS, grad_accum_steps=4)
    alone = [one.train_step() for _ in range(2)]
    for parallel in ("ddp", "fsdp"):
        metrics, bias = found[f"experts-{parallel}"]
        close(metrics, alone, 1e-5)
        assert torch.equal(bias, one.model.layers[1].mlp.state_dict()["expert_bias"])
        assert bias.any()


def test_ranks_share_the_rows_of_any_batches(found):
    """Rows of unequal length: the loss is divided by the targets of both ranks."""
    one = trainer(DocumentBatches(TEXT, 16, 8))
    close(found["rows"], [one.train_step() for _ in range(2)], 1e-5)


def test_a_strategy_without_ranks_is_refused():
    with pytest.raises(InputError, match="expected a process group for fsdp, found none"):
        trainer(samples(4), parallel="fsdp")
