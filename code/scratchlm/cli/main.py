"""`scratchlm COMMAND`: finds the command, and turns bad input into one line."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import get_type_hints

import tyro

from scratchlm.errors import InputError

BROKEN_PIPE = 141  # as a shell counts a program that this ended: 128 and the signal's number
COMMANDS = {
    "corpus": "fetch public texts, read crawls and dumps, clean and mix them, or write stories",
    "world": "write the village's crawl, encyclopedia or forum, with labels",
    "tokenizer": "learn a tokenizer from text, convert one, show the tokens of a text",
    "data": "turn text into token shards, and show what a folder of them holds",
    "model": "count the parameters, operations and memory of a model",
    "pretrain": "train a language model on your own text",
    "evaluate": "place a text and a model on the ladder of bits per byte",
    "generate": "let a model continue a text",
    "chat": "talk with a model that was trained for it",
    "zoo": "list the models that ship with the book, and train them again",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    It prints UTF-8 whatever the encoding of the terminal, and ends quietly where nobody reads on.

    Args:
        arguments: What follows ``scratchlm``; by default the process's own.

    Returns:
        The exit status: 0, or 2 for input that cannot be used.

    >>> main(["sing"])
    2
    """
    write_utf8()
    try:
        try:
            return run_command(
                *list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
            )
        finally:
            sys.stdout.flush()  # here rather than when the interpreter ends
    except BrokenPipeError:  # as of `scratchlm zoo list | head -1`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def run_command(name: str, *rest: str) -> int:
    """Find the command and run it; only its own module is imported, so that some need no torch.

    Args:
        name: The command.
        rest: What follows it.

    Returns:
        The exit status.
    """
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"scratchlm: expected a command, found {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    run = getattr(import_module(f"scratchlm.cli.{name}"), f"run_{name}")
    try:
        run(tyro.cli(get_type_hints(run)["options"], args=rest, prog=f"scratchlm {name}"))
    except InputError as error:
        print(f"scratchlm {name}: {error}", file=sys.stderr)
        return 2
    except PermissionError as error:
        print(
            f"scratchlm {name}: {error.filename}: expected something to read or write, found "
            f"{error.strerror}; check its permissions, and its folder's",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt as stop:
        print("; ".join([f"scratchlm {name}: stopped", *map(str, stop.args)]), file=sys.stderr)
        return 130
    return 0


def write_utf8() -> None:
    """Write UTF-8, whatever the system's code page: texts are in all the world's letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def usage() -> str:
    """List the commands.

    >>> usage().splitlines()[0]
    'usage: scratchlm COMMAND [options]; scratchlm COMMAND --help says more'
    """
    lines = [f"  {name:10} {what}" for name, what in COMMANDS.items()]
    first = "usage: scratchlm COMMAND [options]; scratchlm COMMAND --help says more"
    return "\n".join([first, "", *lines])


if __name__ == "__main__":
    sys.exit(main())
