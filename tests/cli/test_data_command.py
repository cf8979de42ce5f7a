"""`scratchlm data`: text in, shards out, and what is printed about them."""

import gzip
import json
import os
import re
from pathlib import Path

import pytest
import tyro
from scratchlm import world
from scratchlm.cli.data import Data, run_data
from scratchlm.cli.main import main
from scratchlm.corpus import SEPARATOR
from scratchlm.corpus.readers.chunks import Metered
from scratchlm.data import Shards, encode_document
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer, train_bpe


def call(*arguments):
    run_data(tyro.cli(Data, args=[str(argument) for argument in arguments]))


@pytest.fixture
def village(tmp_path):
    """Stories as a text file and as JSON Lines, and a tokenizer for them."""
    texts = [f"{story.text}\n" for story in world.corpus("train", 30)]
    (tmp_path / "a.txt").write_text(f"{SEPARATOR}\n".join(texts), "utf-8", newline="\n")
    lines = [json.dumps({"body": text, "stars": 4}) for text in texts]
    (tmp_path / "a.jsonl").write_text("\n\n".join(lines), "utf-8")
    tokenizer = train_bpe(texts, 400)
    tokenizer.save(tmp_path / "t.json")
    return tmp_path, texts, tokenizer


def test_text_and_json_lines_become_the_same_shards(village, capsys):
    folder, texts, tokenizer = village
    packing = ["--tokenizer", folder / "t.json", "--shard-tokens", 2000]
    call("pack", folder / "a.txt", *packing, "--out", folder / "one")
    call("pack", folder / "a.jsonl", *packing, "--out", folder / "two", "--field", "body")
    shards = Shards.load(folder / "one", tokenizer.fingerprint)
    rows = [shards.document(index).tolist() for index in range(len(shards))]
    assert rows == [encode_document(text, tokenizer) for text in texts]
    for path in (folder / "one").iterdir():
        assert path.read_bytes() == (folder / "two" / path.name).read_bytes()
    assert f"30 documents, {shards.tokens:,} tokens" in capsys.readouterr().out


@pytest.mark.parametrize("workers", [1, 2])
def test_both_encoders_write_the_same_shards(village, capsys, workers):
    folder, *_ = village
    packing = ["--tokenizer", folder / "t.json", "--shard-tokens", 2000, "--workers", workers]
    for encoder, said in [("ours", "our own encoder"), ("tiktoken", "tiktoken, with the same ids")]:
        out = folder / encoder
        call("pack", folder / "a.txt", *packing, "--out", out, "--encoder", encoder)
        assert f"encoded by {said}" in capsys.readouterr().out
    for path in (folder / "ours").iterdir():
        assert path.read_bytes() == (folder / "tiktoken" / path.name).read_bytes()


