"""Training a model of the zoo from its recipe."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from scratchlm.interop import save
from scratchlm.model import Transformer
from scratchlm.storage import write_atomically
from scratchlm.tokenizer import TOKENIZER_FILE, Tokenizer
from scratchlm.training import train
from scratchlm.training.loop import LOG
from scratchlm.zoo.measure import measure, rounded
from scratchlm.zoo.recipes import Recipe
from scratchlm.zoo.shipped import HISTORY

# Shares of the run at which a model is measured, and those whose weights are kept to be heard.
MILESTONES = (0, 0.01, 0.02, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 0.85, 1)
SNAPSHOTS = (0.01, 0.1)


def build(recipe: Recipe, folder: Path) -> None:
    """Train, measure at the milestones, and write a model folder; goes on where it was cut off.

    Writes the model's folder (bfloat16) and ``history.json`` in it; a snapshot
    stands in a folder of its own, such as ``at-10``, and the run itself in ``run``.

    Args:
        recipe: What to do.
        folder: Where.

    Raises:
        InputError: The folder holds another run, or a damaged one.
    """
    if (folder / TOKENIZER_FILE).exists():
        tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    else:
        tokenizer = recipe.tokenizer()
        tokenizer.save(folder / TOKENIZER_FILE)
    trainer = recipe.trainer(tokenizer)
    milestones = {round(share * recipe.training.steps): share for share in MILESTONES}
    reached(trainer.model, tokenizer, folder, 0, 0.0)
    for metrics in train(trainer, folder / "run", save_every=25):
        if metrics.step in milestones:
            reached(trainer.model, tokenizer, folder, metrics.step, milestones[metrics.step])
    write_results(recipe, trainer.model, tokenizer, folder)


def reached(
    model: Transformer, tokenizer: Tokenizer, folder: Path, step: int, share: float
) -> None:
    """Measure a milestone, unless a run before has done so, and keep a snapshot where asked."""
    note = folder / "run" / f"milestone-{step:06}.json"
    if note.exists():
        return
    score = measure(model, tokenizer)
    if share in SNAPSHOTS:
        keep = folder / f"at-{round(100 * share)}"
        save(keep, model, tokenizer, dtype=torch.bfloat16, notes={"step": step})
    write_atomically(note, json.dumps({"step": step, "share": share, **rounded(score)}).encode())


def write_results(recipe: Recipe, model: Transformer, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the trained model, its marks and its history."""
    lines = (folder / "run" / LOG).read_text(encoding="utf-8").splitlines()
    notes = sorted((folder / "run").glob("milestone-*.json"))
    history = {
        "loss": [round(json.loads(line)["loss"], 4) for line in lines],
        "milestones": [json.loads(note.read_text(encoding="utf-8")) for note in notes],
    }
    write_atomically(folder / HISTORY, json.dumps(history).encode())
    score = rounded(measure(model, tokenizer, held_out=500, told=500))
    notes_to_keep = {"recipe": asdict(recipe), "score": score}
    save(folder, model, tokenizer, dtype=torch.bfloat16, notes=notes_to_keep)
