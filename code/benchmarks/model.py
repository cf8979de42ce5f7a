"""Train a step and write with a cache: our model beside Hugging Face's, with the same weights.

    python code/benchmarks/model.py [--families gpt2 llama qwen3] [--rounds 5]

Both are models of about ten million random weights. A step is a forward and a backward pass over
4 rows of 256 tokens; writing is 64 tokens behind 64, one at a time. CPU time of one core; each
round times one after the other, and the ratio of a round is what is reported. Logits are compared.
"""

import argparse
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from scratchlm.interop import load_directory
from scratchlm.model import KVCache

ROWS, TIME, WRITTEN = 4, 256, 64
SHAPE = {
    "vocab_size": 4096,
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 512,
    "head_dim": 32,
}
GPT2 = {"vocab_size": 4096, "n_positions": 512, "n_embd": 256, "n_layer": 8, "n_head": 8}
FAMILIES = {
    "gpt2": (transformers.GPT2LMHeadModel, lambda: transformers.GPT2Config(**GPT2)),
    "llama": (transformers.LlamaForCausalLM, lambda: transformers.LlamaConfig(**SHAPE)),
    "qwen3": (transformers.Qwen3ForCausalLM, lambda: transformers.Qwen3Config(**SHAPE)),
}


def pair(family):
    """The same random model, theirs and ours."""
    kind, config = FAMILIES[family]
    torch.manual_seed(0)
    theirs = kind(config()).eval()
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = load_directory(Path(folder)).eval()
    return theirs, ours


def step(model, logits, ids, half):
    """Forward and backward."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        scores = logits(ids[:, :-1]).float()
    torch.nn.functional.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten()).backward()
    for weight in model.parameters():
        weight.grad = None


@torch.inference_mode()
def write_theirs(model, ids):
    """The likeliest token, again and again."""
    cache, new, tokens = transformers.DynamicCache(config=model.config), ids, []
    for _ in range(WRITTEN):
        new = model(new, past_key_values=cache).logits[:, -1:].argmax(-1)
        tokens.append(int(new))
    return tokens


@torch.inference_mode()
def write_ours(model, ids):
    """The same with our cache."""
    cache, new, tokens = KVCache(model.config, batch=1), ids, []
    for _ in range(WRITTEN):
        new = model(new, cache)[:, -1:].argmax(-1)
        tokens.append(int(new))
    return tokens


def seconds(run):
    start = time.process_time()
    run()
    return time.process_time() - start


def contests(theirs, ours, ids):
    """What is timed: a name, theirs, and ours."""

    def logits(ids):
        return theirs(ids).logits

    return [
        ("step", partial(step, theirs, logits, ids, False), partial(step, ours, ours, ids, False)),
        (
            "step, bf16",
            partial(step, theirs, logits, ids, True),
            partial(step, ours, ours, ids, True),
        ),
        (
            "write",
            partial(write_theirs, theirs, ids[:1, :64]),
            partial(write_ours, ours, ids[:1, :64]),
        ),
    ]


def report(family, name, times):
    """A line: the medians of both sides, and the rounds' ratios."""
    a, b = (statistics.median(side) for side in zip(*times, strict=True))
    ratios = [ours / theirs for theirs, ours in times]
    worst = f"{statistics.median(ratios):5.2f}, {max(ratios):.2f}"
    print(f"{family:7} {name:10} {a:7.3f} s {b:7.3f} s   {worst}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    ids = torch.randint(4096, (ROWS, TIME + 1), generator=torch.Generator().manual_seed(1))
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, one core")
    print("family  what         theirs     ours   ratio (median, worst)")
    for family in options.families:
        theirs, ours = pair(family)
        for name, base, mine in contests(theirs, ours, ids):
            base()  # the first ones are slower
            mine()
            report(family, name, [(seconds(base), seconds(mine)) for _ in range(options.rounds)])
        with torch.inference_mode():
            apart = (theirs(ids).logits - ours(ids)).abs().max().item()
        same = write_theirs(theirs, ids[:1, :64]) == write_ours(ours, ids[:1, :64])
        print(f"{family:7} logits differ by {apart:.1e}; same text: {same}")


if __name__ == "__main__":
    main()
