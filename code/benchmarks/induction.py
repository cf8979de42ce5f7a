"""Train small transformers to answer what stood after a token: one layer or two.

    python code/benchmarks/induction.py --seeds 3 --out book/recorded/08-induction.json

The task is that of `AssociativeRecall`. Writes JSON: for each model and seed the loss of every
step, the loss and the share of right answers on rows that none was trained on, and what its heads
look at.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from about import about
from jaxtyping import Float
from scratchlm.data import IGNORE_INDEX, AssociativeRecall, Batch
from scratchlm.data.associative_recall import FACTS, SEQ_LEN, VOCAB_SIZE
from scratchlm.model import ModelConfig, Transformer, attention_maps
from scratchlm.training import TrainConfig, Trainer
from torch import Tensor
from torch.nn import functional as F

SHAPES = {  # layers, width, heads of keys and values
    "one layer": (1, 64, 2),
    "one wide layer": (1, 96, 2),
    "two layers": (2, 64, 2),
    "shared keys": (2, 64, 1),
}
HELD_OUT = 10**6  # the number of a batch that no run reaches


def shape(name: str) -> ModelConfig:
    """The configuration of one of the models."""
    layers, width, shared = SHAPES[name]
    return ModelConfig(
        VOCAB_SIZE, SEQ_LEN, width, layers, n_heads=2, n_kv_heads=shared, tie_embeddings=False
    )


@torch.no_grad()
def examine(model: Transformer, batch: Batch) -> tuple[float, float]:
    """Loss and share of right answers on a batch."""
    asked = batch.targets != IGNORE_INDEX
    logits, answers = model(batch.input_ids)[asked], batch.targets[asked]
    right = (logits.argmax(-1) == answers).double().mean()
    return float(F.cross_entropy(logits, answers)), float(right)


def head_scores(
    maps: list[Float[Tensor, "batch heads time time"]], inputs: Tensor
) -> dict[str, list[list[float]]]:
    """What share of its weight each head gives to two places, by layer.

    To the token before, from the facts; and to the answer, from the questions.
    """
    asked = torch.arange(FACTS, SEQ_LEN, 2)
    places = (inputs[:, None, :FACTS] == inputs[:, asked, None]).int().argmax(-1) + 1
    scores: dict[str, list[list[float]]] = {"before": [], "answer": []}
    for weights in maps:
        before = weights[:, :, :FACTS].diagonal(-1, 2, 3).mean((0, 2))
        at = places[:, None, :, None].expand(-1, weights.shape[1], -1, 1)
        answer = weights[:, :, asked].gather(-1, at).mean((0, 2, 3))
        scores["before"].append([round(float(one), 3) for one in before])
        scores["answer"].append([round(float(one), 3) for one in answer])
    return scores


def train(name: str, seed: int, steps: int) -> dict[str, object]:
    """One run, and what came of it."""
    start = time.process_time()
    trainer = Trainer(
        Transformer(shape(name), seed), AssociativeRecall(seed=seed), TrainConfig(steps)
    )
    losses = [round(trainer.train_step().loss, 4) for _ in range(steps)]
    model, batch = trainer.model.eval(), AssociativeRecall(200).batch(HELD_OUT)
    loss, right = examine(model, batch)
    with attention_maps(model) as maps:
        model(batch.input_ids)
    return {
        "model": name,
        "seed": seed,
        "parameters": model.parameter_count(),
        "steps": steps,
        "nats": round(loss, 4),
        "right": round(right, 4),
        "cpu_seconds": round(time.process_time() - start, 1),
        "heads": head_scores(maps, batch.input_ids),
        "row": batch.input_ids[0].tolist(),
        "maps": [[[round(w, 2) for w in r] for r in h] for m in maps for h in m[0].tolist()],
        "losses": losses,
    }


def main() -> None:
    """Train every model with every seed, and write what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--models", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--out", type=Path, required=True, help="written after every run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    record = about()
    runs = []
    for seed in range(options.seeds):
        for name in options.models:
            runs.append(train(name, seed, options.steps))
            shown = {k: v for k, v in runs[-1].items() if k not in ("losses", "maps", "row")}
            print(json.dumps(shown), file=sys.stderr, flush=True)
            options.out.write_text(json.dumps({**record, "runs": runs}) + "\n")


if __name__ == "__main__":
    main()
