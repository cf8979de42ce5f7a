"""Load a Llama that others trained, stories260K, from the file format of llama2.c, and judge it.

    python code/benchmarks/real_weights.py stories260K.bin tok512.bin tinystories-3.txt \
        > book/recorded/10-real-weights.json

The file holds seven numbers of shape and then the matrices, without names, in an order that one
has to know. Prints JSON: bits per byte of stories, for both layouts of rotary positions, and how
the model goes on after "Once upon a time".
"""

import json
import platform
import struct
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from math import log, prod
from pathlib import Path

import torch
from scratchlm.model import ModelConfig, Transformer
from torch import Tensor
from torch.nn import functional as F

STORIES, PARAGRAPHS, BEGIN, WRITTEN = 40, 3, 1, 90


def read_weights(path: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    """The shape and the weights, each under our name."""
    content = path.read_bytes()
    width, inner, layers, heads, kv_heads, vocabulary, context = struct.unpack("7i", content[:28])
    config = ModelConfig(
        vocabulary, context, width, layers, heads, feed_forward="swiglu", kv_heads=kv_heads,
        inner=inner, norm_epsilon=1e-5, qk_norm=False, embedding_norm=False,
        rope_layout="interleaved",
    )  # fmt: skip
    shared = kv_heads * config.head_width
    order = {
        "input_layernorm": (width,),
        "self_attn.q_proj": (width, width),
        "self_attn.k_proj": (shared, width),
        "self_attn.v_proj": (shared, width),
        "self_attn.o_proj": (width, width),
        "post_attention_layernorm": (width,),
        "mlp.gate_proj": (inner, width),
        "mlp.down_proj": (width, inner),
        "mlp.up_proj": (inner, width),
    }
    shapes: dict[str, tuple[int, ...]] = {"embed_tokens.weight": (vocabulary, width)}
    shapes |= {
        f"layers.{layer}.{name}.weight": shape
        for name, shape in order.items()
        for layer in range(layers)
    }
    shapes["norm.weight"] = (width,)
    numbers = torch.frombuffer(bytearray(content[28:]), dtype=torch.float32)
    parts = numbers[: sum(map(prod, shapes.values()))].split([*map(prod, shapes.values())])
    return config, {
        name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def read_tokens(path: Path) -> dict[str, tuple[int, float]]:
    """Each token's number, and how early it is merged."""
    content, at, tokens = path.read_bytes(), 4, {}
    while at < len(content):
        score, size = struct.unpack("fi", content[at : at + 8])
        at += 8 + size
        tokens[content[at - size : at].decode("utf-8", "replace")] = (len(tokens), score)
    return tokens


def encode(text: str, tokens: dict[str, tuple[int, float]]) -> list[str]:
    """Merge the best pair of neighbors until there is none; the text begins with a space."""
    parts = [" "]
    for letter in text:  # what has no token is written in bytes
        spelled = [f"<0x{byte:02X}>" for byte in letter.encode()]
        parts += [letter] if letter in tokens else spelled
    while True:
        pairs = [
            (tokens[a + b][1], -at, a + b)
            for at, (a, b) in enumerate(pairwise(parts))
            if a + b in tokens
        ]
        if not pairs:
            return parts
        _, at, joined = max(pairs)
        parts[-at : -at + 2] = [joined]


def main() -> None:
    """Load, judge, and let the model write."""
    start = time.process_time()
    torch.set_num_threads(1)
    weights, vocabulary, stories = map(Path, sys.argv[1:4])
    config, tensors = read_weights(weights)
    tokens = read_tokens(vocabulary)
    names = list(tokens)
    lines = [line for line in stories.read_text("utf-8").splitlines() if line.strip()]
    groups = [lines[n : n + PARAGRAPHS] for n in range(0, STORIES * PARAGRAPHS, PARAGRAPHS)]
    texts = ["\n\n".join(group) for group in groups]
    rows = [[BEGIN, *(tokens[part][0] for part in encode(text, tokens))] for text in texts]
    rows, texts = zip(
        *((row, text) for row, text in zip(rows, texts, strict=True) if len(row) <= config.context),
        strict=True,
    )
    read = sum(len(text.encode()) for text in texts)
    bits = {}
    for layout in ("interleaved", "half"):
        model = Transformer(replace(config, rope_layout=layout)).eval()  # type: ignore[arg-type]
        model.load_state_dict(tensors)
        with torch.inference_mode():
            nats = sum(
                F.cross_entropy(
                    model(torch.tensor([row[:-1]]))[0], torch.tensor(row[1:]), reduction="sum"
                )
                for row in rows
            )
        bits[layout] = round(float(nats) / log(2) / read, 4)
    model = Transformer(config).eval()
    model.load_state_dict(tensors)
    ids = [BEGIN, *(tokens[part][0] for part in encode("Once upon a time", tokens))]
    with torch.inference_mode():
        for _ in range(WRITTEN):
            ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
    about = {
        "command": "python code/benchmarks/real_weights.py "
        + " ".join(path.name for path in (weights, vocabulary, stories)),
        "machine": f"one busy core, {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__.split('+')[0]}",
        "date": datetime.now(UTC).date().isoformat(),
        "parameters": model.parameter_count(),
        "stories": len(rows),
        "bytes": read,
        "bits_per_byte": bits,
        "continued": "".join(names[id] for id in ids[1:]).replace("<0x0A>", " ").strip(),
        "cpu_seconds": round(time.process_time() - start, 1),
    }
    print(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