def test_a_folder_of_json_lines_is_read_in_order(village):
    folder, texts, tokenizer = village
    (folder / "parts").mkdir()
    for number in (2, 0, 1):
        lines = [json.dumps({"text": text}) for text in texts[10 * number : 10 * number + 10]]
        (folder / "parts" / f"{number}.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "parts" / "manifest.json").touch()
    rest = ["--tokenizer", folder / "t.json", "--out", folder / "out"]
    call("pack", folder / "parts", *rest)
    shards = Shards.load(folder / "out")
    rows = [shards.document(index).tolist() for index in range(len(shards))]
    assert rows == [encode_document(text, tokenizer) for text in texts]
    (folder / "parts" / "readme.md").touch()
    with pytest.raises(InputError, match="JSON Lines or plain text in this folder, found both"):
        call("pack", folder / "parts", *rest)


def test_show_counts_checks_and_estimates(village, capsys):
    folder, _, tokenizer = village
    call("pack", folder / "a.txt", "--tokenizer", folder / "t.json", "--out", folder / "out")
    capsys.readouterr()
    call("show", folder / "out", "--tokenizer", folder / "t.json", "--verify", "--seq-len", 512)
    first, shard, packed, cut, attention = capsys.readouterr().out.splitlines()
    assert first.startswith("1 shard, 30 documents")
    assert tokenizer.fingerprint[:12] in first
    assert re.match(r"00000\.shard +30 documents .* verified$", shard)
    assert re.match(r"packed into rows of 512 tokens: \d+ rows, [\d.]+ % full", packed)
    assert re.match(r"documents cut: [\d.]+ % by windows, [\d.]+ % by packing", cut)
    assert re.search(r"[\d,]+ pairs of tokens, [\d.]+ % of the [\d,]+ without", attention)


def test_a_stopped_run_goes_on(village):
    folder, *_ = village
    lines = (folder / "a.jsonl").read_text("utf-8")
    packing = ["--tokenizer", folder / "t.json", "--shard-tokens", 2000, "--field", "body"]
    (folder / "a.jsonl").write_text(f"{lines}\n{{cut", "utf-8")
    with pytest.raises(
        InputError, match=r"a\.jsonl: line at byte [\d,]+: expected one JSON object"
    ):
        call("pack", folder / "a.jsonl", *packing, "--out", folder / "one")
    with pytest.raises(InputError, match="run the same command again"):
        call("show", folder / "one")
    (folder / "a.jsonl").write_text(lines, "utf-8")
    call("pack", folder / "a.jsonl", *packing, "--out", folder / "one")
    call("pack", folder / "a.jsonl", *packing, "--out", folder / "two")
    for path in (folder / "one").iterdir():
        assert path.read_bytes() == (folder / "two" / path.name).read_bytes()


def test_a_changed_shard_is_named(village):
    folder, *_ = village
    call("pack", folder / "a.txt", "--tokenizer", folder / "t.json", "--out", folder / "out")
    path = folder / "out" / "00000.shard"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    call("show", folder / "out")
    with pytest.raises(InputError, match=r"00000\.shard: expected sha256"):
        call("show", folder / "out", "--verify")
    Tokenizer([]).save(folder / "other.json")
    with pytest.raises(InputError, match="expected ids of the tokenizer"):
        call("show", folder / "out", "--tokenizer", folder / "other.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": 7}', "line at byte 0: expected an object with a string 'text'"),
        ('{"text": "a"}\n[1]', r"line at byte 14: expected an object .*, found \[1\]"),
        ('{"txt": "a"}', "expected an object with a string 'text', found fields txt"),
        ("[" * 5000, "line at byte 0: expected one JSON object"),
        ("", "expected at least one document"),
    ],
)
def test_bad_lines_are_named(tmp_path, content, message):
    Tokenizer([]).save(tmp_path / "t.json")
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(InputError, match=message):
        call(
            "pack",
            tmp_path / "a.jsonl",
            "--tokenizer",
            tmp_path / "t.json",
            "--out",
            tmp_path / "o",
        )


def test_what_cannot_be_read_is_refused(tmp_path):
    Tokenizer([]).save(tmp_path / "t.json")
    rest = ["--tokenizer", tmp_path / "t.json", "--out", tmp_path / "out"]
    with pytest.raises(InputError, match="found nothing there"):
        call("pack", tmp_path / "none.jsonl", *rest)
    (tmp_path / "bad.txt").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match="expected UTF-8"):
        call("pack", tmp_path / "bad.txt", *rest)
    call("pack", tmp_path / "bad.txt", *rest, "--errors", "replace")
    (tmp_path / "dir.jsonl").mkdir()
    with pytest.raises(InputError, match="expected"):
        call("pack", tmp_path / "dir.jsonl", *rest)
    with pytest.raises(InputError, match="empty folder with `scratchlm data pack`"):
        call("show", tmp_path)


