"""A whole run: steps, progress, a log, and checkpoints to resume from."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from scratchlm.training.checkpoint import load_checkpoint, save_checkpoint
from scratchlm.training.trainer import StepMetrics, Trainer

CHECKPOINT, LOG = "checkpoint", "log.jsonl"


def train(
    trainer: Trainer,
    folder: Path,
    *,
    save_every: int = 100,
) -> Iterator[StepMetrics]:
    """Train to the end of the schedule, from the folder's checkpoint where there is one.

    Killed at any moment and run again, it ends with the same weights, bit for bit.

    Args:
        trainer: A new one; an existing checkpoint overwrites its state.
        folder: Holds ``checkpoint`` and ``log.jsonl``, one line per step.
        save_every: Steps between checkpoints.

    Yields:
        The metrics of each step.

    Raises:
        InputError: The checkpoint is damaged or belongs to another run.
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
    with bar, (folder / LOG).open("a", encoding="utf-8") as log:
        while trainer.step < trainer.config.steps:
            metrics = trainer.train_step()
            line = asdict(metrics)
            line["cpu_seconds"] = round(time.process_time() - start, 2)
            log.write(json.dumps(line) + "\n")
            bar.set_postfix_str(f"loss {metrics.loss:.3f}", refresh=False)
            bar.update()
            if trainer.step % save_every == 0 or trainer.step == trainer.config.steps:
                log.flush()
                save_checkpoint(folder / CHECKPOINT, trainer)
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
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[:steps]
        path.write_text("".join(lines), encoding="utf-8")
