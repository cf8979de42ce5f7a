"""Is a shipped model what its recipe makes?"""

import json
from pathlib import Path

from scratchlm.errors import InputError
from scratchlm.storage import from_fields
from scratchlm.training.loop import LOG
from scratchlm.zoo.build import build
from scratchlm.zoo.recipes import Recipe, recipe
from scratchlm.zoo.shipped import history, load

START, CLOSE, END = 20, 1e-3, 0.05


def verify(name: str, folder: Path) -> str:
    """Train a shipped model again from its recipe, and compare the two.

    The first steps have to repeat the recorded losses; after hundreds of steps, rounding on
    another processor has grown into another run of the same kind, so its end is compared by
    its surprise at held-out stories.

    Args:
        name: Which model.
        folder: Where to train; a run that was cut off goes on.

    Returns:
        What agreed, in a line.

    Raises:
        InputError: The shipped model is not what the recipe makes.
    """
    ours, recorded = load(name), history(name)
    # Settings that did not exist when it was trained get their defaults, which therefore must mean
    # what was done before.
    if from_fields(Recipe, ours.notes.get("recipe"), name, "build it again") != recipe(name):
        raise InputError(f"zoo: the recipe of {name} is not the one it was trained with; build it")
    build(recipe(name), folder)
    lines = (folder / "run" / LOG).read_text(encoding="utf-8").splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    apart = max(
        abs(new / old - 1)
        for new, old in zip(losses[:START], recorded["loss"][:START], strict=True)
    )
    old, new = (one.notes["score"]["nats_per_token"] for one in (ours, load(folder)))
    if apart > CLOSE or abs(new / old - 1) > END:
        raise InputError(
            f"zoo: expected the first {START} losses of {name} within {CLOSE:.1%} and its end "
            f"within {END:.0%}, found {apart:.2%} and {new / old - 1:+.1%}; "
            "the code has changed since it was trained, or the processor computes differently"
        )
    return (
        f"{name}: the first {START} losses agree to {apart:.1e}; the end is {new:.4f} nats per "
        f"token where the shipped model has {old:.4f}"
    )
