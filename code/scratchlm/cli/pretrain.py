"""`scratchlm pretrain`: a small language model from a text of one's own, or from shards."""

import json
import time
from dataclasses import asdict, dataclass, fields, replace
from math import inf, log
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal

import numpy as np
import torch
import tyro

from scratchlm.corpus import SEPARATOR
from scratchlm.data import Batch, OwnText, Shard, TrainingText, open_shards, prepare_text
from scratchlm.errors import InputError
from scratchlm.evaluation.transformer import document_nats
from scratchlm.inference import SamplingParams, generate_text
from scratchlm.interop import Loaded, load_folder, save
from scratchlm.model import ModelConfig, Transformer
from scratchlm.storage import Envelope
from scratchlm.tokenizer import TOKENIZER_FILE
from scratchlm.training import TrainConfig, Trainer, TrainOptions, choose_device, train
from scratchlm.training.device import Device, Dtype, native_dtype
from scratchlm.training.loop import CHECKPOINT

SETTINGS = "settings.json"
TRIAL = 10  # steps that tell how fast this machine is
DEFAULTS = TrainOptions(weight_decay=0.1)
EVAL_BATCHES = 8  # batches of held-out text that are enough to watch a run


@dataclass(frozen=True)
class Machine:
    """Where a run is computed, and what is told of it: it may go on with other choices."""

    device: Device = "auto"
    """Where to train; auto takes a GPU where there is one."""
    compile: bool = False
    """Compile the model with torch.compile; where that fails, train without."""
    loader_workers: int = 0
    """Processes that make batches ahead."""
    eval_interval: int = 200
    """Steps between measurements of the loss on held-out text, in log.jsonl; 0 measures never."""
    tensorboard: bool = False
    """Write the metrics for TensorBoard, too, into the folder tensorboard."""


