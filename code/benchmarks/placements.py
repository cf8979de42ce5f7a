"""Train the same small model with its norms in five places, and see which of them learn.

    python code/benchmarks/placements.py --out book/recorded/09-placements.json

Every run is a byte-level model of village stories, 48 wide, trained with AdamW for 200 steps of
512 bytes: shallow and deep, with three learning rates, with and without warm-up, drawn in two
ways, with three seeds. `--part long` trains deep models for longer and takes out their blocks
one at a time; `--part text --text FILE` repeats a few runs on a text of your own. Results are
written after each run; started again, the script goes on where it was.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from math import log
from pathlib import Path

import torch
from about import about
from scratchlm.data import Shard, StreamBatches
from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer, residual_streams
from scratchlm.model.config import Initialization, NormPlacement
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus
from torch import Tensor
from torch.nn import functional as F

STORIES, HELD_OUT, TIME, ROWS, EVERY = 400, 4096, 32, 16, 10
RATES = (1e-3, 3e-3, 3e-4)
MODEL = ModelConfig.gpt2(vocab_size=256, max_seq_len=TIME, d_model=64, n_layers=1).replace(
    d_model=48, n_heads=4
)


@dataclass(frozen=True)
class Cell:
    """What differs between the runs."""

    part: str
    placement: NormPlacement
    initialization: Initialization
    layers: int
    lr: float
    warmup_steps: int
    seed: int
    steps: int = 200

    @property
    def model(self) -> ModelConfig:
        """The model's shape."""
        return MODEL.replace(
            norm_placement=self.placement,
            initialization=self.initialization,
            n_layers=self.layers,
        )

    @property
    def training(self) -> TrainConfig:
        """How it is trained."""
        return TrainConfig(
            self.steps,
            optimizer="adamw",
            lr=self.lr,
            warmup_steps=self.warmup_steps,
            decay_start=0.6,
        )


def grid(seeds: int) -> Iterator[Cell]:
    """Seed by seed, so that the design is balanced wherever it is cut off."""
    for seed in range(seeds):
        for layers, lr, warmup_steps in product((4, 16, 8), RATES, (0, 66)):
            for placement in ("pre", "post"):
                yield Cell("grid", placement, "xavier", layers, lr, warmup_steps, seed)
        for lr, warmup_steps in product(RATES, (0, 66)):
            for layers, placement in product((4, 16), ("pre", "post")):
                yield Cell("grid", placement, "gpt2", layers, lr, warmup_steps, seed)
            for placement in ("deepnorm", "sandwich", "reordered"):
                yield Cell("grid", placement, "xavier", 16, lr, warmup_steps, seed)


def long(seeds: int) -> Iterator[Cell]:
    """Deep models that train for longer, and the shallow one that seems stuck."""
    for placement in ("pre", "post", "deepnorm", "sandwich"):
        yield Cell("long", placement, "xavier", 16, 1e-3, 200, 0, 600)
    for seed in range(seeds):
        yield Cell("long", "post", "gpt2", 4, 1e-3, 333, seed, 1000)


def text(seeds: int) -> Iterator[Cell]:
    """The comparison in small, for a text from elsewhere."""
    for seed, layers in product(range(seeds), (4, 16)):
        for placement, initialization in product(("pre", "post"), ("xavier", "gpt2")):
            yield Cell("text", placement, initialization, layers, 1e-3, 66, seed)
        yield Cell("text", "deepnorm", "xavier", layers, 1e-3, 66, seed)


