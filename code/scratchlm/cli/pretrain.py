"""`scratchlm pretrain`: a small language model from a text of one's own."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from typing import Literal

import torch

from scratchlm.data import StreamBatches
from scratchlm.errors import InputError
from scratchlm.evaluation.transformer import document_nats
from scratchlm.inference import Sampling, write_text
from scratchlm.model import ModelConfig, Transformer, save_model
from scratchlm.storage import write_atomically
from scratchlm.training import TrainConfig, Trainer
from scratchlm.training import run as train
from scratchlm.training.own_text import OwnText, prepare

SETTINGS = "settings.json"
TRIAL = 10  # steps that tell how fast this machine is


@dataclass(frozen=True)
class Pretrain:
    """Train a language model on your own text; run again, it goes on where it was cut off."""

    text: Path
    """A text file, or a folder of *.txt and *.md files, in UTF-8."""
    out: Path = Path("model")
    """The folder for the model and its checkpoint."""
    minutes: float = 3.0
    """How long to train on this machine."""
    steps: int | None = None
    """How many steps to train instead of minutes; the same on every machine."""
    size: str = "small"
    """Of the model: mini, small, base or medium."""
    vocab_size: int = 257
    """Tokens; 257 reads byte by byte, 1024 and more pay off from a few megabytes on."""
    context: int = 256
    """Tokens that the model sees at once."""
    rows: int = 16
    """Windows of text in a step."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    separator: str | None = None
    """A line that separates documents, such as <|endoftext|>; otherwise a file is a document."""
    seed: int = 0
    """Another seed, another model."""


def run(options: Pretrain) -> None:
    """Train, show samples on the way, measure on the held-out end, and save.

    Raises:
        InputError: The text cannot be used, or the folder holds a run with other settings.
    """
    text = prepare(
        options.text,
        vocab_size=options.vocab_size,
        errors=options.errors,
        separator=options.separator,
    )
    size = text.held_out_bytes / 1e6
    print(f"{options.text}: {len(text.train.tokens):,} tokens to learn, {size:.2f} MB held out")
    trainer = Trainer(
        Transformer(shape(options, text), options.seed), windows(options, text), plan(options, text)
    )
    samples = {round(trainer.config.steps * share) for share in (0.1, 0.25, 0.5)}
    for report in train(trainer, options.out):
        if report.step in samples:
            print(f"\n--- step {report.step}, loss {report.loss:.3f} nats per token")
            show_sample(trainer.model, text)
    finish(options, trainer, text)


def shape(options: Pretrain, text: OwnText) -> ModelConfig:
    """The model that the options describe; a short text may fill fewer tokens than asked for."""
    return ModelConfig.named(
        options.size,
        vocab_size=text.tokenizer.vocab_size,
        context=options.context,
        tie_embeddings=False,
    )


def windows(options: Pretrain, text: OwnText) -> StreamBatches:
    """The training text in windows of one context."""
    time = min(options.context, len(text.train.tokens) - 1)
    return StreamBatches(text.train, time, options.rows, options.seed)


def plan(options: Pretrain, text: OwnText) -> TrainConfig:
    """Decide how many steps fit the time, once; a resumed run keeps the number.

    Raises:
        InputError: The folder belongs to a run with other settings.
    """
    path = options.out / SETTINGS
    settings = json.loads(json.dumps(asdict(options), default=str))
    if path.exists():
        saved = json.loads(path.read_text(encoding="utf-8"))
        if saved["settings"] != settings:
            differing = [key for key in settings if saved["settings"].get(key) != settings[key]]
            raise InputError(
                f"{options.out}: expected the settings of the run in this folder, found another "
                f"{', '.join(differing)}; use the same ones, or another --out"
            )
        return TrainConfig(steps=saved["steps"])
    steps = options.steps or steps_in(options, text)
    write_atomically(path, json.dumps({"settings": settings, "steps": steps}).encode())
    return TrainConfig(steps=steps)


def steps_in(options: Pretrain, text: OwnText) -> int:
    """Try some steps, and tell how many fit the minutes."""
    trial = Trainer(
        Transformer(shape(options, text)), windows(options, text), TrainConfig(steps=2 * TRIAL)
    )
    for _ in range(TRIAL // 2):  # the first ones are slower
        trial.advance()
    start = time.perf_counter()
    for _ in range(TRIAL):
        trial.advance()
    return max(TRIAL, round(options.minutes * 60 * TRIAL / (time.perf_counter() - start)))


def finish(options: Pretrain, trainer: Trainer, text: OwnText) -> None:
    """Measure, save, and say how to go on."""
    nats = sum(document_nats(trainer.model, text.held_out))
    notes = {
        "bits_per_byte": nats / log(2) / text.held_out_bytes,
        "nats_per_character": nats / text.held_out_characters,
    }
    save_model(options.out, trainer.model, notes=notes)
    text.tokenizer.save(options.out / "tokenizer.json")
    print("\n--- trained")
    show_sample(trainer.model, text)
    print(
        f"\nHeld-out text: {notes['bits_per_byte']:.3f} bits per byte, "
        f"{notes['nats_per_character']:.3f} nats per character\n"
        f"Let it write: scratchlm generate --model {options.out} 'Your beginning'"
    )


@torch.inference_mode()
def show_sample(model: Transformer, text: OwnText) -> None:
    """Print a short piece of the model's own."""
    pieces: Iterator[str] = write_text(model, text.tokenizer, sampling=Sampling(0.8), most=300)
    print("".join(pieces))
