"""`scratchlm corpus clean | classifier | mix`: from examples to a mixture, and what is refused."""

import json

import pytest
import tyro
from scratchlm import world
from scratchlm.cli.corpus import Corpus, run_corpus
from scratchlm.corpus import read_shard, shard_paths
from scratchlm.errors import InputError


def call(*arguments):
    run_corpus(tyro.cli(Corpus, args=[str(argument) for argument in arguments]))


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_from_examples_to_a_mixture(tmp_path, capsys):
    stories = [story.text for story in world.corpus("train", 30)]
    spam = ["cheap deals, buy now, win big, click here and be free of all that you have " * 5]
    french = ["Le chat de la voisine dort sur le mur et la pluie tombe dans le jardin. " * 5]
    labels = [("en", text) for text in stories[:9]] + [("fr", french[0])]
    write(tmp_path / "tongues.jsonl", [{"text": t, "label": label} for label, t in labels])
    kinds = [("good", text) for text in stories[:9]] + [("bad", text) for text in spam * 9]
    write(tmp_path / "kinds.jsonl", [{"text": t, "label": label} for label, t in kinds])
    write(tmp_path / "in.jsonl", [{"text": t} for t in stories + stories[:3] + spam + french])
    write(tmp_path / "evals.jsonl", [{"text": stories[-1]}])
    call("classifier", tmp_path / "tongues.jsonl", "--out", tmp_path / "tongues")
    call("classifier", tmp_path / "kinds.jsonl", "--out", tmp_path / "kinds", "--kind", "quality")
    assert "en, fr from 10 texts" in capsys.readouterr().out
    call("clean", tmp_path / "in.jsonl", "--out", tmp_path / "clean", "--steps", "language",
         "quality", "exact", "evals", "--language-model", tmp_path / "tongues",
         "--quality-model", tmp_path / "kinds", "--evals", tmp_path / "evals.jsonl")  # fmt: skip
    table = capsys.readouterr().out
    for rule in ("in fr 1", "quality 1", "copy 3", "contaminated 1"):
        assert rule in table
    (shard,) = shard_paths(tmp_path / "clean")
    assert [page.text for page in read_shard(shard)] == stories[:-1]
    call("mix", f"{tmp_path / 'clean'}=1", "--size", "40000", "--out", tmp_path / "mixed")
    assert "weight 1" in capsys.readouterr().out
    assert sum(shard.stat().st_size for shard in shard_paths(tmp_path / "mixed")) > 40_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "language"], "expected --language-model FILE"),
        (["--steps", "quality"], "expected --quality-model FILE"),
        (["--steps", "evals"], "expected --evals FILE"),
    ],
)
def test_steps_that_need_a_file_say_so(tmp_path, arguments, message):
    write(tmp_path / "in.jsonl", [{"text": "Hello."}])
    with pytest.raises(InputError, match=message):
        call("clean", tmp_path / "in.jsonl", "--out", tmp_path / "out", *arguments)


def test_bad_words_come_from_a_file(tmp_path, capsys):
    write(tmp_path / "in.jsonl", [{"text": "Holy cow! " * 9}, {"text": "It rained all day. " * 9}])
    (tmp_path / "words.txt").write_text("holy cow\n\n")
    call("clean", tmp_path / "in.jsonl", "--out", tmp_path / "out", "--steps", "c4",
         "--bad-words", tmp_path / "words.txt")  # fmt: skip
    assert "2 → 1" in capsys.readouterr().out


def test_what_is_no_example_or_no_share_is_refused(tmp_path):
    write(tmp_path / "in.jsonl", [{"text": "Hello."}])
    with pytest.raises(InputError, match=r'in\.jsonl: document 0: expected a field "label"'):
        call("classifier", tmp_path / "in.jsonl", "--out", tmp_path / "out")
    with pytest.raises(InputError, match="expected FOLDER=WEIGHT, found 'a'"):
        call("mix", "a", "--size", "9", "--out", tmp_path / "out")
