"""What a pipeline leaves beside its shards: what was done, to what, and what is in them."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import Counted
from scratchlm.corpus.filters.classifier import Classifier
from scratchlm.corpus.pipeline.stats import StepStats, total
from scratchlm.corpus.step import Deduplicator, Step
from scratchlm.errors import InputError
from scratchlm.storage import Envelope, read_json, sha256, write_atomically

MANIFEST = "manifest.json"
WORK = ".work"  # inside the output: what is needed until it is finished
PLAN = "plan.json"
AGAIN = "delete the folder and run the same command again"


@dataclass(frozen=True)
class Manifest:
    """Where the documents come from, under which license, and what became of them.

    Attributes:
        plan: The steps with their settings, and the inputs with their sizes.
        inputs: Name, bytes, hash and shards of each input.
        stats: The counts of each step.
        origins: Source, license, documents and bytes of the text that is left.
        shards: Name, documents, bytes and hash of each shard.
        left_out: What was left out or altered in reading: reason, count, and the first place.

    >>> manifest = Manifest({}, [], [], [], [])
    >>> FINISHED.unpack(FINISHED.pack(manifest), "manifest.json") == manifest
    True
    """

    plan: dict[str, Any]
    inputs: list[dict[str, Any]]
    stats: list[StepStats]
    origins: list[dict[str, Any]]
    shards: list[dict[str, Any]]
    left_out: list[Counted] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """How many are left."""
        return sum(shard["documents"] for shard in self.shards)

    @classmethod
    def build(
        cls,
        plan: dict[str, Any],
        inputs: list[dict[str, Any]],
        notes: Sequence[Sequence[dict[str, Any]]],
        left_out: list[Counted],
    ) -> "Manifest":
        """Gather what the tasks have noted: for each stage, for each shard."""
        stats: list[StepStats] = []
        for stage in notes:
            stats += total([[StepStats(**counts) for counts in shard["stats"]] for shard in stage])
        origins: Counter[tuple[str, str, str]] = Counter()
        for shard in notes[-1]:
            origins.update({tuple(key): number for *key, number in shard["origins"]})
        shards = [shard["shard"] for shard in notes[-1]]
        return cls.of(plan, inputs, stats, origins, shards, left_out)

    @classmethod
    def of(
        cls,
        plan: dict[str, Any],
        inputs: list[dict[str, Any]],
        stats: list[StepStats],
        counts: Counter[tuple[str, str, str]],
        shards: list[dict[str, Any]],
        left_out: list[Counted],
    ) -> "Manifest":
        """Sort the counts that `origins_of` gives."""
        origins = [
            {"source": source, "license": license, "documents": number,
             "bytes": counts[source, license, "bytes"]}
            for (source, license, unit), number in sorted(counts.items())
            if unit == "documents"
        ]  # fmt: skip
        return cls(plan, inputs, stats, origins, shards, left_out)


@dataclass(frozen=True)
class Notes:
    """What a task has noted, for the manifest that comes last.

    Attributes:
        found: Its counts, and the hashes of its files.
    """

    found: dict[str, Any]


FINISHED = Envelope("scratchlm manifest", 1, Manifest, "clean the corpus again into another folder")
NOTES = Envelope("scratchlm notes", 1, Notes, AGAIN)


def origins_of(document: Document) -> dict[tuple[str, str, str], int]:
    """What a document adds to the documents and bytes of its source and license.

    >>> origins_of(Document("Hi.", id="1", source="web", end=3))
    {('web', 'unknown', 'documents'): 1, ('web', 'unknown', 'bytes'): 3}
    """
    origin = (document.source, document.meta.get("license", "unknown"))
    return {(*origin, "documents"): 1, (*origin, "bytes"): len(document.text.encode())}


def describe_step(step: Step | Deduplicator) -> dict[str, Any]:
    """A step's name and settings, as JSON can hold them; arrays and classifiers by their hash.

    >>> from scratchlm.corpus import LineDedup
    >>> describe_step(LineDedup())
    {'step': 'LineDedup', 'min_characters': 20}
    """
    settings: dict[str, Any] = {"step": type(step).__name__}
    for setting in fields(step):  # type: ignore[arg-type]  # steps are dataclasses, see `Step`
        value: Any = getattr(step, setting.name)
        if isinstance(value, Classifier):
            value = value.fingerprint
        elif isinstance(value, np.ndarray):
            value = sha256(value.tobytes())
        settings[setting.name] = value
    found: dict[str, Any] = json.loads(json.dumps(settings))  # tuples become lists, as in the file
    return found


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Raises:
        InputError: There is none (the folder is not finished, or something else), or it was
            damaged.

    >>> load_manifest(Path("none"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none: expected a folder with manifest.json, found none; run ...
    """
    if not (folder / MANIFEST).exists():
        raise InputError(
            f"{folder}: expected a folder with {MANIFEST}, found none; run `scratchlm corpus "
            "clean` to its end"
        )
    return FINISHED.load(folder / MANIFEST)


def claim(out: Path, plan: dict[str, Any]) -> Manifest | None:
    """Make a folder this plan's own; return its manifest if the plan has been carried out in it.

    Raises:
        InputError: The folder belongs to another plan, or cannot be written.
    """
    begun = out / WORK / PLAN
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: expected a folder, found a file; name another with --out")
    if (out / MANIFEST).exists():
        manifest = load_manifest(out)
        _check_same(out, plan, manifest.plan)
        return manifest
    if begun.exists():
        _check_same(out, plan, read_json(begun, AGAIN))
    elif any(not path.name.startswith(".") for path in out.glob("*")):
        raise InputError(
            f"{out}: expected a new or an empty folder, found files in it; name another with --out"
        )
    else:  # a run that was killed before it wrote its plan leaves drafts
        shutil.rmtree(out / WORK, ignore_errors=True)
        write_atomically(begun, json.dumps(plan).encode())
    return None


def release(out: Path) -> None:
    """Give back a folder in which nothing has been finished, so that another plan can have it."""
    if not any((out / WORK).rglob("*.jsonl")):
        shutil.rmtree(out / WORK, ignore_errors=True)


def complete(out: Path, manifest: Manifest) -> Manifest:
    """Write the manifest, and clear up what only unfinished work needs.

    Raises:
        InputError: The disk is full.
    """
    FINISHED.save(out / MANIFEST, manifest)
    shutil.rmtree(out / WORK, ignore_errors=True)
    return manifest


def _check_same(out: Path, plan: dict[str, Any], other: dict[str, Any]) -> None:
    if different := [key for key in plan if plan[key] != other.get(key)]:
        raise InputError(
            f"{out}: expected a folder of the same run, found one with other "
            f"{' and '.join(different)}; name another folder, or delete this one"
        )
