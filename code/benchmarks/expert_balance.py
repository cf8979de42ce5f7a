"""Train a small mixture of experts with and without balancing, beside models without experts.

    python code/benchmarks/expert_balance.py > book/recorded/10-experts.json

Prints JSON: the bits per byte of held-out stories, and how the tokens were shared out among the
experts of each layer, measured on one batch every few steps. The models without experts have as
many parameters as a token meets there, and as many as there are in all.
"""

import json
import sys
import time
from itertools import product
from math import log

import torch
from about import about
from jaxtyping import Float
from scratchlm.data import VillageBatches, encode_document
from scratchlm.evaluation import held_out_stories
from scratchlm.evaluation.transformer import document_nats
from scratchlm.model import MixtureOfExperts, ModelConfig, Transformer, count_active_parameters
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus
from torch import Tensor

VOCABULARY, CONTEXT, ROWS, STEPS, SEEDS, HELD_OUT, EVERY = 1024, 448, 4, 200, 3, 100, 10
FIRST = 20  # steps whose losses are kept
EXPERTS = ModelConfig(
    VOCABULARY, CONTEXT, 64, 2, n_heads=4, d_ff=64, n_experts=8, experts_per_token=2,
    initialization="gpt2",
)  # fmt: skip
KINDS = {
    "balanced": EXPERTS,
    "unbalanced": EXPERTS,
    "as active": EXPERTS.replace(n_experts=0, d_ff=2 * 64),
    "as all": EXPERTS.replace(n_experts=0, d_ff=8 * 64),
}


def prepare() -> Tokenizer:
    """The tokenizer of all runs."""
    return train_bpe((story.text for story in corpus("train", 500)), VOCABULARY)


def begin(kind: str, seed: int, tokenizer: Tokenizer) -> Trainer:
    """A run at its first step."""
    batches = VillageBatches(tokenizer, CONTEXT, ROWS, seed)
    plan = TrainConfig(STEPS, optimizer="adamw", lr=0.004)
    return Trainer(Transformer(KINDS[kind], seed), batches, plan)


@torch.no_grad()
def shares(trainer: Trainer) -> Float[Tensor, "layers experts"]:
    """How the next batch's choices are shared out; nothing is learned or balanced here."""
    mixtures = [one for one in trainer.model.modules() if isinstance(one, MixtureOfExperts)]
    trainer.model(trainer.batches.batch(trainer.step).input_ids)
    loads = torch.stack([one.tokens_per_expert for one in mixtures])
    for one in mixtures:
        one.tokens_per_expert.zero_()
    return loads / loads.sum(dim=1, keepdim=True)


def advance(trainer: Trainer, kind: str) -> float:
    """One step; without balancing, the biases stay at nothing."""
    loss = trainer.train_step().loss
    if kind == "unbalanced":
        for one in trainer.model.modules():
            if isinstance(one, MixtureOfExperts):
                one.expert_bias.zero_()
    return loss


def train(kind: str, seed: int, tokenizer: Tokenizer) -> dict[str, object]:
    """One run from its first step to its score."""
    start, losses, loads = time.process_time(), [], []
    trainer = begin(kind, seed, tokenizer)
    for step in range(STEPS + 1):
        if KINDS[kind].n_experts and step % EVERY == 0:
            loads.append([[round(x, 4) for x in row] for row in shares(trainer).tolist()])
        if step < STEPS:
            losses.append(advance(trainer, kind))
    spent = time.process_time() - start
    texts = [story.text for story in held_out_stories(HELD_OUT)]
    rows = [encode_document(text, tokenizer) for text in texts]
    bits = sum(document_nats(trainer.model.eval(), rows)) / log(2)
    return {
        "kind": kind,
        "seed": seed,
        "parameters": trainer.model.parameter_count(),
        "active": count_active_parameters(KINDS[kind]),
        "bits_per_byte": round(bits / sum(len(text.encode()) for text in texts), 4),
        "cpu_seconds": round(spent, 1),
        "first": [round(loss, 3) for loss in losses[:FIRST]],
        "loads": loads,
    }


def main() -> None:
    """Make all runs, and print what they came to."""
    torch.set_num_threads(1)
    tokenizer, runs = prepare(), []
    for seed, kind in product(range(SEEDS), KINDS):
        runs.append(train(kind, seed, tokenizer))
        shown = {name: value for name, value in runs[-1].items() if name not in ("first", "loads")}
        print(json.dumps(shown), file=sys.stderr, flush=True)
    record = {
        **about("python code/benchmarks/expert_balance.py"),
        "steps": STEPS,
        "every": EVERY,
        "runs": runs,
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()
