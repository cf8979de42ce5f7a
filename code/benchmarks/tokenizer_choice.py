"""Train the same small model on the same bytes, cut by different tokenizers.

    python code/benchmarks/tokenizer_choice.py --out book/recorded/05-tokenizers.json
    python code/benchmarks/tokenizer_choice.py FILE --budgets bytes --out 05-real-text.json

The text is stories of the village, or a file whose last tenth is held out. Writes JSON: for each
tokenizer, seed and budget the losses of the first steps and, at the end, nats per token and bits
per byte of the held-out text. A row holds about as many bytes whatever the tokenizer, and so does a
batch; "bytes" gives all runs as many steps, "flops" as many operations as byte-pair encoding with
1,024 tokens needs for them. Cut off and started again, it goes on with the run that was not done.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import product
from math import log
from pathlib import Path

import torch
from about import about
from scratchlm.cli.tokenizer import TRAINERS
from scratchlm.corpus import hold_out, read_texts
from scratchlm.data import Shard, StreamBatches, encode_document
from scratchlm.evaluation import held_out_stories
from scratchlm.evaluation.transformer import document_nats
from scratchlm.model import ModelConfig, Transformer, count_flops
from scratchlm.tokenizer import Tokenizer
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus

STORIES, HELD_OUT = 2000, 60
ROW, ROWS = 256, 16  # bytes in a row, about; rows in a batch
FIRST = 20  # steps whose losses are kept, for others to begin the same run and compare
REFERENCE = ("bpe", 1024)
SUBWORDS = ("bpe", "wordpiece", "unigram")
CHOICES = [
    *((algorithm, size) for size in (1024, 512, 4096) for algorithm in SUBWORDS),
    ("bytes", 257),
    ("characters", 512),
]


def texts_of(file: Path | None) -> tuple[list[str], list[str]]:
    """What is learned from, and what is measured on."""
    if file is None:
        stories = [story.text for story in corpus("train", STORIES)]
        return stories, [story.text for story in held_out_stories(HELD_OUT)]
    return hold_out(list(read_texts(file)))


class Setting:
    """A tokenizer, and the model and batches that go with it."""

    def __init__(self, algorithm: str, size: int, texts: Sequence[str]) -> None:
        self.algorithm, self.size = algorithm, size
        if algorithm == "bytes":
            self.tokenizer = Tokenizer([])
        else:
            self.tokenizer = TRAINERS[algorithm](texts, size)
        self.shard = Shard.of(encode_document(text, self.tokenizer) for text in texts)
        self.worth = sum(len(text.encode()) for text in texts) / len(self.shard.tokens)
        self.time = round(ROW / self.worth)
        self.model = ModelConfig(
            self.tokenizer.vocab_size, max_seq_len=self.time, d_model=64, n_layers=2, n_heads=2
        )
        self.step_flops = count_flops(self.model, ROWS, self.time).training

    def trainer(self, seed: int, steps: int) -> Trainer:
        """A run at its first step."""
        batches = StreamBatches(self.shard, self.time, ROWS, seed)
        return Trainer(Transformer(self.model, seed), batches, TrainConfig(steps))


def train(setting: Setting, seed: int, steps: int, held_out: Sequence[str]) -> dict[str, object]:
    """One run."""
    start = time.process_time()
    trainer = setting.trainer(seed, steps)
    losses = [trainer.train_step().loss for _ in range(steps)]
    rows = [encode_document(text, setting.tokenizer) for text in held_out]
    nats = sum(document_nats(trainer.model, rows))
    return {
        "algorithm": setting.algorithm,
        "size": setting.size,
        "vocabulary": setting.tokenizer.vocab_size,
        "seed": seed,
        "steps": steps,
        "time": setting.time,
        "bytes_per_token": round(setting.worth, 3),
        "gigaflops": round(steps * setting.step_flops / 1e9, 1),
        "nats_per_token": round(nats / sum(len(row) - 1 for row in rows), 4),
        "bits_per_byte": round(nats / log(2) / sum(len(text.encode()) for text in held_out), 4),
        "cpu_seconds": round(time.process_time() - start, 1),
        "losses": [round(loss, 3) for loss in losses[:FIRST]],
    }


def runs(
    options: argparse.Namespace, done: Sequence[dict[str, object]]
) -> Iterator[dict[str, object]]:
    """All runs that are not done, the first seed of each before the second of any."""
    texts, held_out = texts_of(options.file)
    settings = [Setting(*choice, texts) for choice in CHOICES]
    (reference,) = (one for one in settings if (one.algorithm, one.size) == REFERENCE)
    known = {(run["algorithm"], run["size"], run["seed"], run["budget"]): run for run in done}
    for seed, setting, budget in product(range(options.seeds), settings, options.budgets):
        if setting.algorithm == "characters" and setting.tokenizer.vocab_size == 257:
            continue  # no character beyond ASCII: these are the bytes again
        key = (setting.algorithm, setting.size, seed)
        if (*key, budget) in known:
            continue
        same_flops = round(options.steps * reference.step_flops / setting.step_flops)
        steps = options.steps if budget == "bytes" else same_flops
        twin = known.get((*key, "bytes"))
        if twin is None or twin["steps"] != steps:
            twin = train(setting, seed, steps, held_out)
        known[(*key, budget)] = {**twin, "budget": budget}
        yield known[(*key, budget)]


def main() -> None:
    """Run everything, and write what it came to after each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument(
        "--budgets", nargs="+", choices=["bytes", "flops"], default=["bytes", "flops"]
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    done = json.loads(options.out.read_text())["runs"] if options.out.exists() else []
    file = "" if options.file is None else f" {options.file.name}"
    record = {
        **about(
            f"python code/benchmarks/tokenizer_choice.py{file} --seeds {options.seeds} "
            f"--steps {options.steps} --budgets {' '.join(options.budgets)} --out FILE"
        ),
        "steps": options.steps,
        "row": ROW,
        "rows": ROWS,
    }
    for run in runs(options, done):
        done.append(run)
        shown = {name: value for name, value in run.items() if name != "losses"}
        print(json.dumps(shown), file=sys.stderr, flush=True)
        options.out.write_text(json.dumps({**record, "runs": done}, indent=1) + "\n")


if __name__ == "__main__":
    main()
