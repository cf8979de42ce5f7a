"""`scratchlm pretrain`: from a text to a model that writes, in one command, and on after a kill."""

import errno
import json
import os
import signal

import pytest
import torch
import tyro
from scratchlm.cli import pretrain
from scratchlm.cli.main import main
from scratchlm.cli.pretrain import Pretrain, run_pretrain
from scratchlm.data import Shards, open_shards, write_shards
from scratchlm.errors import InputError
from scratchlm.inference import SamplingParams, generate_text
from scratchlm.interop import load_folder, load_model
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.training.loop import CHECKPOINT, LOG
from scratchlm.world import corpus

SMALL = ["--size", "mini", "--seq-len", "32", "--batch-size", "4"]


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "village.txt"
    file.write_text("\n\n".join(story.text for story in corpus("train", 40)), encoding="utf-8")
    return file


def call(*arguments):
    run_pretrain(tyro.cli(Pretrain, args=[str(argument) for argument in arguments]))


def test_a_text_becomes_a_model_that_writes(text, tmp_path, capsys):
    out = tmp_path / "model"
    call("--text", text, "--out", out, "--steps", 30, "--vocab-size", 300, *SMALL)
    printed = capsys.readouterr().out
    loaded = load_folder(out)
    model, notes = loaded.model, loaded.notes
    assert f"{notes['bits_per_byte']:.3f} bits per byte" in printed
    assert notes["bits_per_byte"] < 6  # 8 is a blind guess
    tokenizer = Tokenizer.load(out / "tokenizer.json")
    pieces = generate_text(
        model, tokenizer, "Long ago", sampling=SamplingParams(), max_new_tokens=40
    )
    assert len("".join(pieces)) > 20


