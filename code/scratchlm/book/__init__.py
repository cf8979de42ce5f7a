"""What the notebooks need: set-up, figures, listings, values in text."""

from scratchlm.book.environment import setup
from scratchlm.book.figures import COLORS, label_line, new_figure, new_panels
from scratchlm.book.listings import show
from scratchlm.book.values import glue

__all__ = ["COLORS", "glue", "label_line", "new_figure", "new_panels", "setup", "show"]
