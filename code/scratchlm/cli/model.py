"""`scratchlm model`: what a model costs before anyone trains it; old models brought up to date."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from scratchlm import zoo
from scratchlm.errors import InputError
from scratchlm.interop import CONFIG, convert_folder, read_config
from scratchlm.interop.folder import diagnose
from scratchlm.interop.gguf import gguf_config
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.model import (
    ModelConfig,
    count_activations,
    count_active_parameters,
    count_flops,
    count_memory,
    count_parameters,
)
from scratchlm.model.presets import PRESETS
from scratchlm.storage import read_json
from scratchlm.zoo import smollm2

PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")


@dataclass(frozen=True)
class Model:
    """Print parameters, operations and memory of a model, or convert one of an earlier release."""

    action: tyro.conf.Positional[Literal["describe", "convert"]]
    """What to do; convert brings a folder into today's form, in place."""
    name: tyro.conf.Positional[str]
    """A published model (gpt2, gpt3, ...), one of the zoo, a model's folder, a GGUF file, or a
    config.json; to convert: a folder."""
    batch_size: int = 1
    """Rows in a batch."""
    seq_len: int | None = None
    """Tokens in a row; by default, the model's longest sequence."""
    bytes_per_number: int = 2
    """Of weights, gradients, activations and cache: 4 for float32, 2 for bfloat16."""
    optimizer: Literal["adamw", "muon", "sgd"] = "adamw"
    """Whose state is counted."""


def run_model(options: Model) -> None:
    """Do what the command line asks for.

    Raises:
        InputError: There is no such model, or a number makes no sense.
    """
    if options.action == "convert":
        convert_folder(options.name)
        path = shlex.quote(options.name)
        print(f"{options.name}: in today's form; try it: scratchlm generate --model {path}")
    else:
        print(describe_model(options))


def find_config(name: str) -> ModelConfig:
    """Return the configuration of a published model, one of the zoo, or one in a folder or file.

    No weights are read: they may be elsewhere.

    Raises:
        InputError: There is none, or the file cannot be understood.

    >>> find_config("base").n_layers
    5
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if name in (*zoo.shipped(), smollm2.NAME):
        path = zoo.find_model(name)
    if path.is_dir():
        if not (path / CONFIG).is_file():
            raise InputError(f"{path}: {diagnose(path)}")
        path = path / CONFIG
    if path.suffix == ".gguf":
        return gguf_config(GGUFFile(path))
    if path.suffix == ".json":
        return read_config(read_json(path, "name another one"), str(path))
    names = ", ".join((*PRESETS, *zoo.shipped(), smollm2.NAME))
    raise InputError(
        f"model: expected one of {names}, a folder with a model, a GGUF file, or a config.json, "
        f"found {name!r}"
    )


def describe_model(options: Model) -> str:
    """List what the model is made of and what it needs.

    Raises:
        InputError: There is no such model, or a number makes no sense.

    >>> print(describe_model(Model("describe", "gpt2")).splitlines()[-1])
    cache of one row of 1,024          37.7 MB
    """
    config = find_config(options.name)
    seq_len = config.max_seq_len if options.seq_len is None else options.seq_len
    if not (
        0 < seq_len <= config.max_seq_len
        and options.batch_size > 0
        and options.bytes_per_number > 0
    ):
        raise InputError(
            f"model: expected batch_size and bytes_per_number above 0, and 1 to "
            f"{config.max_seq_len} tokens, found "
            f"{options}"
        )
    lines = [*sizes(config), *needs(config, options, seq_len)]
    width = max(len(name) for name, _ in lines)
    number = max(len(value) for _, value in lines)
    shape = {name: value for name, value in vars(config).items() if value is not None}
    listed = "\n".join(f"{name:{width}}  {value:>{number}}" for name, value in lines)
    return f"{json.dumps(shape, default=vars)}\n\n{listed}"


def sizes(config: ModelConfig) -> list[tuple[str, str]]:
    """Lines that say how many numbers the model holds, and where."""
    parts = count_parameters(config)
    lines = [(part, f"{count:,}") for part, count in vars(parts).items()]
    lines.append(("parameters", f"{parts.total:,}"))
    if config.n_experts:
        lines.append(("  of these, for one token", f"{count_active_parameters(config):,}"))
    return lines


def needs(config: ModelConfig, options: Model, seq_len: int) -> list[tuple[str, str]]:
    """Lines that say what the model asks of a machine."""
    work = count_flops(config, options.batch_size, seq_len)
    memory = count_memory(
        config, bytes_per_number=options.bytes_per_number, optimizer=options.optimizer
    )
    # Counted in float32; autocast keeps most of them with half the bits.
    activations = (
        count_activations(config, options.batch_size, seq_len) * options.bytes_per_number / 4
    )
    batch = f"{options.batch_size} × {seq_len:,} tokens"
    return [
        (f"forward, {batch}", f"{scaled(work.forward)}FLOP"),
        ("  of these, scores", f"{100 * work.scores / work.forward:.1f} %"),
        ("forward and backward", f"{scaled(work.training)}FLOP"),
        ("weights", f"{scaled(memory.weights)}B"),
        ("gradients", f"{scaled(memory.gradients)}B"),
        (f"state of {options.optimizer}", f"{scaled(memory.optimizer)}B"),
        (f"activations, {batch}", f"{scaled(activations)}B"),
        (f"cache of one row of {config.max_seq_len:,}", f"{scaled(memory.cache)}B"),
    ]


def scaled(number: float) -> str:
    """Write a number in three or four digits, a space, and a unit's prefix.

    >>> scaled(1_234_567), scaled(9)
    ('1.2 M', '9.0 ')
    """
    power = 0
    while number >= 1000 and power < len(PREFIXES) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.1f} {PREFIXES[power]}"
