"""A whole run: steps, progress, a log, and checkpoints to resume from."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import torch
from tqdm import tqdm

from scratchlm.data import Batch
from scratchlm.errors import InputError
from scratchlm.storage import append, write_atomically
from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.interrupt import hold_interrupt
from scratchlm.training.ranks import all_reduce, get_rank
from scratchlm.training.trainer import StepMetrics, Trainer

CHECKPOINT, LOG, TENSORBOARD = "checkpoint", "log.jsonl", "tensorboard"


def train(
    trainer: Trainer,
    folder: Path,
    *,
    save_every: int = 100,
    eval_interval: int = 0,
    eval_batches: Sequence[Batch] = (),
    tensorboard: bool = False,
) -> Iterator[StepMetrics]:
    """Train to the end of the schedule, from the folder's checkpoint where there is one.

    Killed at any moment and run again, it ends with the same weights, bit for bit. Ctrl-C saves
    the step that it interrupts. Where ranks train together, rank 0 writes.

    Args:
        trainer: A new one; an existing checkpoint overwrites its state.
        folder: Holds ``checkpoint`` and ``log.jsonl``, one line per step.
        save_every: Steps between checkpoints.
        eval_interval: Steps between measurements of the held-out loss; 0 measures never.
        eval_batches: What it is measured on.
        tensorboard: Whether to write the metrics for TensorBoard, too.

    Yields:
        The metrics of each step.

    Raises:
        InputError: The checkpoint is damaged or belongs to another run, or the disk is full.
    """
    if (folder / CHECKPOINT).exists():
        load_checkpoint(folder / CHECKPOINT, trainer)
    with (
        metrics_log(folder, trainer.step, tensorboard=tensorboard) as log,
        progress(trainer) as bar,
    ):
        while trainer.step < trainer.config.steps:
            with hold_interrupt() as interrupted:
                metrics = trainer.train_step()
                if eval_batches and eval_interval and trainer.step % eval_interval == 0:
                    metrics = replace(metrics, eval_loss=trainer.evaluate(eval_batches))
                log(metrics)
            bar.set_postfix_str(f"loss {metrics.loss:.3f}", refresh=False)
            bar.update()
            stop = any_rank(interrupted.is_set(), trainer.device)
            last = trainer.step == trainer.config.steps
            if last or trainer.step % save_every == 0 or stop:
                save_checkpoint(folder / CHECKPOINT, trainer)
            if stop:
                raise KeyboardInterrupt
            yield metrics


def any_rank(mine: bool, device: torch.device) -> bool:
    """Whether something is true on any rank: all stop after the same step."""
    return bool(all_reduce(torch.tensor(float(mine)), device))


def progress(trainer: Trainer) -> "tqdm[None]":
    """A bar over the steps; silent in pipes, in logs, and on all ranks but the first."""
    return tqdm(
        total=trainer.config.steps,
        initial=trainer.step,
        unit="step",
        file=sys.stderr,
        leave=False,
        disable=None if get_rank() == 0 else True,
    )


@contextmanager
def metrics_log(
    folder: Path, steps: int, *, tensorboard: bool = False
) -> Iterator[Callable[[StepMetrics], None]]:
    """Open the log of a run: one JSON object per line, and TensorBoard's events beside them.

    Args:
        folder: Of the run; made if it is missing.
        steps: Steps that are done; what was logged of later ones is dropped.
        tensorboard: Whether to write events.

    Yields:
        A function that logs the metrics of one step.

    Raises:
        InputError: TensorBoard is not installed, or the disk is full.
    """
    if get_rank() != 0:
        yield lambda _: None
        return
    writer = None
    if tensorboard:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise InputError(
                "training: expected the package tensorboard, found none; "
                "install it with pip install tensorboard, or leave the option away"
            ) from error
        writer = SummaryWriter(str(folder / TENSORBOARD), purge_step=steps + 1)
    folder.mkdir(parents=True, exist_ok=True)
    keep_log(folder / LOG, steps)
    start = time.process_time()

    def log(metrics: StepMetrics) -> None:
        line = {name: value for name, value in asdict(metrics).items() if value is not None}
        if writer is not None:
            for name in sorted(set(line) - {"step"}):
                writer.add_scalar(name, line[name], metrics.step)
        line["cpu_seconds"] = round(time.process_time() - start, 2)
        append(folder / LOG, json.dumps(line).encode() + b"\n")

    try:
        yield log
    finally:
        if writer is not None:
            writer.close()


def keep_log(path: Path, steps: int) -> None:
    r"""Drop the lines of a log that a resumed run will write again.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> _ = path.write_text('{"step": 1}\n{"step": 2}\n{"st'); keep_log(path, 1)
    >>> path.read_text()
    '{"step": 1}\n'
    """
    if path.exists():
        lines = path.read_bytes().splitlines(keepends=True)
        if len(lines) > steps:
            write_atomically(path, b"".join(lines[:steps]))
