"""Load a Llama that others trained, stories260K, from the file format of llama2.c, and judge it.

    python code/benchmarks/real_weights.py stories260K.bin tok512.bin tinystories-3.txt \
        > book/recorded/10-real-weights.json

Prints JSON: bits per byte of stories, for both layouts of rotary positions, and how
the model goes on after "Once upon a time".
"""

import json
import sys
import time
from math import log
from pathlib import Path

import torch
from about import about
from llama2c import encode, read_model, read_tokens
from torch.nn import functional as F

STORIES, PARAGRAPHS, WRITTEN = 40, 3, 90


def main() -> None:
    """Load, judge, and let the model write."""
    start = time.process_time()
    torch.set_num_threads(1)
    weights, vocabulary, stories = map(Path, sys.argv[1:4])
    model, tokens = read_model(weights), read_tokens(vocabulary)
    names = list(tokens)
    lines = [line for line in stories.read_text("utf-8").splitlines() if line.strip()]
    groups = [lines[n : n + PARAGRAPHS] for n in range(0, STORIES * PARAGRAPHS, PARAGRAPHS)]
    texts = ["\n\n".join(group) for group in groups]
    rows = [encode(text, tokens) for text in texts]
    kept = [n for n, row in enumerate(rows) if len(row) <= model.config.max_seq_len]
    rows, texts = [rows[n] for n in kept], [texts[n] for n in kept]
    read = sum(len(text.encode()) for text in texts)
    bits = {}
    for layout in ("interleaved", "half"):
        turned = read_model(weights, layout)
        with torch.inference_mode():
            nats = sum(
                F.cross_entropy(
                    turned(torch.tensor([row[:-1]]))[0], torch.tensor(row[1:]), reduction="sum"
                )
                for row in rows
            )
        bits[layout] = round(float(nats) / log(2) / read, 4)
    ids = encode("Once upon a time", tokens)
    with torch.inference_mode():
        for _ in range(WRITTEN):
            ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
    record = {
        **about(
            "python code/benchmarks/real_weights.py "
            + " ".join(path.name for path in (weights, vocabulary, stories))
        ),
        "parameters": model.parameter_count(),
        "stories": len(rows),
        "bytes": read,
        "bits_per_byte": bits,
        "continued": "".join(names[id] for id in ids[1:]).replace("<0x0A>", " ").strip(),
        "cpu_seconds": round(time.process_time() - start, 1),
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
