"""From the village to a model and back: who writes, who reads, who judges."""

from drawing import Box, arrow, canvas, draw, save
from matplotlib.axes import Axes

HEIGHT = 2.75
CHOICES = Box("choices", "who, where, what", 0.75, 2.4)
STORY = Box("story", "plain English", 2.7, 2.4)
READER = Box("reader", "the choices again", 2.7, 1.4, "vermilion")
TRUTH = Box("truth", "probability, facts", 4.65, 1.4, "vermilion")
TOKENIZER = Box("tokenizer", "text to tokens", 0.75, 0.4, "green")
MODEL = Box("model", "guesses the next", 2.7, 0.4, "green")
OWN = Box("its own story", "sampled", 4.65, 0.4, "green")


def label(axes: Axes, x: float, y: float, text: str, **style: str) -> None:
    """Write a few words beside an arrow."""
    axes.text(x, y, text, size=7, style="italic", va="center", **style)


def main() -> None:
    """Draw the village's path above, the model's below, and the reader between them."""
    figure, axes = canvas(HEIGHT)
    for box in (CHOICES, STORY, READER, TRUTH, TOKENIZER, MODEL, OWN):
        draw(axes, box)
    half, tall = STORY.width / 2, STORY.height / 2
    for left, right in ((CHOICES, STORY), (READER, TRUTH), (TOKENIZER, MODEL), (MODEL, OWN)):
        arrow(axes, (left.x + half, left.y), (right.x - half, right.y))
    arrow(axes, (STORY.x, STORY.y - tall), (READER.x, READER.y + tall))
    arrow(axes, (STORY.x - half, STORY.y - tall + 0.06), (TOKENIZER.x, TOKENIZER.y + tall))
    arrow(axes, (OWN.x - half + 0.08, OWN.y + tall), (READER.x + half - 0.08, READER.y - tall))
    label(axes, 1.725, 2.5, "told as", ha="center")
    label(axes, 2.78, 1.9, "read back, in one way only", ha="left")
    label(axes, 3.675, 1.5, "knows", ha="center")
    label(axes, 1.12, 1.4, "the text alone", ha="right")
    label(axes, 3.85, 0.9, "judged by the same reader", ha="left")
    save(figure, __file__)


if __name__ == "__main__":
    main()
