"""How every figure of the book looks and is stored: vector, reproducible, labelled on the line."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

TEXT_WIDTH = 5.4  # inches: the text block of the PDF, so figures are placed at 100 %

# Okabe and Ito (2008), "Color Universal Design": told apart with any kind of color vision.
COLORS: Mapping[str, str] = MappingProxyType(
    {
        "blue": "#0072b2",
        "vermilion": "#d55e00",
        "green": "#009e73",
        "pink": "#cc79a7",
        "amber": "#e69f00",
        "sky": "#56b4e9",
        "gray": "#6b7785",
        "ink": "#1f2933",
    }
)

STYLE = {
    "svg.hashsalt": "scratchlm",  # element ids that do not change from run to run
    "svg.fonttype": "path",  # text as outlines: the same look on every machine
    "path.simplify": False,  # every point is drawn: which ones go would depend on the last bits
    "pdf.fonttype": 42,  # TrueType in the PDF: selectable, printable
    "font.family": "DejaVu Sans",  # ships inside matplotlib
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": COLORS["ink"],
    "axes.edgecolor": COLORS["gray"],
    "text.color": COLORS["ink"],
    "xtick.color": COLORS["ink"],
    "ytick.color": COLORS["ink"],
    "figure.figsize": (TEXT_WIDTH, 2.6),
    "figure.dpi": 96,
    "figure.facecolor": "white",  # stays readable on the dark page
    "savefig.bbox": "standard",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d9dee3",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.4,
}


def use_style() -> None:
    """Make figures vector (SVG for the screen, PDF for print) and the same byte for byte.

    No dates and no random ids get into the files; nothing is drawn as pixels, because the
    comparison of notebooks could not look inside.

    >>> use_style()
    >>> import matplotlib
    >>> matplotlib.rcParams["svg.hashsalt"]
    'scratchlm'
    """
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # matplotlib writes this date instead of today's
    from cycler import cycler
    from IPython.core.getipython import get_ipython
    from matplotlib import style
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    style.use({**STYLE, "axes.prop_cycle": cycler(color=list(COLORS.values()))})
    if get_ipython() is not None:  # plain Python (scripts, tests) has no inline backend
        set_matplotlib_formats("svg", "pdf")


def new_figure(height: float = 2.6, width: float = TEXT_WIDTH) -> "tuple[Figure, Axes]":
    """Make a figure of one panel that leaves room for labels beside its lines.

    Args:
        height: of the whole figure, in inches.
        width: of the whole figure, in inches; the default is the width of the text.

    >>> figure, axes = new_figure(height=2.0)
    >>> figure.get_size_inches().tolist()
    [5.4, 2.0]
    """
    figure, panels = new_panels(1, height=height, width=width)
    return figure, panels[0]


def new_panels(
    columns: int,
    rows: int = 1,
    *,
    height: float = 2.6,
    width: float = TEXT_WIDTH,
    share_y: bool = False,
) -> "tuple[Figure, list[Axes]]":
    """Make a figure of several panels, given row by row.

    Args:
        columns: panels side by side.
        rows: panels below each other.
        height: of the whole figure, in inches.
        width: of the whole figure, in inches.
        share_y: give all panels one vertical scale.

    >>> figure, (left, right) = new_panels(2)
    >>> left is figure.axes[0]
    True
    """
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", sharey=share_y, squeeze=False
    )
    return figure, list(grid.flat)


def label_line(
    axes: "Axes",
    line: "Line2D",
    text: str,
    *,
    x: float | None = None,
    offset: tuple[float, float] = (4.0, 0.0),
) -> "Annotation":
    """Write a line's name beside it, in its color, instead of in a legend.

    Args:
        axes: the panel that holds the line.
        line: what `axes.plot` returned (one element of the list).
        text: the name.
        x: where along the line, in data units; the default is its right end.
        offset: from that point to the text, in points (right, up).

    >>> _, axes = new_figure()
    >>> (line,) = axes.plot([0, 1, 2], [8.0, 4.0, 2.0])
    >>> label_line(axes, line, "unigram").xy
    (2.0, 2.0)
    """
    import numpy as np

    xs, ys = (np.asarray(values, dtype=float) for values in line.get_data())
    at = float(xs[-1]) if x is None else x
    y = float(ys[-1]) if x is None else float(np.interp(at, xs, ys))
    return axes.annotate(
        text,
        (at, y),
        xytext=offset,
        textcoords="offset points",
        color=line.get_color(),
        va="center",
        annotation_clip=False,
    )