def test_minutes_are_turned_into_steps_once(text, tmp_path):
    out = tmp_path / "model"
    call("--text", text, "--out", out, "--minutes", "0.02", *SMALL)
    first = load_model(out).state_dict()
    call("--text", text, "--out", out, "--minutes", "0.02", *SMALL)  # nothing is left to do
    again = load_model(out).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_stopped_run_goes_on_to_the_same_weights(text, tmp_path, monkeypatch):
    """The last checkpoint is that of step 100."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    call("--text", text, "--out", whole, "--steps", 110, *SMALL)

    def interrupted(*arguments, **options):
        for report in train(*arguments, **options):
            if report.step == 105:
                raise KeyboardInterrupt
            yield report

    train = pretrain.train
    monkeypatch.setattr(pretrain, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call("--text", text, "--out", cut, "--steps", 110, *SMALL)
    monkeypatch.undo()
    call("--text", text, "--out", cut, "--steps", 110, *SMALL)
    first, second = load_model(whole).state_dict(), load_model(cut).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_keeps_the_dtype_it_began_with(text, tmp_path, monkeypatch):
    """Its folder may have come from a machine with another processor."""
    out = tmp_path / "model"
    monkeypatch.setattr(pretrain, "native_dtype", lambda device: "bfloat16")
    call("--text", text, "--out", out, "--steps", 3, *SMALL)
    monkeypatch.setattr(pretrain, "native_dtype", lambda device: "float32")
    options = Pretrain(text=text, out=out, steps=3, size="mini", seq_len=32, batch_size=4)
    plan = TrainConfig(steps=3, weight_decay=0.1, dtype="bfloat16")
    assert pretrain.begin(options)[1].config == plan


def test_every_setting_of_training_is_an_option(text, tmp_path):
    """What decides the weights is kept; where they are computed may change on the way."""
    out = tmp_path / "model"
    usual = ["--text", text, "--out", out, "--steps", 4, "--dtype", "float32", *SMALL]
    chosen = ["--lr", "0.001", "--optimizer", "adamw", "--schedule", "cosine", "--warmup-steps", 2]
    chosen += ["--grad-accum-steps", 2, "--max-grad-norm", "0.5", "--loss-chunk-size", 50]
    call(*usual, *chosen, "--eval-interval", 2)
    plan = pretrain.RUN.load(out / "settings.json").plan
    assert plan == TrainConfig(
        4,
        lr=0.001,
        optimizer="adamw",
        schedule="cosine",
        warmup_steps=2,
        grad_accum_steps=2,
        max_grad_norm=0.5,
        loss_chunk_size=50,
        weight_decay=0.1,
    )
    lines = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines if "eval_loss" in line] == [2, 4]
    call(*usual, *chosen, "--device", "cpu", "--tensorboard")  # done, and told once more
    with pytest.raises(InputError, match="found another lr"):
        call(*usual, *chosen, "--lr", "0.002")


@pytest.fixture
def shards(tmp_path):
    """Two folders of shards, of a village and of a shout, and their tokenizer."""
    texts = [story.text for story in corpus("train", 40)]
    tokenizer = train_bpe(texts, 300)
    tokenizer.save(tmp_path / "t.json")
    write_shards(texts, tokenizer, tmp_path / "village", 4000)
    write_shards(["Hey! Ho! " * 9] * 60, tokenizer, tmp_path / "shout", 4000)
    return tmp_path


def test_shards_become_a_model_and_a_cut_run_goes_on(shards, capsys, monkeypatch):
    source = ["--shards", shards / "village", "--tokenizer", shards / "t.json"]
    call(*source, "--out", shards / "whole", "--steps", 110, *SMALL)
    printed = capsys.readouterr().out
    parts = Shards.load(shards / "village").shards
    assert f"{sum(len(part.tokens) for part in parts[:-1]):,} tokens to learn" in printed
    loaded = load_folder(shards / "whole")
    model, notes = loaded.model, loaded.notes
    assert 2 < notes["bits_per_byte"] < 6
    tokenizer = Tokenizer.load(shards / "whole" / "tokenizer.json")
    assert (
        len("".join(generate_text(model, tokenizer, sampling=SamplingParams(), max_new_tokens=40)))
        > 20
    )

    def killed(*arguments, **options):
        for report in train(*arguments, **options):
            if report.step == 105:
                raise KeyboardInterrupt
            yield report

    train = pretrain.train
    monkeypatch.setattr(pretrain, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        call(*source, "--out", shards / "cut", "--steps", 110, *SMALL)
    monkeypatch.undo()
    call(*source, "--out", shards / "cut", "--steps", 110, *SMALL)
    again = load_model(shards / "cut").state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in model.state_dict().items())


def test_sources_are_mixed_by_their_weights_and_their_last_shards_held_out(shards):
    text = open_shards([shards / "village", shards / "shout"], shards / "t.json", [1, 3])
    batches = text.batches(64, 4, seed=0)
    shout = text.tokenizer.encode("!")[0]
    shouted = [
        int((batches.batch(number).input_ids == shout).any(dim=1).sum()) for number in range(20)
    ]
    assert 55 <= sum(shouted) <= 75  # 3 of 4 rows; in the village few people shout
    last = [Shards.load(shards / name).shards[-1] for name in ("village", "shout")]
    assert len(text.held_out) == sum(map(len, last))
    assert text.tokens + len(text.held_out.tokens) == sum(
        Shards.load(shards / name).tokens for name in ("village", "shout")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --text or --shards"),
        (["--shards", "village", "--text", "t.json"], "either --text or --shards"),
        (["--shards", "village"], "expected --tokenizer beside --shards"),
        (["--shards", "one", "--tokenizer", "t.json"], "at least two shards"),
        (["--shards", "village", "--tokenizer", "other.json"], "expected ids of the tokenizer"),
        (["--shards", "village", "--tokenizer", "t.json", "--weights", "1", "2"], "one for each"),
        (["--shards", "t.json", "--tokenizer", "t.json"], "t.json"),
    ],
)
def test_sources_that_do_not_go_together_are_refused(shards, monkeypatch, arguments, message):
    monkeypatch.chdir(shards)
    Tokenizer([]).save(shards / "other.json")
    write_shards(["All in one."], Tokenizer.load(shards / "t.json"), shards / "one")
    with pytest.raises(InputError, match=message):
        call(*arguments, "--out", "model", "--steps", 2, *SMALL)


def test_other_settings_in_the_same_folder_are_refused(text, tmp_path):
    out = tmp_path / "model"
    call("--text", text, "--out", out, "--steps", 3, *SMALL)
    with pytest.raises(InputError, match="another steps"):
        call("--text", text, "--out", out, "--steps", 4, *SMALL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--batch-size", "0"], "expected --batch-size of at least 1, found 0"),
        (["--steps", "0"], "expected --steps of at least 1, found 0"),
        (["--steps", "-3"], "expected --steps of at least 1, found -3"),
        (["--minutes", "0"], "expected --minutes above 0, found 0"),
        (["--minutes", "nan"], "expected --minutes above 0, found nan"),
        (["--size", "huge"], "found 'huge'"),
        (["--seq-len", "0"], "expected --seq-len of at least 1, found 0"),
        (["--vocab-size", "3"], "found 3"),
        (["--eval-interval", "-1"], "expected --eval-interval from 0 on, found -1"),
        (["--device", "cuda"], "found 'cuda'; use auto"),
        (["--weight-decay", "nan"], "expected a weight_decay from 0 on, found nan"),
    ],
)
def test_a_refused_run_does_not_claim_the_folder(text, tmp_path, monkeypatch, wrong, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    out = tmp_path / "model"
    usual = ["--text", text, "--out", out, "--steps", 2, *SMALL]
    with pytest.raises(InputError, match=message):
        call(*usual, *wrong)
    assert not out.exists()


def test_ctrl_c_saves_the_step_that_it_interrupts(text, tmp_path, monkeypatch, capsys):
    # A shell that runs things in the background may have made us deaf.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    call("--text", text, "--out", whole, "--steps", 6, *SMALL)
    advance = Trainer.train_step

    def interrupted(trainer):
        if trainer.step == 3:
            signal.raise_signal(signal.SIGINT)
        return advance(trainer)

    monkeypatch.setattr(Trainer, "train_step", interrupted)
    arguments = map(str, ["pretrain", "--text", text, "--out", cut, "--steps", 6, *SMALL])
    assert main(list(arguments)) == 130
    assert f"goes on from the last checkpoint in {cut}" in capsys.readouterr().err
    assert (cut / CHECKPOINT).exists()
    monkeypatch.undo()
    call("--text", text, "--out", cut, "--steps", 6, *SMALL)
    lines = (cut / LOG).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    first, second = load_model(whole).state_dict(), load_model(cut).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_disk_that_is_full_for_a_while_costs_nothing(text, tmp_path, monkeypatch):
    """Whatever could not be forced to the disk, the same command writes once it can be."""
    monkeypatch.setattr(pretrain, "sample_text", lambda model, text: "")
    arguments = ["--text", text, "--steps", 3, *SMALL]
    call(*arguments, "--out", tmp_path / "whole")
    whole = load_model(tmp_path / "whole").state_dict()
    moment, full = 1, True
    while full:
        forced = iter(range(1, 100))

        def force(descriptor, moment=moment, forced=forced):
            if next(forced) == moment:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", force)
        try:
            call(*arguments, "--out", out := tmp_path / str(moment))
            full = False
        except InputError as error:
            assert "found No space left on device; free some space" in str(error)  # noqa: PT017
            call(*arguments, "--out", out)
            found = load_model(out).state_dict()
            assert all(torch.equal(whole[name], found[name]) for name in whole)
            assert not list(out.glob(".*"))
            moment += 1
    assert moment > 6


def test_a_file_that_is_no_settings_is_refused(text, tmp_path):
    (out := tmp_path / "model").mkdir()
    (out / "settings.json").write_text('{"editor.fontSize": 12}')
    with pytest.raises(InputError, match=r"settings\.json: expected a scratchlm pretraining run"):
        call("--text", text, "--out", out, "--steps", 3, *SMALL)


def test_a_damaged_checkpoint_is_named(text, tmp_path):
    out = tmp_path / "model"
    call("--text", text, "--out", out, "--steps", 3, *SMALL)
    (out / CHECKPOINT).write_bytes(b"{}")
    with pytest.raises(InputError, match=str(out / CHECKPOINT)):
        call("--text", text, "--out", out, "--steps", 3, *SMALL)


def test_text_that_cannot_be_used_is_refused(tmp_path):
    file, out = tmp_path / "text.txt", tmp_path / "model"
    with pytest.raises(InputError, match=r"text\.txt"):
        call("--text", file, "--out", out)
    file.write_bytes(b"ab\xffcd" * 500)
    with pytest.raises(InputError, match="2"):
        call("--text", file, "--out", out)
    call("--text", file, "--out", out, "--errors", "replace", "--steps", 2, *SMALL)
    file.write_text("   \n")
    with pytest.raises(InputError):
        call("--text", file, "--out", tmp_path / "other")
    file.write_text("Too short to learn from, in any case.")
    with pytest.raises(InputError, match="expected"):
        call("--text", file, "--out", tmp_path / "third", "--vocab-size", 100)