def prepare(path: Path | None = None) -> tuple[Shard, Tensor]:
    """Bytes to train on, and held-out rows: of the village, or the end of a text."""
    if path is None:
        train, rest = (
            "\n".join(story.text for story in corpus(part, number)).encode()
            for part, number in (("train", STORIES), ("valid", 12))
        )
    else:
        whole = path.read_bytes()
        train, rest = whole[: -len(whole) // 10], whole[-len(whole) // 10 :]
    held_out = torch.tensor(list(rest[:HELD_OUT]))
    rows = held_out[: HELD_OUT // (TIME + 1) * (TIME + 1)].view(-1, TIME + 1)
    return Shard.of([list(train)]), rows


@torch.no_grad()
def bits(model: Transformer, rows: Tensor) -> float:
    """Bits per byte of held-out rows."""
    logits = model(rows[:, :-1])  # rows time vocab
    return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).item() / log(2)


@torch.no_grad()
def look(model: Transformer, rows: Tensor) -> dict[str, list[float]]:
    """What the streams are like, layer by layer.

    ``alike`` is the mean cosine between different positions of a row, ``turned`` the cosine
    between what enters a block and what leaves it, ``length`` the root mean square.
    """
    with residual_streams(model) as streams:
        model(rows[:, :-1])
    units = [F.normalize(stream, dim=-1) for stream in streams]
    off = 1 - torch.eye(TIME)
    alike = [float((unit @ unit.mT * off).sum(dim=(-2, -1)).mean() / off.sum()) for unit in units]
    turned = [float((a * b).sum(-1).mean()) for a, b in pairwise(units)]
    length = [float(stream.square().mean().sqrt()) for stream in streams]
    return {"alike": tidy(alike), "turned": tidy(turned), "length": tidy(length)}


def without_each(model: Transformer, rows: Tensor) -> list[float]:
    """Bits per byte when one block is taken out, for each of them."""
    result, blocks = [], model.layers
    for gone in range(len(blocks)):
        model.layers = torch.nn.ModuleList(b for i, b in enumerate(blocks) if i != gone)
        model.config = model.config.replace(n_layers=len(blocks) - 1)
        result.append(bits(model, rows))
    model.layers, model.config = blocks, model.config.replace(n_layers=len(blocks))
    return tidy(result)


def unigram(shard: Shard, rows: Tensor) -> float:
    """Bits per byte of held-out rows for who knows how frequent each byte is, and nothing else."""
    counts = torch.bincount(torch.tensor(shard.document(0).tolist()), minlength=256) + 1e-3
    return float(-(counts / counts.sum()).log2()[rows[:, 1:]].mean())


def tidy(values: list[float]) -> list[float]:
    """Enough digits, and no more."""
    return [round(value, 4) for value in values]


def train(cell: Cell, shard: Shard, rows: Tensor, steps: int | None = None) -> dict[str, object]:
    """One run, or its first steps."""
    start = time.process_time()
    model = Transformer(cell.model, cell.seed)
    batches = StreamBatches(shard, seq_len=TIME, batch_size=ROWS, seed=cell.seed)
    trainer = Trainer(model, batches, cell.training)
    reports = []
    try:
        for _ in range(steps or cell.steps):
            reports.append(trainer.train_step())
    except InputError as error:  # the loss was no number
        print(error)
    losses = [report.loss / log(2) for report in reports]
    # A run that blew up keeps the last whole group, and whatever its weights now say.
    groups = [losses[at : at + EVERY] for at in range(0, len(losses) - EVERY + 1, EVERY)]
    result: dict[str, object] = {
        **vars(cell),
        "bits_per_byte": round(bits(model, rows), 4),
        "grad_norm": round(max(report.grad_norm for report in reports), 3),
        "losses": [round(sum(group) / EVERY, 3) for group in groups],
        **look(model, rows),
    }
    if cell.part == "long":
        result["without"] = without_each(model, rows)
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    return result


def main() -> None:
    """Run what is missing in the file, and add it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", choices=("grid", "long", "text"), default="grid")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--text", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shard, rows = prepare(options.text)
    record: dict[str, object] = {}
    if options.out.exists():
        record = json.loads(options.out.read_text())
    extra = f" --part {options.part} --text {options.text.name}" if options.text else ""
    record = {
        **about(f"python code/benchmarks/placements.py{extra} --out {options.out.name}"),
        "unigram": round(unigram(shard, rows), 4),
        "runs": [],
        **record,
    }
    runs: list[dict[str, object]] = record["runs"]  # type: ignore[assignment]
    done = [{name: run[name] for name in Cell.__dataclass_fields__} for run in runs]
    for cell in {"grid": grid, "long": long, "text": text}[options.part](options.seeds):
        if vars(cell) in done:
            continue
        runs.append(train(cell, shard, rows))
        said = {name: value for name, value in runs[-1].items() if not isinstance(value, list)}
        print(json.dumps(said), flush=True)
        lines = ",\n  ".join(json.dumps(run) for run in runs)
        head = json.dumps({**record, "runs": []}, indent=1).replace('"runs": []', '"runs": [\n  ')
        options.out.write_text(head.rstrip("}\n") + lines + "\n ]\n}\n")


if __name__ == "__main__":
    main()
