"""The chain of artefacts: what each part of the book leaves to the next."""

from itertools import pairwise

from drawing import Box, arrow, canvas, draw, save
from matplotlib.axes import Axes
from scratchlm.book.figures import COLORS

LINKS = [
    ("corpus", "village, or your text", "Text", True),
    ("tokenizer", "bytes to tokens", "Text", True),
    ("shards", "tokens on disk", "Text", True),
    ("base", "continues a text", "The model, Pre-training", True),
    ("chat", "answers", "Alignment", False),
    ("aligned", "answers well", "Alignment", False),
    ("INT4", "in four bits", "Deployment", False),
    ("server", "for many at once", "Deployment", False),
]
COLORS_OF_PARTS = {
    "Text": "blue",
    "The model, Pre-training": "green",
    "Alignment": "pink",
    "Deployment": "vermilion",
}
HEIGHT, ROWS = 1.87, (1.56, 0.53)


def main() -> None:
    """Draw the chain in two rows of four."""
    figure, axes = canvas(HEIGHT)
    boxes = []
    for number, (name, note, part, exists) in enumerate(LINKS):
        row, column = divmod(number, 4)
        box = Box(name, note, 0.68 + 1.347 * column, ROWS[row], COLORS_OF_PARTS[part], exists)
        draw(axes, box)
        axes.text(box.x, box.y - 0.41, part, ha="center", size=7, style="italic")
        boxes.append(box)
    for left, right in pairwise(boxes):
        if left.y == right.y:
            ends = (left.x + left.width / 2, left.y), (right.x - right.width / 2, right.y)
            arrow(axes, *ends)
    turn(axes, boxes[3], boxes[4])
    save(figure, __file__)


def turn(axes: Axes, last: Box, first: Box) -> None:
    """Lead from the end of the upper row to the beginning of the lower one."""
    middle, right, left = 0.96, last.x + last.width / 2 + 0.07, first.x - first.width / 2 - 0.07
    xs = [last.x + last.width / 2, right, right, left, left]
    ys = [last.y, last.y, middle, middle, first.y]
    axes.plot(xs, ys, color=COLORS["ink"], linewidth=1.1, solid_joinstyle="round")
    arrow(axes, (left, first.y), (first.x - first.width / 2, first.y))


if __name__ == "__main__":
    main()
