"""What the heads of a model trained on TinyStories look at: sinks, neighbors, and copies.

    python code/benchmarks/real_heads.py stories260K.bin tok512.bin tinystories.txt \
        --out book/recorded/08-real-heads.json

The model is the smallest one published with llama2.c (Karpathy, 2023), in that program's layout:
five layers of eight heads on four heads of keys, trained by others. Weights in the file stand in
the order in which they are read here.
"""

import argparse
import json
import platform
import re
import struct
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from scratchlm.model import ModelConfig, Transformer, attention_maps
from torch.nn import functional as F

STORIES, TOKENS, LETTERS, BEGIN = 16, 200, 700, 1
STACKS = (
    "input_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "post_attention_layernorm",
    "mlp.gate_proj",
    "mlp.down_proj",
    "mlp.up_proj",
)


def read_model(path: Path) -> Transformer:
    """Read a model in the layout of llama2.c's first version, embeddings tied."""
    width, inner, layers, heads, kv_heads, vocabulary, context = struct.unpack(
        "7i", path.read_bytes()[:28]
    )
    model = Transformer(
        ModelConfig(
            vocabulary,
            context,
            width,
            layers,
            heads,
            feed_forward="swiglu",
            kv_heads=kv_heads,
            inner=inner,
            norm_epsilon=1e-5,
            qk_norm=False,
            embedding_norm=False,
            rope_layout="interleaved",
        )
    )
    numbers, at = torch.from_numpy(np.fromfile(path, np.float32, offset=28)), 0
    weights = model.state_dict()
    names = ["embed_tokens.weight"]
    names += [f"layers.{n}.{stack}.weight" for stack in STACKS for n in range(layers)]
    for name in [*names, "norm.weight"]:
        size = weights[name].numel()
        weights[name].copy_(numbers[at : at + size].view_as(weights[name]))
        at += size
    return model.eval().requires_grad_(False)


def read_vocabulary(path: Path) -> dict[bytes, tuple[float, int]]:
    """Read the tokens with their scores: the higher, the earlier they merge."""
    content, at, tokens = path.read_bytes(), 4, {}
    while at < len(content):
        score, length = struct.unpack("fi", content[at : at + 8])
        tokens[content[at + 8 : at + 8 + length]] = (score, len(tokens))
        at += 8 + length
    return tokens


def encode(text: str, tokens: dict[bytes, tuple[float, int]]) -> list[int]:
    """Merge the best pair until there is none; characters that have no token are left out."""
    parts = [char.encode() for char in " " + text if char.encode() in tokens]
    while True:
        pairs = [
            (tokens[a + b][0], -n) for n, (a, b) in enumerate(pairwise(parts)) if a + b in tokens
        ]
        if not pairs:
            return [BEGIN, *(tokens[part][1] for part in parts)]
        n = -max(pairs)[1]
        parts[n : n + 2] = [parts[n] + parts[n + 1]]


def look(model: Transformer, rows: list[list[int]]) -> dict[str, torch.Tensor]:
    """Shares of weight by layer and head, averaged over rows."""
    config = model.config
    kinds = ("before", "first near", "first far", "copied")
    sums = {kind: torch.zeros(config.layers, config.heads) for kind in kinds}
    for row in rows:
        with attention_maps(model) as maps:
            model(torch.tensor([row]))
        seen, ids = torch.stack(maps)[:, 0], torch.tensor(row)
        earlier = (ids[:, None] == ids).tril(-1)  # where I stood before
        behind = earlier.roll(1, 1).tril(-1)
        asked = behind.any(-1)
        sums["before"] += seen.diagonal(-1, 2, 3).mean(-1)
        sums["first near"] += seen[:, :, 8:32, 0].mean(-1)
        sums["first far"] += seen[:, :, 100:, 0].mean(-1)
        sums["copied"] += (seen * behind).sum(-1)[..., asked].mean(-1)
    return {kind: total / len(rows) for kind, total in sums.items()}


def loss(model: Transformer, rows: list[list[int]], dead: tuple[int, int] | None = None) -> float:
    """Nats per token, with one head silent or none."""
    width, hooks = model.config.head_width, []
    if dead is not None:

        def silence(_: object, inputs: tuple[torch.Tensor, ...]) -> None:
            inputs[0][..., width * dead[1] : width * (dead[1] + 1)] = 0

        output = model.layers[dead[0]].self_attn.o_proj
        hooks.append(output.register_forward_pre_hook(silence))
    ids = torch.tensor(rows)
    logits = model(ids[:, :-1])
    for hook in hooks:
        hook.remove()
    return float(F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()))


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("weights", "vocabulary", "text", "--out"):
        parser.add_argument(name, type=Path, **({"required": True} if name == "--out" else {}))
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    model, tokens = read_model(options.weights), read_vocabulary(options.vocabulary)
    stories = re.split(r"<\|endoftext\|>|(?=Once upon a time)", options.text.read_text())
    rows = [encode(story.strip()[:LETTERS], tokens)[:TOKENS] for story in stories[: 2 * STORIES]]
    rows = [row for row in rows if len(row) == TOKENS][:STORIES]
    whole, found = loss(model, rows), look(model, rows)
    heads = [(layer, head) for layer in range(5) for head in range(8)]
    costs = {pair: loss(model, rows, pair) - whole for pair in heads}
    worst = max(costs, key=lambda pair: costs[pair])
    results = {"stories": len(rows), "tokens": TOKENS, "nats": round(whole, 3)}
    for kind, shares in found.items():
        layer, head = divmod(int(shares.argmax()), 8)
        results[f"{kind} mean"] = round(100 * float(shares.mean()), 1)
        results[f"{kind} most"] = round(100 * float(shares.max()), 1)
        results[f"{kind} head"] = f"{layer + 1}.{head + 1}"
    results["missed head"] = f"{worst[0] + 1}.{worst[1] + 1}"
    results["missed nats"] = round(costs[worst], 3)
    results["idle heads"] = sum(cost < 0.01 for cost in costs.values())
    about = {
        "command": "python code/benchmarks/real_heads.py stories260K.bin tok512.bin FILE",
        "machine": f"one busy core, {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__.split('+')[0]}",
        "date": datetime.now(UTC).date().isoformat(),
        "cpu_seconds": round(time.process_time() - start, 1),
        "results": results,
    }
    options.out.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
