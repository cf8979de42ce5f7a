"""Folders as people have them: junk between the texts, pipes, outputs that cannot be."""

import gzip
import json
import os
import stat
import threading

import pyarrow
import pyarrow.parquet
import pytest
import tyro
from inputs import PAGE, SENTENCE, warc
from scratchlm.cli.corpus import Corpus, run_corpus
from scratchlm.corpus import (
    Pipeline,
    read,
    read_shard,
    shard_paths,
)
from scratchlm.errors import InputError


def command(capsys, *arguments):
    run_corpus(tyro.cli(Corpus, args=[str(argument) for argument in arguments]))
    return capsys.readouterr()


@pytest.fixture
def mess(tmp_path):
    """A folder with one good text, and with all that lies about in folders."""
    folder = tmp_path / "in put"
    (folder / "sub").mkdir(parents=True)
    (folder / "good.txt").write_text(SENTENCE)
    (folder / "none.jsonl").write_text('{"text": "One."}\n{"text": null}\n')
    (folder / "latin.txt").write_bytes("café".encode("latin1"))
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "sub" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "sub" / "empty.txt").touch()
    (folder / "dangling").symlink_to("nowhere")
    table = pyarrow.table({"text": ["Two.", None]})
    pyarrow.parquet.write_table(table, folder / "null.parquet")
    (folder / "null.warc").write_bytes(warc(b"", PAGE))
    return folder


COUNTS = {
    "blank": 1,
    "empty file": 1,
    "file of no known kind": 1,
    "file without a document": 1,
    "hidden": 1,
    "no text": 2,
    "not UTF-8": 1,
    "not a file": 1,
}


def test_a_folder_with_junk_is_cleaned_and_the_junk_is_counted(mess, tmp_path, capsys):
    out = mess / "out"  # inside of what is read, as people have it
    printed = command(capsys, "clean", mess, "--out", out, "--steps", "exact").out
    for reason, count in COUNTS.items():
        assert f"\n{count} {reason} (first: " in printed
    found = [page.text for path in shard_paths(out) for page in read_shard(path)]
    assert found == [SENTENCE, "One.", "Two."]  # the page's text is that of the file
    again = command(capsys, "clean", mess, "--out", out, "--steps", "exact").out
    assert again == printed
    printed = command(capsys, "clean", out, "--out", tmp_path / "two", "--steps", "exact").out
    assert "3 → 3" in printed
    assert "1 file of no known kind" in printed  # the manifest


def test_stopping_at_junk_leaves_the_folder_free(mess, tmp_path, capsys):
    clean = ["clean", "--steps", "exact", "--out", tmp_path / "out"]
    with pytest.raises(InputError, match=r"none\.jsonl: line at byte 17: expected an object"):
        command(
            capsys, "clean", mess / "none.jsonl", "--out", tmp_path / "out", "--on-error", "stop"
        )
    (mess / "none.jsonl").unlink()
    command(capsys, *clean, mess / "good.txt")
    with pytest.raises(InputError, match=r"expected a document in 1 files, found none: 1 empty"):
        Pipeline(()).run([mess / "sub" / "empty.txt"], tmp_path / "other")


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_the_text_may_stand_in_another_field(tmp_path, capsys, name):
    if name == "a.jsonl":
        (tmp_path / name).write_text('{"content": "One."}\n{"content": "Two."}\n')
    else:
        table = pyarrow.table({"content": ["One.", "Two."]})
        pyarrow.parquet.write_table(table, tmp_path / name)
    clean = ["clean", tmp_path / name, "--out", tmp_path / "out", "--steps", "exact"]
    with pytest.raises(InputError, match=r"found none: .*content.*--field"):
        command(capsys, *clean)
    assert "2 → 2" in command(capsys, *clean, "--field", "content").out
    printed = command(capsys, "read", tmp_path / name, "--field", "content", "--format", "text").out
    assert printed == "One.\n<|endoftext|>\nTwo.\n<|endoftext|>\n"


def test_the_remedies_for_latin_1_are_true(mess, tmp_path, capsys):
    """What the message offers exists, and does what it says."""
    latin = mess / "latin.txt"
    offered = command(capsys, "read", latin).err
    assert "expected UTF-8, found byte e9 at offset 3" in offered
    assert "--errors replace" in offered
    assert "caf\ufffd" in command(capsys, "read", latin, "--errors", "replace").out
    clean = ["clean", latin, "--steps", "exact", "--out"]
    assert "1 → 1" in command(capsys, *clean, tmp_path / "out", "--errors", "replace").out
    latin.write_bytes(latin.read_bytes().decode("latin1").encode())
    assert "1 → 1" in command(capsys, *clean, tmp_path / "other").out


@pytest.mark.parametrize("made", ["clean", "mix", "classifier", "village"])
def test_an_output_that_cannot_be_written_is_one_line(mess, tmp_path, capsys, made):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    (tmp_path / "labels.jsonl").write_text(
        '{"text": "yes", "label": "en"}\n{"text": "oui", "label": "fr"}\n'
    )
    command(capsys, "clean", mess / "good.txt", "--out", tmp_path / "clean", "--steps", "exact")
    commands = {
        "clean": (["clean", mess / "good.txt", "--out"], file),
        "mix": (["mix", f"{tmp_path / 'clean'}=1", "--size", "9", "--out"], file),
        "classifier": (["classifier", tmp_path / "labels.jsonl", "--out"], folder),
        "village": (["village", "--stories", "1", "--out"], folder),
    }
    arguments, out = commands[made]
    with pytest.raises(InputError, match=rf"{out.name}: expected a .*, found.*name "):
        command(capsys, *arguments, out)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["a.txt.gz", "a.jsonl", "a.warc"])
def test_a_pipe_is_read(tmp_path, name):
    data = {
        "a.txt.gz": gzip.compress(SENTENCE.encode()),
        "a.jsonl": json.dumps({"text": SENTENCE}).encode(),
        "a.warc": warc(PAGE),
    }
    pipe = tmp_path / "63"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data[name],))
    writer.start()
    assert [page.text for page in read(pipe)] == [SENTENCE]
    writer.join()
    with pytest.raises(InputError, match="63: expected a file, found a pipe"):
        Pipeline(()).run([pipe], tmp_path / "out")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"new\nline.jsonl", b"caf\xe9.png"])
def test_names_that_are_no_text(tmp_path, name, capsys):
    """Whatever a file is called, its documents and its faults can be written and printed."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text(SENTENCE)
    file = folder / os.fsdecode(name)
    file.write_text('{"text": "One."}\n{}' if name.endswith(b"jsonl") else "\x01")
    printed = command(capsys, "clean", folder, "--out", tmp_path / "out", "--steps", "exact").out
    pages = [page for path in shard_paths(tmp_path / "out") for page in read_shard(path)]
    assert SENTENCE in [page.text for page in pages]
    "".join([printed, *(page.id + page.source for page in pages)]).encode()


def test_numbers_that_make_no_sense(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(SENTENCE)
    for arguments in (
        ["read", tmp_path / "a.txt", "--limit", "-1"],
        ["read", tmp_path / "a.txt", "--start", "-1"],
        ["clean", tmp_path / "a.txt", "--out", tmp_path / "out", "--workers", "0"],
    ):
        with pytest.raises(InputError, match="at least"):
            command(capsys, *arguments)
    assert not (tmp_path / "out").exists()
