"""The command line: one line for bad input, the right exit status, and a model that writes."""

import io
import os
import subprocess
import sys

import pytest
from scratchlm.cli.main import BROKEN_PIPE, COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"usage: scratchlm {command}" in capsys.readouterr().out


def test_bad_input_is_one_line_and_status_2(capsys):
    assert main(["generate", "--model", "nowhere"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("scratchlm generate: nowhere: expected")
    assert printed.count("\n") == 1


def test_an_unknown_command_lists_the_known_ones(capsys):
    assert main(["sing"]) == 2
    printed = capsys.readouterr().err
    assert all(command in printed for command in COMMANDS)


def test_the_shipped_model_continues_a_text():
    program = [
        sys.executable,
        "-m",
        "scratchlm.cli.main",
        "generate",
        "Long ago",
        "--max-new-tokens",
        "20",
    ]
    first, second = (
        subprocess.run(program, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert first.stdout == second.stdout
    assert first.stdout.startswith("Long ago")
    assert len(first.stdout) > 30


def test_the_zoo_lists_its_models(capsys):
    assert main(["zoo", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("base ")


class Pipe(io.TextIOWrapper):
    """Standard output into a pipe that nobody reads any more, as behind `head`."""

    def __init__(self):
        reading, writing = os.pipe()
        os.close(reading)
        super().__init__(io.BufferedWriter(io.FileIO(writing, "w")), encoding="ascii")


@pytest.mark.parametrize("arguments", [["zoo", "list"], ["--help"], ["world", "--help"]])
def test_output_that_nobody_reads_ends_quietly(monkeypatch, capsys, arguments):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Pipe())
        assert main(arguments) == BROKEN_PIPE
        sys.stdout.close()
    assert capsys.readouterr().err == ""


def test_letters_that_the_code_page_lacks_are_written(monkeypatch):
    bytes_written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_written, encoding="cp1252"))
    assert main(["generate", "Żółw 😊", "--max-new-tokens", "0"]) == 0
    sys.stdout.flush()
    assert bytes_written.getvalue().decode("utf-8") == "Żółw 😊\n"


def test_a_file_whose_name_is_no_text_is_named(monkeypatch):
    bytes_written = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(bytes_written, encoding="ascii"))
    assert main(["tokenizer", "--load", "你\udcff.json", "--show", "x"]) == 2
    sys.stderr.flush()
    assert bytes_written.getvalue().decode().startswith("scratchlm tokenizer: 你\\udcff.json: exp")
