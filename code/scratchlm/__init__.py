"""Build a large language model from scratch: the package the book builds, chapter by chapter.

* `load` gives a model of the zoo, of a folder, of a GGUF file or of the Hugging Face hub:
  ``print(scratchlm.load("base").generate("One rainy morning"))``.
* `train` trains one on a text: ``scratchlm.train("novel.txt", out="model")``.
* `Transformer`, `ModelConfig`, `Tokenizer` and `generate` are the parts.

Each is imported when it is first used, so that the package itself is there at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scratchlm.cli.pretrain import train_text as train
    from scratchlm.inference import generate
    from scratchlm.model import ModelConfig, Transformer
    from scratchlm.tokenizer import Tokenizer
    from scratchlm.zoo import load

__version__ = "0.1.0"
__all__ = ["ModelConfig", "Tokenizer", "Transformer", "generate", "load", "train"]

_HOMES = {
    "ModelConfig": ("model", "ModelConfig"),
    "Tokenizer": ("tokenizer", "Tokenizer"),
    "Transformer": ("model", "Transformer"),
    "generate": ("inference", "generate"),
    "load": ("zoo", "load"),
    "train": ("cli.pretrain", "train_text"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), there)


def __dir__() -> list[str]:
    """What the package offers, for completion in a notebook."""
    return sorted({*globals(), *__all__})
