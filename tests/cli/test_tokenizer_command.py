"""`scratchlm tokenizer`: what it writes and prints, and what it refuses."""

import json
import shlex
from typing import get_args

import pytest
import tyro
from scratchlm import world
from scratchlm.cli.tokenizer import TRAINERS, Pattern, TokenizerOptions, run_tokenizer
from scratchlm.corpus import SEPARATOR
from scratchlm.errors import InputError
from scratchlm.storage import fingerprint
from scratchlm.tokenizer import (
    CHAT_SPECIAL_TOKENS,
    PRETOKEN_PATTERNS,
    load_tiktoken,
    train_bpe,
)
from scratchlm.tokenizer import Tokenizer as Trained


def call(*arguments):
    run_tokenizer(tyro.cli(TokenizerOptions, args=list(map(str, arguments))))


@pytest.fixture
def stories(tmp_path):
    file = tmp_path / "stories.txt"
    texts = [f"{story.text}\n" for story in world.corpus("train", 20)]
    file.write_text(f"{SEPARATOR}\n".join(texts), "utf8", newline="\n")
    return file, texts


def test_it_trains_on_a_file(tmp_path, stories, capsys):
    file, texts = stories
    call("--text", file, "--vocab-size", 400, "--out", tmp_path / "t.json")
    assert Trained.load(tmp_path / "t.json") == train_bpe(texts, 400)
    assert "400 tokens" in capsys.readouterr().out


def test_it_trains_on_a_folder(tmp_path, stories):
    file, texts = stories
    (tmp_path / "folder").mkdir()
    file.rename(tmp_path / "folder" / "stories.txt")
    call("--text", tmp_path / "folder", "--vocab-size", 300, "--out", tmp_path / "t.json")
    assert Trained.load(tmp_path / "t.json") == train_bpe(texts, 300)


def test_it_trains_on_what_the_pipeline_writes(tmp_path, stories):
    _, texts = stories
    (tmp_path / "clean").mkdir()
    for number in range(2):  # of the two shards, the first one is empty
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts[:number] * 20)
        (tmp_path / "clean" / f"{number}.jsonl").write_text(lines)
    (tmp_path / "clean" / "manifest.json").touch()
    call("--text", tmp_path / "clean", "--vocab-size", 300, "--out", tmp_path / "t.json")
    assert Trained.load(tmp_path / "t.json") == train_bpe(texts[:1] * 20, 300)


def test_it_shows_every_token_of_a_text(tmp_path, capsys):
    Trained([(104, 105)]).save(tmp_path / "t.json")
    call("--load", tmp_path / "t.json", "--show", "hi 😊<|endoftext|>")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["256", "68", "69", "'hi'"]
    assert [line.split()[1] for line in lines[2:6]] == ["f0", "9f", "98", "8a"]
    assert len(lines) == 6 + len("<|endoftext|>")


def test_it_says_when_the_text_is_too_small_for_the_vocabulary(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("aa aa")
    call("--text", tmp_path / "a.txt", "--out", tmp_path / "t.json")
    assert "4,096 were asked for" in capsys.readouterr().out


@pytest.mark.parametrize("algorithm", TRAINERS)
def test_it_trains_and_loads_every_algorithm(tmp_path, stories, capsys, algorithm):
    file, texts = stories
    own, again = tmp_path / "own.json", tmp_path / "again.json"
    options = ["--vocab-size", 300, "--chat", "--workers", 2, "--pattern", "digits-from-right"]
    call("--text", file, "--algorithm", algorithm, *options, "--out", own)
    trained = Trained.load(own)
    assert tuple(trained.special_tokens) == CHAT_SPECIAL_TOKENS
    assert trained.pattern == PRETOKEN_PATTERNS["digits-from-right"]
    assert trained.algorithm.name == NAMES[algorithm]
    call("--load", own, "--out", again)
    assert again.read_bytes() == own.read_bytes()
    lengths = f"{trained.vocab_size} tokens, {mean_bytes(trained, texts):.2f} bytes each"
    assert lengths in capsys.readouterr().out


def mean_bytes(trained, texts):
    return sum(map(len, map(str.encode, texts))) / sum(len(trained.encode(t)) for t in texts)


NAMES = {
    "bpe": "BPE",
    "bytes": "BPE",
    "wordpiece": "WordPiece",
    "characters": "WordPiece",
    "unigram": "Unigram",
}


def test_it_exchanges_ranks(tmp_path, stories):
    own, ranks = tmp_path / "own.json", tmp_path / "some.tiktoken"
    call("--text", stories[0], "--vocab-size", 300, "--out", own)
    call("--load", own, "--out", ranks)
    assert load_tiktoken(ranks, pattern=PRETOKEN_PATTERNS["gpt2"]) == Trained.load(own)
    call("--load", ranks, "--pattern", "gpt4", "--chat", "--out", tmp_path / "again.json")
    again = Trained.load(tmp_path / "again.json")
    assert again.merges == Trained.load(own).merges
    assert again.special_tokens["<|im_end|>"] == 301
    with pytest.raises(InputError, match="which does not say how text is pre-tokenized"):
        call("--load", ranks, "--show", "x")


def test_it_converts_a_file_of_the_first_version(tmp_path):
    parts = {"pattern": PRETOKEN_PATTERNS["gpt2"], "specials": [], "merges": [[104, 105]]}
    head = {"format": "scratchlm tokenizer", "version": 1, "sha256": fingerprint(parts)}
    old = tmp_path / "t.json"
    old.write_text(json.dumps(head | parts))
    with pytest.raises(InputError) as refused:
        call("--load", old, "--show", "x")
    call(*shlex.split(str(refused.value).split("scratchlm tokenizer ")[1]))
    assert Trained.load(old) == Trained([(104, 105)], special_tokens=())


def test_every_pattern_can_be_named():
    assert get_args(Pattern) == tuple(PRETOKEN_PATTERNS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --text"),
        (["--load", "t.json", "--convert", "t.json"], "either --text"),
        (["--convert", "none.json", "--show", "x"], "none.json: expected a file, found No such"),
        (["--load", "none.tiktoken", "--show", "x"], "none.tiktoken: expected a file, found No"),
        (["--load", "a.txt", "--chat", "--show", "x"], "a.txt: expected no --pattern and no --"),
        (["--text", "a.txt", "--workers", "0"], "workers: expected at least 1"),
        (
            ["--text", "a.txt", "--algorithm", "unigram", "--out", "u.tiktoken"],
            "expected a byte-pair encoding, found Unigram",
        ),
        (["--text", "a.txt", "--load", "t.json"], "either --text"),
        (["--load", "t.json"], "expected --show"),
        (["--load", "none.json", "--show", "x"], "none.json: expected a file, found"),
        (["--text", "none.txt"], "none.txt: expected a file or a folder"),
        (["--text", "a.txt", "--vocab-size", "256"], "expected at least 257"),
        (["--text", "a.txt", "--out", "a.txt/t.json"], "a.txt: expected a folder, found a file"),
        (["--text", "bad.txt"], "bad.txt: expected UTF-8, found byte ff at offset 2"),
    ],
)
def test_it_refuses_what_it_cannot_use(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("some text, some text")
    (tmp_path / "bad.txt").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match=message):
        call(*arguments)


def test_bad_bytes_are_replaced_when_asked_for(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"ab\xff ab\xff")
    call("--text", tmp_path / "bad.txt", "--errors", "replace", "--out", tmp_path / "t.json")
    assert "\ufffd".encode() in map(Trained.load(tmp_path / "t.json").token_bytes, range(260))
