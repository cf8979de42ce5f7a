"""Train GPT-2's shape and, one change at a time, Llama's, Qwen's and this book's, on equal terms.

    python code/benchmarks/ablations.py --out book/recorded/10-changes.json

Every model has 4 layers of 64 numbers, learns from the same stories of the village for the same
number of steps with AdamW, and is judged by its bits per byte on held-out stories, each read alone.
A run that is already in the file is not repeated, so the command may be interrupted, and called
again with other learning rates, seeds or changes.
"""

import argparse
import json
import sys
import time
from itertools import product
from math import log
from pathlib import Path

import torch
from about import about
from scratchlm.data import VillageBatches, encode_document
from scratchlm.evaluation import held_out_stories
from scratchlm.evaluation.transformer import document_nats
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus

VOCABULARY, CONTEXT, ROWS, HELD_OUT = 1024, 448, 4, 100
FIRST = 40  # steps whose losses are kept, for others to begin the same run and compare
STRETCH = 20  # steps whose mean loss is a point of the curve
CHANGES: dict[str, dict[str, object]] = {
    "GPT-2": {},
    "RoPE": {"positions": "rope"},
    "RMSNorm": {"norm": "rms"},
    "no biases": {"bias": "none"},
    "SwiGLU": {"feed_forward": "swiglu"},
    "untied head": {"tie_embeddings": False},
    "grouped-query attention": {"kv_heads": 2},
    "QK-norm": {"qk_norm": True},
    "zero-initialized residual": {"initialization": "zero_residual"},
    "embedding norm": {"embedding_norm": True},
    "squared ReLU": {"feed_forward": "relu2"},
}


def ladder() -> dict[str, ModelConfig]:
    """The shapes, each with one change more than the one before."""
    config = ModelConfig.gpt2(
        vocab_size=VOCABULARY, max_seq_len=CONTEXT, d_model=64, n_layers=4
    ).replace(n_heads=4)
    rungs = {}
    for name, fields in CHANGES.items():
        rungs[name] = config = config.replace(**fields)  # type: ignore[arg-type]
    return rungs


def prepare() -> Tokenizer:
    """The tokenizer of all runs."""
    return train_bpe((story.text for story in corpus("train", 500)), VOCABULARY)


def begin(change: str, seed: int, lr: float, steps: int, tokenizer: Tokenizer) -> Trainer:
    """A run at its first step; the seed decides the weights and the order of the stories."""
    batches = VillageBatches(tokenizer, CONTEXT, ROWS, seed)
    plan = TrainConfig(steps, optimizer="adamw", lr=lr)
    return Trainer(Transformer(ladder()[change], seed), batches, plan)


def train(change: str, seed: int, lr: float, steps: int, tokenizer: Tokenizer) -> dict[str, object]:
    """One run from its first step to its score."""
    start = time.process_time()
    trainer = begin(change, seed, lr, steps, tokenizer)
    reports = [trainer.train_step() for _ in range(steps)]
    losses = torch.tensor([report.loss for report in reports])
    spent = time.process_time() - start
    texts = [story.text for story in held_out_stories(HELD_OUT)]
    rows = [encode_document(text, tokenizer) for text in texts]
    bits = sum(document_nats(trainer.model, rows)) / log(2)
    return {
        "change": change,
        "seed": seed,
        "lr": lr,
        "steps": steps,
        "parameters": trainer.model.parameter_count(),
        "bits_per_byte": round(bits / sum(len(text.encode()) for text in texts), 4),
        "tokens": sum(report.tokens for report in reports),
        "cpu_seconds": round(spent, 1),
        "first": [round(loss, 3) for loss in losses[:FIRST].tolist()],
        "curve": [round(float(part.mean()), 3) for part in losses.split(STRETCH)],
    }


def main() -> None:
    """Make the runs that are missing in the file, and write it anew after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lrs", nargs="+", type=float, default=[0.004])
    parser.add_argument("--changes", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument("--steps", type=int, default=400)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = prepare()
    runs = json.loads(options.out.read_text())["runs"] if options.out.exists() else []
    done = {(run["change"], run["seed"], run["lr"], run["steps"]) for run in runs}
    for seed, lr, change in product(range(options.seeds), options.lrs, options.changes):
        if (change, seed, lr, options.steps) in done:
            continue
        runs.append(train(change, seed, lr, options.steps, tokenizer))
        shown = {name: value for name, value in runs[-1].items() if name not in ("first", "curve")}
        print(json.dumps(shown), file=sys.stderr, flush=True)
        options.out.write_text(json.dumps({**about(), "runs": runs}) + "\n")


if __name__ == "__main__":
    main()
