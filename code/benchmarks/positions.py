"""Train the same small model with five ways to say where a token stands, and read on beyond.

    python code/benchmarks/positions.py --seeds 3 > book/recorded/07-positions.json
    python code/benchmarks/positions.py --seeds 1 --no-rescue --text FILE

Prints JSON: for each scheme and each seed the losses of the first steps, and the held-out loss by
position, in nats per token, up to four times the length of the training's windows. Then rotary
positions are stretched in three ways, two of them with and without sharper attention, and measured
before and after a short training on long windows. The scheme ``quiet`` is ``learned`` with rows
that start a fiftieth as large.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from about import about
from scratchlm.corpus import hold_out, read_texts
from scratchlm.data import Shard, StreamBatches, encode_document
from scratchlm.model import ModelConfig, RopeScaling, Transformer
from scratchlm.model.rope import yarn_attention_factor
from scratchlm.tokenizer import train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus
from torch.nn import functional as F

VOCABULARY, TIME, LONG, ROWS = 512, 64, 256, 16
STORIES, HELD_OUT, STEPS, LONG_STEPS = 1500, 150, 400, 40
WIDTH = 8  # positions whose losses are averaged
FIRST = 40  # steps whose losses are kept, for others to begin the same run and compare
SCHEMES = ("rope", "alibi", "sinusoidal", "learned", "quiet", "none")
QUIET = 0.02
LLAMA3 = RopeScaling(LONG / TIME, "llama3", original=TIME)
YARN = RopeScaling(LONG / TIME, "yarn", original=TIME, low=1.0, high=4.0)
STRETCHES = {  # how the waves are stretched, and by how much queries and keys are lengthened
    "none": (None, 1.0),
    "linear": (RopeScaling(LONG / TIME), 1.0),
    "llama3": (LLAMA3, 1.0),
    "llama3, sharp": (LLAMA3, yarn_attention_factor(YARN)),
    "yarn": (YARN, yarn_attention_factor(YARN)),
    "yarn, blunt": (YARN, 1.0),
}
MODEL = ModelConfig(VOCABULARY, TIME, d_model=64, n_layers=2, n_heads=4, tie_embeddings=False)


def prepare(text: Path | None) -> tuple[Shard, torch.Tensor]:
    """The tokens to learn from, and windows of other text: ``rows time``."""
    if text is None:
        learned, measured = (
            [story.text for story in corpus(split, count)]
            for split, count in (("train", STORIES), ("valid", HELD_OUT))
        )
    else:
        learned, measured = hold_out(list(read_texts(text)))
    tokenizer = train_bpe(learned[:300] if text is None else learned, VOCABULARY)
    train, held_out = (
        Shard.of(encode_document(document, tokenizer) for document in part)
        for part in (learned, measured)
    )
    ids = torch.from_numpy(held_out.tokens.astype("int64"))
    rows = min(150, (len(ids) - 1) // LONG)
    return train, ids.unfold(0, LONG + 1, LONG)[:rows]


@torch.no_grad()
def by_position(model: Transformer, windows: torch.Tensor) -> list[float]:
    """Mean nats at each few positions; where the model's context ends, so does the list."""
    context = model.config.max_seq_len
    nats = torch.cat(
        [
            F.cross_entropy(
                model(rows[:, :context]).transpose(1, 2),
                rows[:, 1 : context + 1],
                reduction="none",
            )
            for rows in windows.split(25)
        ]
    )
    return [round(float(part), 4) for part in nats.mean(dim=0).unflatten(0, (-1, WIDTH)).mean(1)]


def start_of(scheme: str, seed: int) -> Transformer:
    """An untrained model."""
    kind = "learned" if scheme == "quiet" else scheme
    model = Transformer(MODEL.replace(positions=kind), seed)  # type: ignore[arg-type]
    if scheme == "quiet":
        model.positions.weight.data *= QUIET
    return model


def longer(
    model: Transformer, scaling: RopeScaling | None = None, length: float = 1.0
) -> Transformer:
    """The same weights in a model of a longer context, but for positions that were learned."""
    if model.config.positions == "learned":
        return model
    new = Transformer(model.config.replace(max_seq_len=LONG, rope_scaling=scaling))
    new.load_state_dict(model.state_dict())
    if model.config.positions == "rope":
        rotary, factor = new.positions.rotary, length / yarn_attention_factor(scaling)
        new.positions.rotary = lambda at: tuple(factor * one for one in rotary(at))
    return new


def train(model: Transformer, shard: Shard, steps: int, seed: int, **rest: float) -> list[float]:
    """Train in place, always with the same number of tokens in a step; return the losses."""
    context = model.config.max_seq_len
    batches = StreamBatches(shard, context, ROWS * TIME // context, seed)
    trainer = Trainer(model, batches, TrainConfig(steps, **rest))  # type: ignore[arg-type]
    return [round(trainer.train_step().loss, 3) for _ in range(steps)]


def run(
    scheme: str, seed: int, shard: Shard, windows: torch.Tensor, *, rescue: bool
) -> Iterator[dict[str, object]]:
    """One run of a scheme, and what is made of it."""
    start, model = time.process_time(), start_of(scheme, seed)
    losses = train(model, shard, STEPS, seed)[:FIRST]
    found: dict[str, object] = {"scheme": scheme, "seed": seed, "losses": losses}
    found["nats"] = by_position(longer(model), windows)
    yield found | {"cpu_seconds": round(time.process_time() - start, 1)}
    if scheme != "rope" or not rescue:
        return
    for name, (scaling, length) in STRETCHES.items():
        start, stretched = time.process_time(), longer(model, scaling, length)
        found = {"stretch": name, "seed": seed}
        found["nats"] = by_position(stretched, windows)
        train(stretched, shard, LONG_STEPS, seed + 100, warmup=5, muon_lr=0.01, rate=0.0015)
        found["nats_trained"] = by_position(stretched, windows)
        yield found | {"cpu_seconds": round(time.process_time() - start, 1)}


def report(runs: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Say how far it is, and keep everything."""
    kept = []
    for one in runs:
        kept.append(one)
        print(json.dumps(one), file=sys.stderr, flush=True)
    return kept


def main() -> None:
    """Run all schemes, seed by seed, and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--text", type=Path, help="instead of the village's stories")
    parser.add_argument("--no-rescue", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shard, windows = prepare(options.text)
    rescue = not options.no_rescue
    runs = report(
        one
        for seed in range(options.seeds)
        for scheme in options.schemes
        for one in run(scheme, seed, shard, windows, rescue=rescue)
    )
    record = {
        **about(),
        "tokens": len(shard.tokens),
        "steps": STEPS,
        "long_steps": LONG_STEPS,
        "runs": runs,
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
