"""What each step of the cleaning pipeline costs, and whether memory stays flat while input grows.

    python code/benchmarks/pipeline.py [MEGABYTES ...]

Throughput is that of one core on stories of the village with some copies among them, made on the
fly. Memory is the peak of a process of its own that cleans a file of each size (by default 10,
100 and 1000 MB) in shards of 16 MB.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
from memory import peak
from scratchlm import world
from scratchlm.corpus import (
    C4,
    Decontaminate,
    Document,
    ExactDedup,
    GopherQuality,
    GopherRepetition,
    Language,
    LineDedup,
    MaskPII,
    MinHashDedup,
    Pipeline,
    Quality,
    Step,
    evaluation_ngrams,
    train_language,
    train_quality,
)

MEGABYTES = (10, 100, 1000)
STORIES = 2000  # each size is made of these, with numbers in them, so that they differ
CLEANED = (GopherQuality(), GopherRepetition(), ExactDedup(), MinHashDedup(), LineDedup())


def stories():
    return [story.text for story in islice(world.stories(world.SEEDS["train"]), STORIES)]


def steps(texts):
    kinds = [(text, "good") for text in texts[:100]] + [(text[::-1], "bad") for text in texts[:100]]
    languages = [(text, "en") for text in texts[:100]] + [
        (text[::-1], "xx") for text in texts[:100]
    ]
    return (
        Language(train_language(languages)),
        GopherQuality(),
        GopherRepetition(),
        C4(),
        Quality(train_quality(kinds)),
        MaskPII(),
        Decontaminate(evaluation_ngrams(texts[100:200])),
        ExactDedup(),
        MinHashDedup(),
        LineDedup(),
    )


def throughput():
    texts = stories()
    pages = [Document(text, id="", source="", end=0) for text in texts]
    size = sum(len(text.encode()) for text in texts)
    print(f"{size / 1e6:.2f} MB in {len(texts)} documents, one core")
    for step in steps(texts):
        start = time.process_time()
        if isinstance(step, Step):
            for page in pages:
                step(page)
        else:
            step.originals([np.concatenate([step.signatures(page) for page in pages])])
        taken = time.process_time() - start
        print(f"{type(step).__name__:18} {size / taken / 1e6:8.2f} MB/s", flush=True)


def write_input(file, size):
    """Stories until there are `size` bytes; every copy has other numbers, one in ten has none."""
    texts, rng, written, number = stories(), random.Random(1), 0, 0
    with file.open("w") as lines:
        while written < size:
            number += 1
            words = rng.choice(texts).split(" ")
            if rng.random() > 0.1:
                words = [word if rng.random() > 0.2 else f"{word}{number}" for word in words]
            line = json.dumps({"text": " ".join(words)}) + "\n"
            written += len(line)
            lines.write(line)


def clean(file, out):
    """What the process of its own does: clean, and print its peak of memory in MB."""
    Pipeline(CLEANED, shard_bytes=16_000_000).run([Path(file)], Path(out))
    print(peak())


def memory(sizes):
    print("input     peak memory      rate")
    for megabytes in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "in.jsonl"
            write_input(file, megabytes * 1_000_000)
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            command = [sys.executable, __file__, "--clean", str(file), f"{folder}/out"]
            most = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            taken = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            print(
                f"{megabytes:5} MB  {float(most):8.0f} MB  {megabytes / taken:5.2f} MB/s",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--clean"]:
        clean(*sys.argv[2:])
    else:
        throughput()
        memory([int(size) for size in sys.argv[1:]] or MEGABYTES)
