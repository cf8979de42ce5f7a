"""The command line: one line for bad input, the right exit status, and a model that writes."""

import os
import subprocess
import sys

import pytest
from scratchlm.cli.main import BROKEN_PIPE, COMMANDS, main
from scratchlm.tokenizer import Tokenizer


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


def scratchlm(*arguments, **environment):
    """Start a command in a process of its own, whose output nobody has begun to read."""
    program = [sys.executable, "-m", "scratchlm.cli.main", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(program, env={**os.environ, **environment}, **pipes)


@pytest.mark.parametrize("arguments", [["--help"], ["world", "--help"], ["tokenizer", "--load"]])
def test_nobody_reads_on(arguments, tmp_path):
    """As in `scratchlm tokenizer … | head -1`: no traceback, and a status of its own."""
    if "--load" in arguments:
        Tokenizer([]).save(tmp_path / "t.json")
        arguments = [*arguments, tmp_path / "t.json", "--show", "a few tokens " * 5000]
    process = scratchlm(*arguments)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == BROKEN_PIPE


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_output_is_utf8_whatever_the_encoding(encoding, tmp_path):
    Tokenizer([]).save(tmp_path / "t.json")
    options = ["tokenizer", "--load", tmp_path / "t.json", "--show"]
    process = scratchlm(*options, "你 ж", PYTHONIOENCODING=encoding)
    out, error = process.communicate()
    assert (process.returncode, error) == (0, b"")
    assert out.decode().splitlines()[3].split() == ["32", "20", "'", "'"]
    missing = scratchlm(
        "tokenizer", "--load", "你\udcff.json", "--show", "x", PYTHONIOENCODING=encoding
    )
    out, error = missing.communicate()
    assert missing.returncode == 2
    assert error.decode().startswith("scratchlm tokenizer: 你\\udcff.json: expected a file")


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
