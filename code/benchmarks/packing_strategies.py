"""Train the same small model on the same stories, packed into rows by four strategies.

    python code/benchmarks/packing_strategies.py --seeds 3 > packing-strategies.json

Prints JSON: for each strategy and each seed the losses of the first steps, and at the end the bits
per byte of held-out stories, each read alone from its separator, and the surprise at names that
were said before. All runs train on the same number of tokens; padding does not count.
"""

import argparse
import json
import sys
import time
from itertools import product
from math import log

import torch
from about import about
from scratchlm.data import PACKING_STRATEGIES, PackingStrategy, Shard, encode_document, make_batches
from scratchlm.evaluation import held_out_stories
from scratchlm.evaluation.names import surprise_at_names
from scratchlm.evaluation.transformer import token_nats
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus

STORIES, VOCAB_SIZE, SEQ_LEN, HELD_OUT = 2000, 1024, 1200, 60
FIRST = 20  # steps whose losses are kept, for others to begin the same run and compare
MODEL = ModelConfig(VOCAB_SIZE, max_seq_len=SEQ_LEN, d_model=64, n_layers=2, n_heads=2)


def prepare() -> tuple[Tokenizer, Shard]:
    """The tokenizer and the stories that every run learns from."""
    texts = [story.text for story in corpus("train", STORIES)]
    tokenizer = train_bpe(texts[:500], VOCAB_SIZE)
    return tokenizer, Shard.of(encode_document(text, tokenizer) for text in texts)


def train(
    strategy: PackingStrategy, seed: int, tokens: int, tokenizer: Tokenizer, shard: Shard
) -> dict[str, object]:
    """One run: about a thousand tokens a step, and as many steps as it takes."""
    start = time.process_time()
    batches = make_batches(strategy, shard, SEQ_LEN, batch_size=1, seed=seed)
    steps = round(100 * tokens / sum(batches.batch(number).count for number in range(100)))
    trainer = Trainer(Transformer(MODEL, seed), batches, TrainConfig(steps))
    reports = [trainer.train_step() for _ in range(steps)]
    spent = time.process_time() - start
    texts = [story.text for story in held_out_stories(HELD_OUT)]
    rows = [encode_document(text, tokenizer) for text in texts]
    nats = token_nats(trainer.model, rows)
    bits = sum(float(row.double().sum()) for row in nats) / log(2)
    return {
        "strategy": strategy,
        "seed": seed,
        "budget": tokens,
        "steps": steps,
        "bits_per_byte": round(bits / sum(len(text.encode()) for text in texts), 4),
        "nats_at_names": round(surprise_at_names(tokenizer, texts, nats), 3),
        "tokens": sum(report.tokens for report in reports),
        "cpu_seconds": round(spent, 1),
        "losses": [round(report.loss, 3) for report in reports[:FIRST]],
    }


def main() -> None:
    """Run all strategies, seed by seed, and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tokens", nargs="+", type=int, default=[250_000])
    parser.add_argument("--strategies", nargs="+", choices=PACKING_STRATEGIES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer, shard = prepare()
    runs = []
    for tokens, seed in product(options.tokens, range(options.seeds)):
        for strategy in options.strategies or PACKING_STRATEGIES:
            runs.append(train(strategy, seed, tokens, tokenizer, shard))
            shown = {name: value for name, value in runs[-1].items() if name != "losses"}
            print(json.dumps(shown), file=sys.stderr, flush=True)
    record = {
        **about("python code/benchmarks/packing_strategies.py " + " ".join(sys.argv[1:])),
        "runs": runs,
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
