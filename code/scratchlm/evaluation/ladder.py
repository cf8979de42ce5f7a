"""The ladder: every model of the book by its bits per byte, on the same held-out bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scratchlm.evaluation.bits import bits_per_byte
from scratchlm.evaluation.compressor import xz_bits_per_byte
from scratchlm.evaluation.ngram import NGram
from scratchlm.world import Story, corpus

ORDERS = (0, 1, 2, 3, 5, 8)


@dataclass(frozen=True)
class Rung:
    """A model's place on the ladder.

    Attributes:
        name: What the model is called.
        bits: Bits per byte of the held-out text.
        kind: ``baseline``, ``model``, or ``floor``, which no rung can be below for long.
    """

    name: str
    bits: float
    kind: str = "baseline"


def held_out_stories(number: int = 200) -> list[Story]:
    """Tell the stories of the village that every rung of the book's ladder is measured on.

    >>> len(held_out_stories(3))
    3
    """
    return list(corpus("valid", number))


def baselines(
    learned: Sequence[str], held_out: Sequence[str], orders: Sequence[int] = ORDERS
) -> list[Rung]:
    """Measure what needs no neural network: a uniform guess, n-grams, and `xz`.

    Args:
        learned: texts to learn from.
        held_out: texts to be measured on.
        orders: lengths of the n-grams' contexts, in bytes.

    Raises:
        InputError: one of the two holds no text.

    >>> [rung.name for rung in baselines(["abcabc" * 9], ["abc"], orders=[0, 1])]
    ['uniform', 'frequencies', '1 byte of context', 'xz alone', 'xz, given the rest']
    """
    longest = NGram.train(learned, max(orders))
    rungs = [Rung("uniform", 8.0)]
    for order in orders:
        bits = bits_per_byte(longest.shorter(order).nats, held_out)
        rungs.append(Rung(context_name(order), bits))
    return [
        *rungs,
        Rung("xz alone", xz_bits_per_byte(held_out)),
        Rung("xz, given the rest", xz_bits_per_byte(held_out, given=learned)),
    ]


def context_name(order: int) -> str:
    """Name an n-gram model by what it looks at.

    >>> context_name(0), context_name(1), context_name(5)
    ('frequencies', '1 byte of context', '5 bytes of context')
    """
    return f"{order} byte{'s' * (order > 1)} of context" if order else "frequencies"


def highest_first(rungs: Iterable[Rung]) -> list[Rung]:
    """Sort rungs from the worst model to the best.

    >>> highest_first([Rung("floor", 0.2, "floor"), Rung("uniform", 8.0)])[0].name
    'uniform'
    """
    return sorted(rungs, key=lambda rung: -rung.bits)


def ladder_table(rungs: Iterable[Rung]) -> str:
    """Print the ladder as text: bits per byte, and a text's size as a share of its file's.

    >>> print(ladder_table([Rung("xz alone", 2.0), Rung("uniform", 8.0)]))
    bits/byte     size
        8.000  100.0 %  uniform
        2.000   25.0 %  xz alone
    """
    rows = [f"{r.bits:9.3f}  {100 * r.bits / 8:5.1f} %  {r.name}" for r in highest_first(rungs)]
    return "\n".join(["bits/byte     size", *rows])
