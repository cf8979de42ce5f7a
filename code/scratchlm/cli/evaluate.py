"""`scratchlm evaluate`: the ladder of bits per byte, for a text and a model."""

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Literal

from scratchlm.corpus import SEPARATOR, hold_out, read_texts
from scratchlm.errors import InputError
from scratchlm.evaluation import (
    Rung,
    baselines,
    entropy_floor,
    held_out_stories,
    ladder_table,
)
from scratchlm.world import corpus

ORDERS = (0, 1, 2, 3, 5, 8)


@dataclass(frozen=True)
class Evaluate:
    """Print the ladder: how many bits a byte of held-out text costs each model."""

    text: Path | None = None
    """A text file, or a folder of them; without it, the village's held-out stories."""
    model: str | None = None
    """A model of the zoo, or a folder that `scratchlm pretrain` wrote: it gets a rung."""
    share: float = 0.1
    """How much of the end of the text is held out; `pretrain` holds out the same tenth."""
    errors: Literal["strict", "replace"] = "strict"
    """Refuse bytes that are not UTF-8, or put U+FFFD in their place."""
    separator: str = SEPARATOR
    """The line that ends a document in a file of many."""
    orders: tuple[int, ...] = ORDERS
    """How many bytes the n-gram models look back."""


def run_evaluate(options: Evaluate) -> None:
    """Measure every rung and print them, the worst first.

    Raises:
        InputError: the text or the model cannot be used.
    """
    if not options.orders or min(options.orders) < 0:
        raise InputError(f"--orders: expected numbers of 0 or more, found {options.orders}")
    learned, held_out, floor = texts(options)
    size = sum(len(text.encode()) for text in held_out)
    print(f"{options.text or 'the village'}: {size:,} bytes held out")
    rungs = baselines(learned, held_out, options.orders) + floor
    if options.model:
        rungs.append(model_rung(options.model, held_out))
    print(ladder_table(rungs))


def texts(options: Evaluate) -> tuple[list[str], list[str], list[Rung]]:
    """What is learned from, what is measured on, and the floor where it is known.

    >>> learned, held_out, floor = texts(Evaluate())
    >>> len(learned), len(held_out), floor[0].name
    (2000, 200, 'floor')
    """
    if options.text is None:
        stories = held_out_stories()
        learned = [story.text for story in corpus("train", 2000)]
        floor = Rung("floor", entropy_floor(stories), "floor")
        return learned, [story.text for story in stories], [floor]
    documents = list(read_texts(options.text, errors=options.errors, separator=options.separator))
    learned, held_out = hold_out(documents, options.share)
    return learned, held_out, []


def model_rung(name: str, held_out: list[str]) -> Rung:
    """Measure a model of the zoo, or of the reader's own.

    Args:
        name: its name, or its folder.
        held_out: texts to be measured on.

    Raises:
        InputError: there is no such model, or its files do not belong together.
    """
    from scratchlm.evaluation.transformer import document_nats  # these bring torch
    from scratchlm.tokenizer import END_OF_TEXT
    from scratchlm.zoo import load

    loaded = load(name)
    separator = loaded.tokenizer.special_tokens.get(END_OF_TEXT)  # a published one may lack it
    start = loaded.controls.before("") if separator is None else (separator,)
    rows = [[*start, *loaded.tokenizer.encode(text)] for text in held_out]
    nats = document_nats(loaded.model, rows)
    size = sum(len(text.encode()) for text in held_out)
    return Rung(f"the model in {name}", sum(nats) / log(2) / size, "model")
