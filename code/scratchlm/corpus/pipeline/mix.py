"""Several clean corpora become one: how much of each is read, and how often."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from scratchlm.corpus.document import Document
from scratchlm.corpus.pipeline.ingest import hash_file
from scratchlm.corpus.pipeline.manifest import (
    MANIFEST,
    Manifest,
    claim,
    complete,
    load_manifest,
    origins_of,
)
from scratchlm.corpus.pipeline.shards import SHARD_BYTES, DocumentWriter, read_shard, shard_paths
from scratchlm.corpus.pipeline.stats import StepStats
from scratchlm.errors import InputError

MAX_EPOCHS = 4.0  # Muennighoff et al. (2023): text read up to four times is nearly as good as new


@dataclass(frozen=True)
class WeightedCorpus:
    """A corpus, and its part of the mixture.

    Attributes:
        folder: A pipeline's output.
        weight: How much of the mixture's text comes from it, relative to the others.
    """

    folder: Path
    weight: float


def mix(
    shares: Sequence[WeightedCorpus],
    out: Path,
    size: int,
    *,
    seed: int = 0,
    max_epochs: float = MAX_EPOCHS,
    shard_bytes: int = SHARD_BYTES,
) -> Manifest:
    """Draw documents from several corpora until there are `size` bytes of text.

    The next document always comes from the corpus that is furthest behind its share, so every
    stretch of the mixture has about the same composition. A corpus that is used up is read
    again, in another order. The same shares and seed give the same files on every machine.

    Args:
        shares: The corpora.
        out: A folder; made where it is missing.
        size: How much text, in bytes of UTF-8.
        seed: Decides the order of the documents.
        max_epochs: How often a corpus may be read.
        shard_bytes: Size of a shard of the output.

    Raises:
        InputError: A corpus is not finished, has no text or too little of it, a weight is not
            positive, or the folder is another's.
    """
    sizes = [_text_bytes(share.folder) for share in shares]
    epochs = _epochs(shares, sizes, size, max_epochs)
    plan: dict[str, Any] = {
        "steps": [{"step": "mix", "size": size, "seed": seed}],
        "shard_bytes": shard_bytes,
        "inputs": [
            [str(share.folder), share.weight, hash_file(share.folder / MANIFEST)]
            for share in shares
        ],
    }
    if finished := claim(out, plan):
        return finished
    writer = DocumentWriter(out, shard_bytes)
    stats = [StepStats(str(share.folder)) for share in shares]
    origins: Counter[tuple[str, str, str]] = Counter()
    for number, document in _draw(shares, size, seed):
        writer.add(document)
        stats[number].count(document, document)
        origins.update(origins_of(document))
    shards = writer.close()
    inputs = [
        {"name": str(share.folder), "bytes": held, "weight": share.weight, "epochs": round(read, 3)}
        for share, held, read in zip(shares, sizes, epochs, strict=True)
    ]
    return complete(out, Manifest.of(plan, inputs, stats, origins, shards, []))


def _text_bytes(folder: Path) -> int:
    return sum(origin["bytes"] for origin in load_manifest(folder).origins)


def _epochs(
    shares: Sequence[WeightedCorpus], sizes: Sequence[int], size: int, max_epochs: float
) -> list[float]:
    """How often each corpus will be read."""
    numbers = [max_epochs, *(share.weight for share in shares)]
    if not shares or size < 1 or not all(0 < number < inf for number in numbers):
        raise InputError(
            "mix: expected corpora, with weights and epochs above 0 and a size of at least 1 byte, "
            f"found the weights {numbers[1:]}, {max_epochs} epochs and {size} bytes"
        )
    whole = sum(share.weight for share in shares)
    epochs = [
        size * share.weight / whole / max(1, held)
        for share, held in zip(shares, sizes, strict=True)
    ]
    for share, held, read in zip(shares, sizes, epochs, strict=True):
        if not held or read > max_epochs:
            raise InputError(
                f"{share.folder}: expected to read it at most {max_epochs:g} times, found {held:,} "
                f"bytes for {size * share.weight / whole:,.0f}; lower its weight or the size, or "
                "allow more epochs"
            )
    return epochs


def _draw(shares: Sequence[WeightedCorpus], size: int, seed: int) -> Iterator[tuple[int, Document]]:
    streams = [_stream(share.folder, f"{seed} {number}") for number, share in enumerate(shares)]
    drawn = [0] * len(shares)
    while sum(drawn) < size:
        number = min(range(len(shares)), key=lambda n: drawn[n] / shares[n].weight)
        document = next(streams[number])
        drawn[number] += len(document.text.encode())
        yield number, document


def _stream(folder: Path, seed: str) -> Iterator[Document]:
    """A corpus, again and again: shards in a random order, documents too; a shard in memory."""
    shards, epoch = shard_paths(folder), 0
    while True:
        order = random.Random(f"{seed} {epoch}")
        for shard in order.sample(shards, len(shards)):
            documents = list(read_shard(shard))
            yield from order.sample(documents, len(documents))
        epoch += 1
