"""What the heads of a model trained on TinyStories look at: sinks, neighbors, and copies.

    python code/benchmarks/real_heads.py stories260K.bin tok512.bin tinystories.txt \
        --out book/recorded/08-real-heads.json

The model is the smallest one published with llama2.c (Karpathy, 2023), in that program's layout:
five layers of eight heads on four heads of keys, trained by others.
"""

import argparse
import json
import re
import time
from pathlib import Path

import torch
from about import about
from llama2c import encode, read_model, read_tokens
from scratchlm.model import Transformer, attention_maps
from torch.nn import functional as F

STORIES, TOKENS, LETTERS = 16, 200, 700


def look(model: Transformer, rows: list[list[int]]) -> dict[str, torch.Tensor]:
    """Shares of weight by layer and head, averaged over rows."""
    config = model.config
    kinds = ("before", "first near", "first far", "copied")
    sums = {kind: torch.zeros(config.n_layers, config.n_heads) for kind in kinds}
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
    width, hooks = model.config.head_dim, []
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
    model, tokens = read_model(options.weights), read_tokens(options.vocabulary)
    stories = re.split(r"<\|endoftext\|>|(?=Once upon a time)", options.text.read_text())
    texts = [story.strip()[:LETTERS] for story in stories[: 2 * STORIES]]
    # Characters without a token, such as line breaks, are left out.
    known = ["".join(letter for letter in text if letter in tokens) for text in texts]
    rows = [encode(text, tokens)[:TOKENS] for text in known]
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
    record = {
        **about("python code/benchmarks/real_heads.py stories260K.bin tok512.bin FILE"),
        "cpu_seconds": round(time.process_time() - start, 1),
        "results": results,
    }
    options.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
