"""The models that ship with the book, and any other model folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.interop import (
    Controls,
    fetch_model,
    is_identifier,
    load_directory,
    read_controls,
)
from scratchlm.interop.directory import CONFIG
from scratchlm.model import Transformer, load_model
from scratchlm.tokenizer import END_OF_TEXT, TOKENIZER_FILE, Tokenizer

ARTEFACTS = Path(__file__).parent / "artefacts"
HISTORY = "history.json"


@dataclass(frozen=True)
class Loaded:
    """A model and what belongs to it.

    Attributes:
        model: The transformer, ready to use.
        tokenizer: The one it was trained with.
        notes: What was saved with the weights: recipe, scores.
        controls: Where texts begin and end.
    """

    model: Transformer
    tokenizer: Tokenizer
    notes: dict[str, Any]
    controls: Controls


def load(name: str | Path) -> Loaded:
    """Load a model of the zoo by its name, one from its folder, or one of the Hugging Face hub.

    Args:
        name: As a text, what is no folder here may be a hub's ``OWNER/MODEL[@REVISION]``. A folder
            with a ``config.json`` is one of Hugging Face's.

    Raises:
        InputError: There is no such model, or its files are damaged or cannot be fetched.

    >>> load("base").tokenizer.vocab_size
    2048
    """
    folder = ARTEFACTS / name if str(name) in shipped() else Path(name)
    if not folder.is_dir() and isinstance(name, str) and is_identifier(name):
        folder = fetch_model(name)
    if not folder.is_dir():
        raise InputError(
            f"{name}: expected one of {', '.join(shipped())}, a folder with a model, or a model of "
            "the Hugging Face hub such as openai-community/gpt2, found none; `scratchlm pretrain` "
            "makes a folder"
        )
    if (folder / CONFIG).exists():
        return load_foreign(folder)
    model, notes = load_model(folder)
    tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    if tokenizer.vocab_size != model.config.vocab_size:
        raise InputError(
            f"{folder}: expected a tokenizer of {model.config.vocab_size} tokens, found one of "
            f"{tokenizer.vocab_size}; the two files belong to different models"
        )
    separator = tokenizer.special_tokens[
        END_OF_TEXT
    ]  # before every text of the training, and after it
    controls = Controls((separator,), (separator,), frozenset({separator}))
    return Loaded(model.eval(), tokenizer, notes, controls)


def load_foreign(folder: Path) -> Loaded:
    """Load a model from a folder that Hugging Face's library wrote.

    Raises:
        InputError: The model, its tokenizer or a setting cannot be used here.
    """
    model = load_directory(folder)
    tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    if tokenizer.vocab_size > model.config.vocab_size:  # tables are often padded to a round size
        raise InputError(
            f"{folder}: expected a tokenizer of at most {model.config.vocab_size} tokens, found "
            f"one of {tokenizer.vocab_size}; the two files belong to different models"
        )
    return Loaded(model.eval(), tokenizer, {}, read_controls(folder))


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
