"""`scratchlm zoo`: the models that ship with the book."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from scratchlm import zoo
from scratchlm.interop.gguf import gguf_config
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.model import count_parameters
from scratchlm.zoo import smollm2


@dataclass(frozen=True)
class List:
    """Print every shipped model with its marks."""


@dataclass(frozen=True)
class Train:
    """Train a model from its recipe; run again, it goes on where it was cut off."""

    name: tyro.conf.Positional[str]
    """Which recipe."""
    out: Path
    """The folder to write."""


@dataclass(frozen=True)
class Verify:
    """Train a shipped model again and compare the two."""

    name: tyro.conf.Positional[str]
    """Which model."""
    out: Path = Path("verify")
    """Where to train; a run that was cut off goes on."""


@dataclass(frozen=True)
class Zoo:
    """The models that ship with the book: list them, train them again, compare."""

    action: tyro.conf.OmitSubcommandPrefixes[
        Annotated[List, tyro.conf.subcommand("list")]
        | Annotated[Train, tyro.conf.subcommand("train")]
        | Annotated[Verify, tyro.conf.subcommand("verify")]
    ]
    """What to do."""


def run_zoo(options: Zoo) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: There is no such model, or it is not what its recipe makes.
    """
    match options.action:
        case List():
            for name in zoo.shipped():
                print(describe_shipped(name))
            print(describe_published())
        case Train(name, out):
            zoo.build(zoo.recipe(name), out)
            print(f"{out}: {zoo.load(out).notes['score']}")
        case Verify(name, out):
            print(zoo.verify(name, out))


def describe_shipped(name: str) -> str:
    """A model in a line.

    >>> describe_shipped("base").split()[0]
    'base'
    """
    loaded = zoo.load(name)
    size = f"{loaded.model.parameter_count() / 1e6:.2f} M parameters"
    marks = ", ".join(f"{key} {value}" for key, value in loaded.notes.get("score", {}).items())
    return f"{name:10} {size}; {marks or 'a snapshot of the run'}"


def describe_published() -> str:
    """The published model in a line, or how to get it.

    >>> describe_published().split()[0]
    'smollm2'
    """
    if not smollm2.is_installed():
        return f"{smollm2.NAME:10} not there yet; get it: {smollm2.INSTALL}"
    config = gguf_config(GGUFFile(smollm2.find_file()))
    size = f"{count_parameters(config).total / 1e6:.2f} M parameters"
    return f"{smollm2.NAME:10} {size}; SmolLM2-135M-Instruct, for `scratchlm chat`"