def test_compressed_lines_are_read_and_damaged_ones_counted(village, capsys):
    folder, texts, tokenizer = village
    lines = [json.dumps({"text": text}) for text in texts]
    lines[3:3] = ["{cut", '{"body": "elsewhere"}']
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    rest = ["--tokenizer", folder / "t.json", "--out", folder / "out"]
    with pytest.raises(InputError, match="--on-error skip"):
        call("pack", folder / "b.jsonl.gz", *rest)
    call("pack", folder / "b.jsonl.gz", *rest, "--on-error", "skip")
    shards = Shards.load(folder / "out")
    rows = [shards.document(index).tolist() for index in range(len(shards))]
    assert rows == [encode_document(text, tokenizer) for text in texts]
    printed = capsys.readouterr().out
    assert "1 not JSON" in printed
    assert "1 no text" in printed


def test_a_file_that_must_not_be_read_is_named(village, monkeypatch):
    folder, *_ = village

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Metered, "__init__", refuse)
    with pytest.raises(InputError, match=r"a\.jsonl: expected .* found: Permission denied"):
        call("pack", folder / "a.jsonl", "--tokenizer", folder / "t.json", "--out", folder / "o")


def test_what_the_system_forbids_is_one_line(village, monkeypatch, capsys):
    """Root may do everything, so the refusals are played."""
    folder, *_ = village
    (folder / "locked").mkdir()
    rest = ["--tokenizer", str(folder / "t.json"), "--out", str(folder / "out")]

    def guarded(allowed):
        def call(path, *arguments, **options):
            if "locked" in str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return allowed(path, *arguments, **options)

        return call

    monkeypatch.setattr(os, "scandir", guarded(os.scandir))
    (folder / "a.jsonl").unlink()
    assert main(["data", "pack", str(folder), *rest]) == 2
    assert "locked: expected a folder, found Permission denied" in capsys.readouterr().err
    monkeypatch.setattr(os, "stat", guarded(os.stat))
    assert main(["data", "pack", str(folder / "a.txt"), *rest[:2], "--out", "locked"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "locked/index.json: expected something to read or write" in line
    monkeypatch.setattr(Path, "open", guarded(Path.open))
    assert main(["data", "show", "locked"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "index.json: expected a file, found Permission denied; check its permissions" in line


def test_a_sequence_length_of_none_is_refused_before_anything_is_printed(village, capsys):
    folder, *_ = village
    call("pack", folder / "a.txt", "--tokenizer", folder / "t.json", "--out", folder / "out")
    capsys.readouterr()
    with pytest.raises(InputError, match="--seq-len of at least 1, found 0"):
        call("show", folder / "out", "--seq-len", 0)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_text_that_changed_between_two_runs_is_refused(village, change):
    folder, texts, _ = village
    rest = ["--tokenizer", folder / "t.json", "--out", folder / "out", "--shard-tokens", 2000]
    call("pack", folder / "a.txt", *rest)
    before = {path: path.read_bytes() for path in (folder / "out").iterdir()}
    changed = {
        "longer": [*texts, "One more.\n"],
        "shorter": texts[:-1],
        "other": ["Another one.\n", *texts[1:]],
    }[change]
    (folder / "a.txt").write_text(f"{SEPARATOR}\n".join(changed), "utf-8", newline="\n")
    with pytest.raises(InputError, match="another folder"):
        call("pack", folder / "a.txt", *rest)
    assert {path: path.read_bytes() for path in (folder / "out").iterdir()} == before


def test_a_public_corpus_becomes_shards(tmp_path, real_file, capsys):
    """Real web pages, with a tokenizer that never saw any of them."""
    path = real_file("text/c4-demo.jsonl")
    Tokenizer([]).save(tmp_path / "t.json")
    rest = ["--tokenizer", tmp_path / "t.json", "--out", tmp_path / "out"]
    call("pack", path, *rest, "--shard-tokens", 300_000)
    shards = Shards.load(tmp_path / "out")
    texts = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    assert len(shards) == len(texts)
    assert len(shards.shards) > 1
    assert all(
        bytes(shards.document(index)[1:].tolist()).decode() == text
        for index, text in enumerate(texts)
    )
