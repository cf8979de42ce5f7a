"""What a pipeline leaves beside its shards: what was done, to what, and what is in them."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from scratchlm.corpus.document import Document
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
    """

    plan: dict[str, Any]
    inputs: list[dict[str, Any]]
    stats: list[StepStats]
    origins: list[dict[str, Any]]
    shards: list[dict[str, Any]]

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
    ) -> "Manifest":
        """Gather what the tasks have noted: for each stage, for each shard."""
        stats: list[StepStats] = []
        for stage in notes:
            stats += total([[StepStats.from_json(y) for y in shard["stats"]] for shard in stage])
        origins: Counter[tuple[str, str, str]] = Counter()
        for shard in notes[-1]:
            origins.update({tuple(key): number for *key, number in shard["origins"]})
        return cls.of(plan, inputs, stats, origins, [shard["shard"] for shard in notes[-1]])

    @classmethod
    def of(
        cls,
        plan: dict[str, Any],
        inputs: list[dict[str, Any]],
        stats: list[StepStats],
        counts: Counter[tuple[str, str, str]],
        shards: list[dict[str, Any]],
    ) -> "Manifest":
        """Sort the counts that `origins_of` gives."""
        origins = [
            {"source": source, "license": license, "documents": number,
             "bytes": counts[source, license, "bytes"]}
            for (source, license, unit), number in sorted(counts.items())
            if unit == "documents"
        ]  # fmt: skip
        return cls(plan, inputs, stats, origins, shards)


@dataclass(frozen=True)
class Notes:
    """What a task has noted, for the manifest that comes last.

    Attributes:
        found: Its counts, and the hashes of its files.
    """

    found: dict[str, Any]


FINISHED = Envelope("scratchlm manifest", 1, Manifest, "run `scratchlm corpus clean` to its end")
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
    for field in fields(step):  # type: ignore[arg-type]  # steps are dataclasses, see `Step`
        value: Any = getattr(step, field.name)
        if isinstance(value, Classifier):
            value = value.fingerprint
        elif isinstance(value, np.ndarray):
            value = sha256(value.tobytes())
        settings[field.name] = value
    found: dict[str, Any] = json.loads(json.dumps(settings))  # tuples become lists, as in the file
    return found


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Raises:
        InputError: There is none: the folder is not finished, or something else.

    >>> load_manifest(Path("none"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none/manifest.json: expected a file, found No such file ...
    """
    return FINISHED.load(folder / MANIFEST)


def claim(out: Path, plan: dict[str, Any]) -> Manifest | None:
    """Make a folder this plan's own; return its manifest if the plan has been carried out in it.

    Raises:
        InputError: The folder belongs to another plan, or cannot be written.
    """
    try:
        if (out / MANIFEST).exists():
            manifest = load_manifest(out)
            _check_same(out, plan, manifest.plan)
            return manifest
        begun = out / WORK / PLAN
        if begun.exists():
            _check_same(out, plan, read_json(begun, AGAIN))
        # A run that was killed before it could write its plan leaves nothing but that folder.
        elif out.exists() and any(path.name != WORK for path in out.iterdir()):
            raise InputError(f"{out}: expected a new or an empty folder, found files in it")
        else:
            write_atomically(begun, json.dumps(plan).encode())
    except OSError as error:
        raise InputError(
            f"{out}: expected a folder that can be written, found: {error.strerror}; name another"
        ) from error
    return None


def complete(out: Path, manifest: Manifest) -> Manifest:
    """Write the manifest, and clear up what only unfinished work needs.

    Raises:
        InputError: The disk is full.
    """
    try:
        FINISHED.save(out / MANIFEST, manifest)
        shutil.rmtree(out / WORK)
    except OSError as error:
        raise InputError(
            f"{out / MANIFEST}: expected room for it, found: {error.strerror}; free some space "
            "and run the same command again"
        ) from error
    return manifest


def _check_same(out: Path, plan: dict[str, Any], other: dict[str, Any]) -> None:
    if different := [key for key in plan if plan[key] != other.get(key)]:
        raise InputError(
            f"{out}: expected a folder of the same run, found one with other "
            f"{' and '.join(different)}; name another folder, or delete this one"
        )
