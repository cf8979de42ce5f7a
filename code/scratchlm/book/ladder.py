"""The picture of the ladder, which chapters draw again with their own rungs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scratchlm.book.figures import COLORS, new_figure
from scratchlm.evaluation.ladder import Rung, highest_first

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RUNG_HEIGHT = 0.2  # inches
SHADES = {"baseline": "ink", "model": "blue", "floor": "vermilion"}


def draw_ladder(rungs: Iterable[Rung]) -> "tuple[Figure, Axes]":
    """Draw each rung as a line that ends at its bits per byte, the worst on top.

    The scale is logarithmic: halving the bits is the same step everywhere. A floor is drawn from
    top to bottom, so that one sees how far above it each rung is.

    Args:
        rungs: in any order.

    >>> _, axes = draw_ladder([Rung("uniform", 8.0), Rung("floor", 0.25, "floor")])
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['uniform', 'floor']
    """
    rows = highest_first(rungs)
    figure, axes = new_figure(height=0.7 + RUNG_HEIGHT * len(rows))
    places = list(range(len(rows)))
    for place, rung in zip(places, rows, strict=True):
        color = COLORS[SHADES[rung.kind]]
        axes.plot([8.0, rung.bits], [place, place], color=color, linewidth=1.0, alpha=0.45)
        axes.plot([rung.bits], [place], "o", color=color, markersize=4.5)
        text = f"{rung.bits:.2f}"
        axes.annotate(
            text, (rung.bits, place), (-6, 0), textcoords="offset points",
            ha="right", va="center", color=color,
        )  # fmt: skip
        if rung.kind == "floor":
            axes.axvline(rung.bits, color=color, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_yticks(places, [rung.name for rung in rows])
    for label, rung in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(COLORS[SHADES[rung.kind]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xscale("log", base=2)
    axes.set_xlim(min(rung.bits for rung in rows) * 0.62, 9.5)
    ticks = [tick for tick in (8, 4, 2, 1, 0.5, 0.25, 0.125) if tick > axes.get_xlim()[0]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("bits per byte (each halving is one step to the left)")
    axes.grid(axis="y", visible=False)
    return figure, axes
