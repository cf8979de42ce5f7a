"""The models that ship with the book, and any other model."""

import json
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.interop import CONFIG, Loaded, fetch_model, is_identifier, load_folder, load_gguf
from scratchlm.zoo import smollm2

ARTEFACTS = Path(__file__).parent / "artefacts"
HISTORY = "history.json"


def load(name: str | Path) -> Loaded:
    """Load a model of the zoo, one from its folder or GGUF file, or one of the Hugging Face hub.

    Args:
        name: A name of the zoo; a folder that `scratchlm pretrain` wrote, or a published model's;
            a file that ends in ``.gguf``; or, as a text, a hub's ``OWNER/MODEL[@REVISION]``.

    Raises:
        InputError: There is no such model, or its files are damaged or cannot be fetched.

    >>> load("base").tokenizer.vocab_size
    2048
    """
    path = find_model(name)
    return load_gguf(path) if path.is_file() else load_folder(path)


def find_model(name: str | Path) -> Path:
    """Find the folder or the GGUF file of a model; the arguments are those of `load`.

    Raises:
        InputError: There is none, or it cannot be fetched.

    >>> find_model("base").name
    'base'
    """
    if name == smollm2.NAME:
        return smollm2.find_file()
    path = ARTEFACTS / name if str(name) in shipped() else Path(name)
    if path.is_dir() or (path.is_file() and path.suffix == ".gguf"):
        return path
    if isinstance(name, str) and is_identifier(name):
        return fetch_model(name)
    raise InputError(
        f"{name}: expected one of {', '.join((*shipped(), smollm2.NAME))}, a folder with a model, "
        "a GGUF file, or a model of the Hugging Face hub such as openai-community/gpt2, found "
        "none; `scratchlm pretrain` makes a folder"
    )


def shipped() -> list[str]:
    """Names of the models in the package.

    >>> "base" in shipped()
    True
    """
    return sorted(folder.name for folder in ARTEFACTS.iterdir() if (folder / CONFIG).exists())


def history(name: str) -> dict[str, Any]:
    """How the training of a shipped model went.

    Returns:
        ``loss``: nats per token before each step; ``milestones``: what was measured between steps.

    >>> history("base")["milestones"][0]["step"]
    0
    """
    read: dict[str, Any] = json.loads((ARTEFACTS / name / HISTORY).read_text(encoding="utf-8"))
    return read
