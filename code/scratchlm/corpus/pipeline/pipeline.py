"""A pipeline of steps: from files to clean shards with a manifest, stopped and resumed at will."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from scratchlm.corpus.error_policy import Action, ErrorPolicy
from scratchlm.corpus.pipeline.executors import Executor, run_tasks
from scratchlm.corpus.pipeline.ingest import ReadDocuments, hash_file, ingest
from scratchlm.corpus.pipeline.manifest import (
    WORK,
    Manifest,
    claim,
    complete,
    describe_step,
    release,
)
from scratchlm.corpus.pipeline.shards import SHARD_BYTES
from scratchlm.corpus.pipeline.stage import (
    PipelineStage,
    Signatures,
    Task,
    load_array,
    run_task,
    stages,
)
from scratchlm.corpus.readers.inputs import input_files
from scratchlm.corpus.readers.read import read
from scratchlm.corpus.step import Deduplicator, Step
from scratchlm.errors import InputError


@dataclass(frozen=True)
class Pipeline:
    r"""Steps in order, each of which sees what the one before has let through.

    The documents are first read into shards. Each shard then goes through all steps up to the
    next deduplicator, alone, so that any number of processes can share the work and one shard is
    in memory at a time; a deduplicator sees the signatures of all shards at once. A shard's name
    and content depend on the inputs alone, so the output is the same however it was made.

    Attributes:
        steps: Steps and deduplicators.
        shard_bytes: Size of a shard before the first step, in bytes of JSON.

    >>> import tempfile
    >>> from scratchlm.corpus import ExactDedup
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "in.jsonl").write_text('{"text": "Once."}\n' * 3)
    >>> manifest = Pipeline((ExactDedup(),)).run([folder / "in.jsonl"], folder / "out")
    >>> manifest.documents, manifest.stats[0].dropped
    (1, {'copy': 2})
    """

    steps: tuple[Step | Deduplicator, ...]
    shard_bytes: int = SHARD_BYTES

    def run(
        self,
        inputs: Sequence[Path],
        out: Path,
        *,
        read: ReadDocuments = read,
        on_error: Action = "skip",
        workers: int = 1,
        executor: Executor = "local",
    ) -> Manifest:
        """Clean files into ``out/*.jsonl``, and say in ``out/manifest.json`` what became of them.

        A run that was killed goes on where it was when it is started again. The manifest is
        written last; a folder that has one is finished.

        Args:
            inputs: Files, and folders of them.
            out: A folder; made where it is missing.
            read: Gives the documents of a file.
            on_error: What cannot be read is left out and counted in the manifest, or stops.
            workers: Processes.
            executor: ``local``, or ``ray`` for a cluster whose machines share the folders.

        Raises:
            InputError: There is no document, an input cannot be read and that is to stop, the
                folder belongs to other steps or inputs, or the disk is full; what is finished is
                kept.
        """
        if workers < 1:
            raise InputError(f"pipeline: expected at least 1 worker, found {workers}")
        policy = ErrorPolicy(on_error)
        files = input_files(inputs, policy, out=out)
        plan = {
            "steps": [describe_step(step) for step in self.steps],
            "shard_bytes": self.shard_bytes,
            "inputs": [str(file) for file in files],
        }
        if finished := claim(out, plan):
            return _check_unchanged(out, finished)
        run = partial(run_tasks, workers=workers, executor=executor)
        reading = partial(ingest, read, out / WORK / "00", self.shard_bytes, on_error)
        try:
            read_in = run(reading, list(enumerate(files)), title="read")
            for found in read_in:
                policy.add(found.pop("left_out"))
            names = [name for found in read_in for name in found["shards"]]
            if not names:
                raise InputError(
                    f"{files[0]}: expected a document in {len(files)} files, found none: {policy}; "
                    "name other files"
                )
        except InputError:
            release(out)
            raise
        notes = [
            _run_stage(out, number, stage, names, run)
            for number, stage in enumerate(stages(self.steps))
        ]
        manifest = Manifest.build(plan, read_in, notes, policy.counted)
        return complete(out, manifest)


def _check_unchanged(out: Path, manifest: Manifest) -> Manifest:
    """A finished folder stands for its inputs as they were."""
    for found in manifest.inputs:
        if hash_file(Path(found["name"])) != found["sha256"]:
            raise InputError(
                f"{found['name']}: expected the file that {out} was made of, found that it has "
                "changed; name another folder with --out, or delete that one"
            )
    return manifest


def _run_stage(
    out: Path,
    number: int,
    stage: PipelineStage,
    names: list[str],
    run: Callable[..., list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Pass all shards through a stage; then the shards that it has read are not needed again."""
    before, here = (out / WORK / f"{n:02}" for n in (number, number + 1))
    target = here if stage.after else out
    finished = [here / name.replace(".jsonl", ".json") for name in names]
    tasks = [
        Task(before / name, target / name, notes)
        for name, notes in zip(names, finished, strict=True)
    ]
    if stage.before and not all(notes.exists() for notes in finished):
        verdicts = _compare(stage.before, [before / name for name in names])
        tasks = [
            replace(task, rows=rows, copied=copied)
            for task, (rows, copied) in zip(tasks, verdicts, strict=True)
        ]
    results = run(partial(run_task, stage), tasks, title=" ".join(stage.names) or "write")
    for file in before.iterdir():
        if file.suffix != ".json":
            file.unlink()
    return results


def _compare(
    deduplicator: Deduplicator, shards: list[Path]
) -> Iterator[tuple[Int64[np.ndarray, "documents"], Bool[np.ndarray, "rows"]]]:
    """For each shard the rows of each document, and whether each row is a copy."""
    copied = deduplicator.copied(Signatures(shards))
    end = 0
    for shard in shards:
        rows = load_array(shard, "rows")
        start, end = end, end + int(rows.sum())
        yield rows, copied[start:end]
