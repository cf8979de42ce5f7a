"""`scratchlm evaluate`: the ladder it prints is the one the package measures."""

import math
import random
import re

import pytest
import tyro
from scratchlm.cli.evaluate import Evaluate, run_evaluate
from scratchlm.errors import InputError
from scratchlm.evaluation import NGram, bits_per_byte
from scratchlm.interop import Controls, save
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.world import corpus


def call(*arguments):
    run_evaluate(tyro.cli(Evaluate, args=[str(argument) for argument in arguments]))


def ladder(capsys):
    rows = re.findall(r"^ *(\d+\.\d+) +[\d.]+ %  (.+)$", capsys.readouterr().out, re.MULTILINE)
    return {name: float(bits) for bits, name in rows}


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "own.txt"
    file.write_text("\n\n".join(story.text for story in corpus("train", 40)), encoding="utf-8")
    return file


def test_the_last_tenth_of_a_text_is_held_out(text, capsys):
    call("--text", text, "--orders", 0, 4)
    found = ladder(capsys)
    whole = text.read_text(encoding="utf-8")
    cut = round(len(whole) * 0.9)
    expected = bits_per_byte(NGram.train([whole[:cut]], 4).nats, [whole[cut:]])
    assert found["4 bytes of context"] == pytest.approx(expected, abs=1e-3)
    assert found["uniform"] == 8
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_a_model_gets_a_rung_by_its_own_guesses(text, tmp_path, capsys):
    tokenizer = train_bpe([text.read_text(encoding="utf-8")], 300)
    model = Transformer(ModelConfig(300, max_seq_len=32, d_model=8, n_layers=1, n_heads=1))
    model.embed_tokens.weight.data.zero_()  # so that every guess is uniform over the tokens
    save(tmp_path / "model", model, tokenizer)
    call("--text", text, "--model", tmp_path / "model", "--orders", 0)
    whole = text.read_text(encoding="utf-8")
    held_out = whole[round(len(whole) * 0.9) :]
    expected = len(tokenizer.encode(held_out)) * math.log2(300) / len(held_out.encode())
    assert ladder(capsys)[f"the model in {tmp_path / 'model'}"] == pytest.approx(expected, abs=1e-3)


def test_a_published_model_begins_texts_with_its_own_token(text, tmp_path, capsys):
    tokenizer = Tokenizer([], special_tokens=["<s>"])
    model = Transformer(ModelConfig(257, max_seq_len=32, d_model=8, n_layers=1, n_heads=1))
    model.embed_tokens.weight.data.zero_()
    save(tmp_path / "model", model, tokenizer, controls=Controls((), (256,), frozenset()))
    call("--text", text, "--model", tmp_path / "model", "--orders", 0)
    found = ladder(capsys)[f"the model in {tmp_path / 'model'}"]
    assert found == pytest.approx(math.log2(257), abs=1e-3)


def test_without_a_text_the_ladder_is_the_villages(capsys):
    call("--orders", 0)
    found = ladder(capsys)
    assert found["floor"] == min(found.values())
    assert 0.1 < found["floor"] < 0.2


def test_noise_is_not_compressed_by_any_rung(tmp_path, capsys):
    (tmp_path / "noise.txt").write_text("".join(random.Random(0).choices("01", k=40_000)))
    call("--text", tmp_path / "noise.txt")
    bits = ladder(capsys)
    assert all(value > 0.99 for value in bits.values())


def test_what_cannot_be_used_is_refused(text, tmp_path):
    (tmp_path / "short.txt").write_text("a")
    for arguments, message in (
        (["--text", tmp_path / "short.txt"], "expected enough text to hold out 10%"),
        (["--text", tmp_path / "gone.txt"], "found nothing there"),
        (["--text", text, "--share", 1.5], "between 0 and 1, found 1.5"),
        (["--text", text, "--orders", -1], "expected numbers of 0 or more"),
        (["--text", text, "--model", tmp_path], "expected a folder with config.json"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            call(*arguments)


def test_a_tokenizer_of_another_model_is_refused(text, tmp_path):
    model = Transformer(ModelConfig(257, max_seq_len=8, d_model=4, n_layers=1, n_heads=1))
    save(tmp_path, model, train_bpe(["aa aa aa"], 258))
    with pytest.raises(InputError, match="of at most 257 tokens, found one of 258"):
        call("--text", text, "--model", tmp_path)
