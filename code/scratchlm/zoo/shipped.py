"""The models that ship with the book, and any other model folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.model import Transformer, load_model
from scratchlm.tokenizer import TOKENIZER_FILE, Tokenizer

ARTEFACTS = Path(__file__).parent / "artefacts"
HISTORY = "history.json"


@dataclass(frozen=True)
class Loaded:
    """A model and what belongs to it.

    Attributes:
        model: The transformer, ready to use.
        tokenizer: The one it was trained with.
        notes: What was saved with the weights: recipe, scores.
    """

    model: Transformer
    tokenizer: Tokenizer
    notes: dict[str, Any]


def load(name: str | Path) -> Loaded:
    """Load a model of the zoo by its name, or any model from its folder.

    Raises:
        InputError: There is no such model, or its files are damaged.

    >>> load("base").tokenizer.vocab_size
    2048
    """
    folder = ARTEFACTS / name if str(name) in shipped() else Path(name)
    if not folder.is_dir():
        raise InputError(
            f"{name}: expected one of {', '.join(shipped())} or a folder with a model, found "
            "neither; `scratchlm pretrain` makes one"
        )
    model, notes = load_model(folder)
    tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    if tokenizer.vocab_size != model.config.vocab_size:
        raise InputError(
            f"{folder}: expected a tokenizer of {model.config.vocab_size} tokens, found one of "
            f"{tokenizer.vocab_size}; the two files belong to different models"
        )
    return Loaded(model.eval(), tokenizer, notes)


def shipped() -> list[str]:
    """Names of the models in the package.

    >>> "base" in shipped()
    True
    """
    return sorted(
        folder.name for folder in ARTEFACTS.iterdir() if (folder / TOKENIZER_FILE).exists()
    )


def history(name: str) -> dict[str, Any]:
    """How the training of a shipped model went.

    Returns:
        ``loss``: nats per token before each step; ``milestones``: what was measured between steps.

    >>> history("base")["milestones"][0]["step"]
    0
    """
    read: dict[str, Any] = json.loads((ARTEFACTS / name / HISTORY).read_text(encoding="utf-8"))
    return read
