"""Boxes and arrows: what the diagrams of the book are made of."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from scratchlm.book.figures import COLORS, TEXT_WIDTH, use_style

TINT = 0.12  # how much of its color a filled box shows


@dataclass(frozen=True)
class Box:
    """A box with a name and a line below it; its place is its center, in inches."""

    name: str
    note: str
    x: float
    y: float
    color: str = "blue"
    filled: bool = True
    width: float = 1.12
    height: float = 0.5


def canvas(height: float) -> tuple[Figure, Axes]:
    """An empty drawing as wide as the text, whose unit is the inch."""
    mpl.use("agg")
    use_style()
    figure = Figure(figsize=(TEXT_WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, TEXT_WIDTH), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def draw(axes: Axes, box: Box) -> None:
    """Draw a box with its name inside and its note inside below."""
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    edge = COLORS[box.color]
    style = {"edgecolor": edge, "linewidth": 1.1, "linestyle": "-" if box.filled else (0, (3, 2))}
    face = (*mpl.colors.to_rgb(edge), TINT) if box.filled else "white"
    shape = "round,pad=0,rounding_size=0.07"
    axes.add_patch(FancyBboxPatch(corner, box.width, box.height, shape, facecolor=face, **style))
    axes.text(box.x, box.y + 0.06, box.name, ha="center", weight="bold", size=8.5)
    axes.text(box.x, box.y - 0.14, box.note, ha="center", size=7)


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    bend: float = 0.0,
    color: str = "ink",
) -> None:
    """Draw an arrow; a positive bend curves it to the left of its direction."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=9,
            linewidth=1.1,
            color=COLORS[color],
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
        )
    )


def save(figure: Figure, script: str) -> None:
    """Write the drawing beside the script that made it, for the screen and for print."""
    for ending in ("svg", "pdf"):
        figure.savefig(Path(script).with_suffix(f".{ending}"))
