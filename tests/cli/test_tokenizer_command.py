"""`scratchlm tokenizer`: what it writes and prints, and what it refuses."""

import pytest
import tyro
from scratchlm import world
from scratchlm.cli.tokenizer import Tokenizer, run
from scratchlm.corpus import SEPARATOR
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer as Trained
from scratchlm.tokenizer import train_bpe


def call(*arguments):
    run(tyro.cli(Tokenizer, args=list(map(str, arguments))))


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --text"),
        (["--text", "a.txt", "--load", "t.json"], "either --text"),
        (["--load", "t.json"], "expected --show"),
        (["--load", "none.json", "--show", "x"], "none.json: expected a tokenizer's file"),
        (["--text", "none.txt"], "none.txt: expected a file or a folder"),
        (["--text", "a.txt", "--vocab-size", "256"], "expected at least 257"),
        (["--text", "a.txt", "--out", "a.txt/t.json"], "expected a file that can be written"),
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
