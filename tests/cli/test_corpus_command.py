"""`scratchlm corpus`: what it prints and writes, and what it refuses."""

import json

import pytest
import tyro
from scratchlm.cli.corpus import Corpus, run_corpus
from scratchlm.corpus import SEPARATOR, read_texts, registry
from scratchlm.errors import InputError
from scratchlm.world import corpus, read_story


def call(*arguments):
    run_corpus(tyro.cli(Corpus, args=list(arguments)))


def test_list_names_every_text_and_what_is_cached(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHLM_CACHE", str(tmp_path))
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / registry()["alice"].file).touch()
    call("list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(registry())
    assert [line.split()[0] for line in lines if " cached " in line] == ["alice"]


def test_get_refuses_an_unknown_name():
    with pytest.raises(InputError, match="found 'moby'"):
        call("get", "moby")


def test_village_writes_stories_that_can_be_read_back(tmp_path):
    file = tmp_path / "village.txt"
    call("village", "--stories", "20", "--split", "valid", "--out", str(file))
    texts = [text.removesuffix("\n") for text in read_texts(file, separator=SEPARATOR)]
    assert texts == [story.text for story in corpus("valid", 20)]
    assert all(read_story(text).text == text for text in texts)
    assert list(tmp_path.iterdir()) == [file]


def test_village_refuses_what_it_cannot_write(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="expected a file that can be written, found Is a dir"):
        call("village", "--stories", "1", "--out", str(tmp_path / "folder"))
    with pytest.raises(InputError, match="expected at least 1, found 0"):
        call("village", "--stories", "0", "--out", str(tmp_path / "a.txt"))
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_read_prints_documents_that_can_be_gone_on_from(tmp_path, capsys):
    file = tmp_path / "three.txt"
    file.write_text(f"\n{SEPARATOR}\n".join(["One.", "Two.", "Three."]))
    call("read", str(file), "--limit", "2")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["text"], second["text"]) == ("One.\n", "Two.\n")
    call("read", str(file), "--start", str(second["end"]), "--format", "text")
    assert capsys.readouterr().out == f"Three.\n{SEPARATOR}\n"


def test_read_text_can_be_read_again_as_text(tmp_path, capsys):
    file = tmp_path / "two.jsonl"
    file.write_text('{"text": "One."}\n{"text": "Two.\\n"}\n')
    call("read", str(file), "--format", "text")
    copy = tmp_path / "copy.txt"
    copy.write_text(capsys.readouterr().out)
    assert list(read_texts(copy, separator=SEPARATOR)) == ["One.\n", "Two.\n"]


def test_read_counts_damage_or_stops_at_it(tmp_path, capsys):
    file = tmp_path / "broken.jsonl"
    file.write_text('{"text": "One."}\n{"text": \n{"text": "Two."}\n')
    call("read", str(file))
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert "1 not JSON (first: " in printed.err
    with pytest.raises(InputError, match="line at byte 17: expected one JSON object"):
        call("read", str(file), "--on-error", "stop")


def test_read_refuses_a_file_of_no_known_kind(tmp_path):
    with pytest.raises(InputError, match=r"gone\.jsonl: expected a file that can be read"):
        call("read", str(tmp_path / "gone.jsonl"))
