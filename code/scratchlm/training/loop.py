"""A whole run: steps, progress, a log, and checkpoints to resume from."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from scratchlm.storage import append, write_atomically
from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.interrupt import hold_interrupt
from scratchlm.training.trainer import StepMetrics, Trainer

CHECKPOINT, LOG = "checkpoint", "log.jsonl"


def train(
    trainer: Trainer,
    folder: Path,
    *,
    save_every: int = 100,
) -> Iterator[StepMetrics]:
    """Train to the end of the schedule, from the folder's checkpoint where there is one.

    Killed at any moment and run again, it ends with the same weights, bit for bit. Ctrl-C saves
    the step that it interrupts.

    Args:
        trainer: A new one; an existing checkpoint overwrites its state.
        folder: Holds ``checkpoint`` and ``log.jsonl``, one line per step.
        save_every: Steps between checkpoints.

    Yields:
        The metrics of each step.

    Raises:
        InputError: The checkpoint is damaged or belongs to another run, or the disk is full.
    """
    if (folder / CHECKPOINT).exists():
        load_checkpoint(folder / CHECKPOINT, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    keep_log(folder / LOG, trainer.step)
    bar = tqdm(
        total=trainer.config.steps,
        initial=trainer.step,
        unit="step",
        file=sys.stderr,
        leave=False,
        disable=None,  # silent where nobody watches: in pipes and logs
    )
    start = time.process_time()
    with bar:
        while trainer.step < trainer.config.steps:
            with hold_interrupt() as interrupted:
                metrics = trainer.train_step()
                line = asdict(metrics)
                line["cpu_seconds"] = round(time.process_time() - start, 2)
                append(folder / LOG, json.dumps(line).encode() + b"\n")
            bar.set_postfix_str(f"loss {metrics.loss:.3f}", refresh=False)
            bar.update()
            last = trainer.step == trainer.config.steps
            if last or trainer.step % save_every == 0 or interrupted.is_set():
                save_checkpoint(folder / CHECKPOINT, trainer)
            if interrupted.is_set():
                raise KeyboardInterrupt
            yield metrics


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
