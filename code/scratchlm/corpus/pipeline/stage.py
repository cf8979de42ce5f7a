"""One pass over the shards: the verdicts of the last deduplicator, steps, the next signatures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64, UInt
from safetensors import safe_open
from safetensors.numpy import save

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.pipeline.manifest import AGAIN, NOTES, Notes, origins_of
from scratchlm.corpus.pipeline.shards import read_shard, to_line, write_shard
from scratchlm.corpus.pipeline.stats import StepStats
from scratchlm.corpus.step import Deduplicator, Step
from scratchlm.storage import open_tensors, seal_tensors, write_atomically

ARRAYS = ".safetensors"  # what is kept beside a shard for the deduplicator to come


@dataclass(frozen=True)
class PipelineStage:
    """What can be done to a shard without looking at any other.

    Attributes:
        before: The deduplicator whose verdicts come with the shard.
        steps: What follows.
        after: The deduplicator that the stage leaves signatures for.
    """

    before: Deduplicator | None
    steps: tuple[Step, ...]
    after: Deduplicator | None

    @property
    def names(self) -> list[str]:
        """The names of what counts documents here."""
        parts = [self.before, *self.steps] if self.before else self.steps
        return [type(part).__name__ for part in parts]


@dataclass(frozen=True)
class Task:
    """A shard, where it comes from and where it goes.

    Attributes:
        source, target: Files of JSON lines.
        notes: What `run_task` returns is kept here; it is written last, so what has notes is done.
        rows: Rows of signatures of each document in `source`.
        copied: For each row whether it is a copy.
    """

    source: Path
    target: Path
    notes: Path
    rows: Int64[np.ndarray, "documents"] | None = None
    copied: Bool[np.ndarray, "rows"] | None = None


def stages(parts: Sequence[Step | Deduplicator]) -> list[PipelineStage]:
    """Cut a pipeline at its deduplicators.

    >>> from scratchlm.corpus import ExactDedup, GopherQuality
    >>> [stage.names for stage in stages([GopherQuality(), ExactDedup(), GopherQuality()])]
    [['GopherQuality'], ['ExactDedup', 'GopherQuality']]
    """
    found: list[PipelineStage] = []
    before: Deduplicator | None = None
    steps: list[Step] = []
    for part in parts:
        if isinstance(part, Deduplicator):
            found.append(PipelineStage(before, tuple(steps), part))
            before, steps = part, []
        else:
            steps.append(part)
    return [*found, PipelineStage(before, tuple(steps), None)]


def run_task(stage: PipelineStage, task: Task) -> dict[str, Any]:
    """Pass a shard's documents through a stage, unless that is done already.

    Returns:
        ``stats``: the counts of each step. ``origins``: source, license, documents and bytes.
        ``shard``: name, documents, bytes and hash of the file.

    Raises:
        InputError: The shard cannot be read, or the disk is full.
    """
    if not task.notes.exists():
        notes = _run(stage, task)
        NOTES.save(task.notes, Notes(notes))
    return NOTES.load(task.notes).found


def _run(stage: PipelineStage, task: Task) -> dict[str, Any]:
    stats = [StepStats(name) for name in stage.names]
    origins: Counter[tuple[str, str, str]] = Counter()
    lines: list[bytes] = []
    signatures: list[UInt[np.ndarray, "_ width"]] = []
    for document in _documents(stage, task, stats):
        lines.append(to_line(document))
        origins.update(origins_of(document))
        if stage.after:
            signatures.append(stage.after.signatures(document))
    if stage.after:
        _write_signatures(stage.after, signatures, task.notes)
    return {
        "stats": [asdict(counts) for counts in stats],
        "origins": [[*key, number] for key, number in origins.items()],
        "shard": write_shard(task.target, lines),
    }


def _documents(stage: PipelineStage, task: Task, stats: list[StepStats]) -> Iterator[Document]:
    """The documents that pass; each is counted at every step that it reaches."""
    start = 0
    for place, document in enumerate(read_shard(task.source)):
        found: Document | Dropped = document
        counts = iter(stats)
        if stage.before and task.rows is not None and task.copied is not None:
            end = start + int(task.rows[place])
            found = stage.before.apply(document, task.copied[start:end])
            start = end
            next(counts).count(document, found)
        for step in stage.steps:
            if isinstance(found, Dropped):
                break
            before, found = found, step(found)
            next(counts).count(before, found)
        if isinstance(found, Document):
            yield found


def _write_signatures(
    deduplicator: Deduplicator, signatures: list[UInt[np.ndarray, "_ width"]], notes: Path
) -> None:
    nothing = Document("", id="", source="", end=0)
    empty = deduplicator.signatures(nothing)[:0]  # gives a shard without documents its width
    rows = np.array([len(part) for part in signatures], dtype=np.int64)
    # Without the copy, an array in Fortran's order would be written in another order, silently.
    all_signatures = np.ascontiguousarray(np.concatenate([empty, *signatures]))
    arrays = {"rows": rows, "signatures": all_signatures}
    write_atomically(notes.with_suffix(ARRAYS), seal_tensors(save(arrays), {}))


def load_array(shard: Path, kind: str) -> np.ndarray:
    """Read an array that stands beside a shard: its ``signatures``, or its ``rows``.

    Raises:
        InputError: The file is missing or was changed.
    """
    path = shard.with_suffix(ARRAYS)
    open_tensors(path, AGAIN)
    with safe_open(path, framework="np") as arrays:
        array: np.ndarray = arrays.get_tensor(kind)
    return array


@dataclass(frozen=True)
class Signatures:
    """The signatures of many shards, of which one shard's are in memory at a time.

    Attributes:
        shards: The files that they stand beside.
    """

    shards: Sequence[Path]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (load_array(shard, "signatures") for shard in self.shards)
