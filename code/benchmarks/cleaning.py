"""Train the same small model on the output of each step of the cleaning pipeline.

    python code/benchmarks/cleaning.py --seeds 3 --out book/recorded/03-cleaning.json

Writes JSON, after each run. A run draws `SIZE` bytes of pages from the output of one step, on a
crawl of its own for each seed, and reads them in `STEPS` steps; at the end stand the bits per byte
of held-out stories of the village, each read alone. ``longer`` are some of these runs with three
times the steps. ``planted`` is a run in which some stories stand 1, 2, 4 … times among others, and
the bits per byte of these; ``copies`` are runs on clean stories of which only a part is different,
the rest being copies. The tokenizer is learned once, from other stories, so that it is the same for
all.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
import torch
from about import about
from scratchlm.corpus import (
    C4,
    Document,
    Dropped,
    ExactDedup,
    GopherQuality,
    GopherRepetition,
    Language,
    LineDedup,
    MinHashDedup,
    Step,
    decode_page,
    read,
    read_records,
    train_language,
)
from scratchlm.corpus.step import Deduplicator
from scratchlm.data import Shard, encode_document, make_batches
from scratchlm.evaluation import held_out_stories
from scratchlm.evaluation.transformer import document_nats
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus
from scratchlm.world.dumps import CrawlConfig, Extent, write_crawl

PAGES, SIZE, STEPS, HELD_OUT = 1500, 200_000, 160, 40
TIME, ROWS, VOCABULARY = 256, 4, 1024
MODEL = ModelConfig(VOCABULARY, max_seq_len=TIME, d_model=64, n_layers=2, n_heads=2)
LABELED = 99  # the seed of a small crawl whose languages somebody has written down
PARTS = ("steps", "longer", "planted", "copies")
LONGER = ("visible text", "rules", "no copies")  # trained three times as long, too
FIRST = 20  # steps whose losses are kept, for others to begin the same run and compare
COPIES = (1, 4, 16)
TIMES = (1, 2, 4, 8, 16)  # how often a planted story stands in the text
EACH = 3  # planted stories of each kind


def crawl(seed: int, pages: int, folder: Path) -> tuple[Path, Path, list[dict[str, object]]]:
    """A crawl of the village: WARC, WET and labels."""
    warc, wet, labels = write_crawl(folder / str(seed), CrawlConfig(seed=seed), Extent(items=pages))
    return warc, wet, [json.loads(line) for line in labels.open(encoding="utf-8")]


def only(step: Step, pages: Sequence[Document]) -> list[Document]:
    """The pages that a step lets through."""
    return [page for page in map(step, pages) if not isinstance(page, Dropped)]


def compared(step: Deduplicator, pages: Sequence[Document]) -> list[Document]:
    """What a comparison leaves of the pages."""
    rows = [step.signatures(page) for page in pages]
    originals = step.originals([np.concatenate(rows)])
    copied = np.split(
        originals != np.arange(len(originals)), np.cumsum([len(part) for part in rows])
    )
    found = (step.apply(page, part) for page, part in zip(pages, copied, strict=False))
    return [page for page in found if not isinstance(page, Dropped)]


def outputs(seed: int) -> dict[str, list[str]]:
    """The texts of a crawl after each step."""
    with tempfile.TemporaryDirectory() as name:
        examples, _, labels = crawl(LABELED, 400, Path(name))
        known = train_language(
            (page.text, str(label["language"]))
            for page, label in zip(read(examples), labels, strict=True)
        )
        warc, wet, _ = crawl(seed, PAGES, Path(name))
        records = read_records(warc, kinds=("response",))
        found = {
            "markup": [decode_page(one.content, one.content_type) for one in records],
            "visible text": [page.text for page in read(wet)],
        }
        pages = list(read(warc))
    found["main text"] = [page.text for page in pages]
    pages = only(Language(known), pages)
    found["English"] = [page.text for page in pages]
    for step in (GopherQuality(min_words=20, min_stop_words=1), GopherRepetition(), C4()):
        pages = only(step, pages)
    found["rules"] = [page.text for page in pages]
    for comparison in (ExactDedup(), MinHashDedup(), LineDedup()):
        pages = compared(comparison, pages)
    found["no copies"] = [page.text for page in pages]
    return found


def draw(texts: Sequence[str], size: int, seed: int) -> list[str]:
    """Texts in random order, as many as it takes to have `size` bytes; the last one is cut."""
    drawn = []
    for text in random.Random(seed).sample(texts, len(texts)):
        drawn.append(text.encode()[:size].decode(errors="ignore"))
        size -= len(drawn[-1].encode())
        if size <= 0:
            return drawn
    raise ValueError(f"{size} bytes short")


def train(
    texts: Sequence[str], seed: int, tokenizer: Tokenizer, steps: int
) -> tuple[Transformer, list[float]]:
    """Train a model on texts; its losses too."""
    shard = Shard.of(encode_document(text, tokenizer) for text in texts)
    rows = make_batches("masked windows", shard, TIME, batch_size=ROWS, seed=seed)
    trainer = Trainer(Transformer(MODEL, seed), rows, TrainConfig(steps))
    return trainer.model, [trainer.train_step().loss for _ in range(steps)]


def bits(model: Transformer, texts: Sequence[str], tokenizer: Tokenizer) -> list[float]:
    """Bits per byte of each text, read alone."""
    nats = document_nats(model, [encode_document(text, tokenizer) for text in texts])
    return [value / log(2) / len(text.encode()) for value, text in zip(nats, texts, strict=True)]


def measured(
    name: str, texts: Sequence[str], seed: int, tokenizer: Tokenizer, steps: int = STEPS
) -> tuple[Transformer, dict[str, object]]:
    """Train on texts and measure the held-out stories."""
    start = time.process_time()
    model, losses = train(texts, seed, tokenizer, steps)
    told = [story.text for story in held_out_stories(HELD_OUT)]
    whole = np.array(bits(model, told, tokenizer))
    sizes = np.array([len(text.encode()) for text in told])
    tokens = sum(len(encode_document(text, tokenizer)) for text in texts)
    note = {
        "data": name,
        "seed": seed,
        "bits_per_byte": round(float((whole * sizes).sum() / sizes.sum()), 4),
        "documents": len(texts),
        "bytes_per_token": round(sum(len(text.encode()) for text in texts) / tokens, 3),
        "epochs": round(steps * ROWS * TIME / tokens, 2),
        "cpu_seconds": round(time.process_time() - start, 1),
        "losses": [round(loss, 3) for loss in losses[:FIRST]],
    }
    shown = {key: value for key, value in note.items() if key != "losses"}
    print(json.dumps(shown), file=sys.stderr, flush=True)
    return model, note


def copies(seed: int, tokenizer: Tokenizer) -> list[dict[str, object]]:
    """Clean stories, the same number of bytes each time, of which one in 1, 4, 16 is new."""
    told = [story.text for story in corpus("train", 2500)][500:]
    notes = []
    for count in COPIES:
        different = draw(told, SIZE // count, seed)
        _, note = measured(f"{count} copies", different * count, seed, tokenizer)
        notes.append({**note, "copies": count})
    return notes


def planted(seed: int, tokenizer: Tokenizer) -> dict[str, object]:
    """Some stories stand in the text 1, 2, 4 … times: how well does the model know them?"""
    told = [story.text for story in corpus("train", 3000)][500:]
    own = told[: EACH * (len(TIMES) + 1)]
    kinds = {times: own[EACH * n : EACH * (n + 1)] for n, times in enumerate((0, *TIMES))}
    repeated = [text for times, texts in kinds.items() for text in texts * times]
    rest = SIZE - sum(len(text.encode()) for text in repeated)
    texts = repeated + draw(told[len(own) :], rest, seed)
    random.Random(seed).shuffle(texts)
    model, note = measured("planted", texts, seed, tokenizer)
    by_times = {str(times): bits(model, texts, tokenizer) for times, texts in kinds.items()}
    return {**note, "bits_by_times": {k: [round(b, 3) for b in v] for k, v in by_times.items()}}


def main() -> None:
    """Run everything, seed by seed, and write what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, required=True, help="other parts in it stay")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = train_bpe([story.text for story in corpus("train", 500)], VOCABULARY)
    found = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    found |= {part: [] for part in options.parts}
    for seed in range(options.seeds):
        if "steps" in options.parts:
            for name, texts in outputs(seed).items():
                _, note = measured(name, draw(texts, SIZE, seed), seed, tokenizer)
                found["steps"].append(note)
                write(options.out, found)
        if "longer" in options.parts:
            after = outputs(seed)
            for name in LONGER:
                texts = draw(after[name], SIZE, seed)
                found["longer"].append(measured(name, texts, seed, tokenizer, 3 * STEPS)[1])
        if "planted" in options.parts:
            found["planted"].append(planted(seed, tokenizer))
        if "copies" in options.parts:
            found["copies"] += copies(seed, tokenizer)
        write(options.out, found)


def write(path: Path, found: dict[str, object]) -> None:
    """Write what there is, and how it was made."""
    record = {
        **about("python code/benchmarks/cleaning.py --seeds 3 --out FILE"),
    }
    path.write_text(json.dumps({**found, **record}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