@dataclass(frozen=True)
class Pretrain:
    """Train a language model on your own text; run again, it goes on where it was cut off."""

    text: Path | None = None
    """A text file, or a folder of *.txt and *.md files, in UTF-8."""
    shards: tuple[Path, ...] = ()
    """Instead of a text: folders from `scratchlm data pack`; the last shard of each is held out."""
    tokenizer: Path | None = None
    """The tokenizer of the shards."""
    weights: tuple[float, ...] = ()
    """How much to read of each folder of shards; by default, equally much."""
    out: Path = Path("model")
    """The folder for the model and its checkpoint."""
    minutes: float = 3.0
    """How long to train on this machine."""
    steps: int | None = None
    """How many steps to train instead of minutes."""
    size: str = "small"
    """Of the model: mini, small, base or medium."""
    vocab_size: int = 257
    """Tokens, with --text; 257 reads byte by byte, 1024 pay off from a few megabytes on."""
    seq_len: int = 256
    """Tokens in a row of a batch, which is also the longest sequence that the model reads."""
    batch_size: int = 8
    """Rows in a batch."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    separator: str = SEPARATOR
    """The line that ends a document in a file of many."""
    dtype: Dtype | Literal["auto"] = "auto"
    """Of the matrix products; auto takes bfloat16 where this machine multiplies it in hardware."""
    seed: int = 0
    """Another seed, another model."""
    training: Annotated[TrainOptions, tyro.conf.arg(name="")] = DEFAULTS
    """How to train; a little weight decay keeps a short text from being learned by heart."""
    machine: Annotated[Machine, tyro.conf.arg(name="")] = Machine()
    """What may change when a run goes on."""


@dataclass(frozen=True)
class Run:
    """What a run began with, as its folder keeps it.

    Attributes:
        settings: All options of the command.
        plan: What followed from them on the machine where it began.
    """

    settings: dict[str, Any]
    plan: TrainConfig


RUN = Envelope(
    "scratchlm pretraining run", 1, Run, "name another --out, or remove this file to begin anew"
)


def run_pretrain(options: Pretrain) -> None:
    """Train, show samples on the way, measure on the held-out end, and save.

    Raises:
        InputError: The text cannot be used, or the folder holds a run with other settings.
    """
    text, trainer = begin(options)
    print(f"{text.tokens:,} tokens to learn")
    samples = {round(trainer.config.steps * share) for share in (0.1, 0.25, 0.5)}
    try:
        for metrics in train(
            trainer,
            options.out,
            eval_interval=options.machine.eval_interval,
            eval_batches=held_out_batches(text.held_out, options.seq_len, options.batch_size),
            tensorboard=options.machine.tensorboard,
        ):
            if metrics.step in samples:
                print(f"\n--- step {metrics.step}, loss {metrics.loss:.3f} nats per token")
                print(sample_text(trainer.model, text))
    except KeyboardInterrupt:
        saved = (options.out / CHECKPOINT).exists()
        what = "goes on from the last checkpoint" if saved else "begins again"
        raise KeyboardInterrupt(f"the same command {what} in {options.out}") from None
    finish(options, trainer.model, text)


def train_text(
    text: str | Path,
    *,
    out: str | Path = "model",
    **settings: Any,  # noqa: ANN401
) -> Loaded:
    """Train a language model on a text: what `scratchlm pretrain` does, as a function.

    Called again with the same arguments, it goes on where it was cut off.

    Args:
        text: A text file, or a folder of them.
        out: The folder for the model, which `scratchlm.load` takes.
        settings: Other fields of `Pretrain`, `TrainOptions` and `Machine`, such as ``minutes``,
            ``lr`` or ``device``.

    Returns:
        The trained model.

    Raises:
        InputError: The text cannot be used, or the folder holds a run with other settings.
    """
    training, machine = (
        {field.name: settings.pop(field.name) for field in fields(kind) if field.name in settings}
        for kind in (TrainOptions, Machine)
    )
    options = Pretrain(
        text=Path(text),
        out=Path(out),
        training=replace(DEFAULTS, **training),
        machine=Machine(**machine),
        **settings,
    )
    run_pretrain(options)
    return load_folder(out)


def begin(options: Pretrain) -> tuple[TrainingText, Trainer]:
    """Prepare the text and the trainer; a resumed run keeps its text and its plan.

    A new run claims its folder only after everything has been set up, and so checked.

    Raises:
        InputError: The text cannot be used, or the folder belongs to a run with other settings.
    """
    path = options.out / SETTINGS
    settings = json.loads(json.dumps(asdict(options), default=str))
    del settings["machine"]
    settings |= settings.pop("training")
    if not path.exists():
        check_options(options)
        text = new_text(options)
        trainer = trainer_for(options, text, make_plan(options, text))
        if isinstance(text, OwnText):
            text.save(options.out)
        else:
            text.tokenizer.save(options.out / TOKENIZER_FILE)
        # Last, because it says that all the rest is there.
        RUN.save(path, Run(settings, trainer.config))
        return text, trainer
    saved = RUN.load(path)
    if saved.settings != settings:
        differing = [key for key in settings if saved.settings.get(key) != settings[key]]
        raise InputError(
            f"{options.out}: expected the settings of the run in this folder, found another "
            f"{', '.join(differing)}; use the same ones, or another --out"
        )
    text = from_shards(options) if options.shards else OwnText.load(options.out)
    return text, trainer_for(options, text, saved.plan)


def check_options(options: Pretrain) -> None:
    """Refuse settings that mean nothing, before any work is done.

    Raises:
        InputError: There is one, which the message names.

    >>> check_options(Pretrain(Path("a.txt"), minutes=0))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: pretrain: expected --minutes above 0, found 0
    """
    if (options.text is None) == (not options.shards):
        raise InputError("pretrain: expected either --text or --shards, found both or neither")
    for name in ("steps", "batch_size", "seq_len"):
        if (found := getattr(options, name)) is not None and found < 1:
            option = name.replace("_", "-")
            raise InputError(f"pretrain: expected --{option} of at least 1, found {found}")
    for name in ("loader_workers", "eval_interval"):
        if (found := getattr(options.machine, name)) < 0:
            option = name.replace("_", "-")
            raise InputError(f"pretrain: expected --{option} from 0 on, found {found}")
    choose_device(options.machine.device)
    if not 0 < options.minutes < inf:
        raise InputError(f"pretrain: expected --minutes above 0, found {options.minutes}")
    ModelConfig.named(options.size, vocab_size=options.vocab_size, max_seq_len=options.seq_len)


def new_text(options: Pretrain) -> TrainingText:
    """Prepare what a new run learns from."""
    if options.text is None:
        return from_shards(options)
    return prepare_text(
        options.text,
        vocab_size=options.vocab_size,
        errors=options.errors,
        separator=options.separator,
    )


def from_shards(options: Pretrain) -> TrainingText:
    """Open the shards, which stay where they are."""
    if options.tokenizer is None:
        raise InputError(
            "pretrain: expected --tokenizer beside --shards, found none; name the file"
        )
    return open_shards(options.shards, options.tokenizer, options.weights)


def make_plan(options: Pretrain, text: TrainingText) -> TrainConfig:
    """Decide on the steps and on the dtype, which depend on the machine."""
    device = choose_device(options.machine.device)
    dtype = native_dtype(device) if options.dtype == "auto" else options.dtype
    trial = TrainConfig(2 * TRIAL, dtype, **asdict(options.training))
    steps = steps_in(options, text, trial) if options.steps is None else options.steps
    return replace(trial, steps=steps)


def trainer_for(options: Pretrain, text: TrainingText, plan: TrainConfig) -> Trainer:
    """Set a run up."""
    shape = ModelConfig.named(
        options.size,
        vocab_size=text.tokenizer.vocab_size,
        max_seq_len=options.seq_len,
        tie_embeddings=False,
    )
    batches = text.batches(options.seq_len, options.batch_size, options.seed)
    return Trainer(
        Transformer(shape, options.seed),
        batches,
        plan,
        device=choose_device(options.machine.device),
        compile=options.machine.compile,
        loader_workers=options.machine.loader_workers,
    )


def held_out_batches(held_out: Shard, seq_len: int, batch_size: int) -> list[Batch]:
    """The beginning of held-out text, in rows of its tokens one after the other.

    >>> [batch.input_ids.tolist() for batch in held_out_batches(Shard.of([range(6)]), 2, 1)]
    [[[0, 1]], [[2, 3]]]
    """
    seq_len = min(seq_len, len(held_out.tokens) - 1)
    if seq_len < 1:
        return []
    rows = min((len(held_out.tokens) - 1) // seq_len, EVAL_BATCHES * batch_size)
    ids = torch.from_numpy(held_out.tokens[: rows * seq_len + 1].astype(np.int64))
    inputs, targets = ids[:-1].view(rows, seq_len), ids[1:].view(rows, seq_len)
    return [
        Batch(inputs[first : first + batch_size], targets[first : first + batch_size])
        for first in range(0, rows, batch_size)
    ]


def steps_in(options: Pretrain, text: TrainingText, plan: TrainConfig) -> int:
    """Try some steps, and tell how many fit the minutes."""
    trial = trainer_for(options, text, plan)
    for _ in range(TRIAL // 2):  # the first ones are slower
        trial.train_step()
    start = time.perf_counter()
    for _ in range(TRIAL):
        trial.train_step()
    return max(TRIAL, round(options.minutes * 60 * TRIAL / (time.perf_counter() - start)))


def finish(options: Pretrain, model: Transformer, text: TrainingText) -> None:
    """Measure, save, and say how to go on."""
    nats = sum(document_nats(model, text.held_out_rows()))
    held_out = "".join(text.held_out_text())
    notes = {
        "bits_per_byte": nats / log(2) / len(held_out.encode()),
        "nats_per_character": nats / len(held_out),
    }
    save(options.out, model, text.tokenizer, notes=notes)
    print(f"\n--- trained\n{sample_text(model, text)}")
    print(
        f"\nHeld-out text: {notes['bits_per_byte']:.3f} bits per byte, "
        f"{notes['nats_per_character']:.3f} nats per character\n"
        f"Let it write: scratchlm generate --model {quote(str(options.out))} 'Your beginning'"
    )


def sample_text(model: Transformer, text: TrainingText) -> str:
    """A short piece of the model's own."""
    return "".join(
        generate_text(model, text.tokenizer, sampling=SamplingParams(0.8), max_new_tokens=300)
    )
