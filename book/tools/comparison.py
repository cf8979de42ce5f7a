"""When two outputs of a notebook count as the same: text exactly, floats and points nearly."""

import math
import re

RELATIVE = 1e-3  # floats in text; integers, words, signs and order are exact
PIXELS = 0.3  # coordinates in a figure, in its own units of 1/72 inch

FLOAT = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")
# What places things in an SVG; everything else in it (colors, glyphs, names) is exact.
PLACE = re.compile(
    r'(?<=\s)(d|x|y|x1|y1|x2|y2|cx|cy|r|width|height|points|viewBox|transform)="([^"]*)"'
)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
SCALE = re.compile(r"scale\([^)]*\)")
HASHED = re.compile(r'id="([a-zA-Z]?[0-9a-f]{10,})"')


def same(stored: str, new: str) -> bool:
    """Say whether a new output agrees with the stored one.

    Floats agree within a relative 1e-3, coordinates of an SVG within 0.3/72 inch. A number
    without a point is an integer and must be equal.

    >>> same("loss 1.8282 after 20 steps", "loss 1.8283 after 20 steps")
    True
    >>> same("loss 1.8282 after 20 steps", "loss 1.8382 after 20 steps")
    False
    >>> same("loss 1.8282 after 20 steps", "loss 1.8282 after 21 steps")
    False
    """
    if stored == new:
        return True
    if is_svg(stored) and is_svg(new):
        return same_svg(stored, new)
    return same_text(stored, new)


def same_text(stored: str, new: str) -> bool:
    """Compare text exactly and the floats in it with a relative tolerance.

    >>> same_text("1.000 cat", "1.0005 cat"), same_text("1.000 cat", "1.000 hat")
    (True, False)
    """
    if outline(stored) != outline(new):
        return False
    pairs = zip(FLOAT.findall(stored), FLOAT.findall(new), strict=True)
    return all(a == b or math.isclose(float(a), float(b), rel_tol=RELATIVE) for a, b in pairs)


def outline(text: str) -> str:
    """Return text with its floats blanked out; a column may be a blank wider or narrower.

    >>> outline("loss  1.25 at step 3")
    'loss # at step 3'
    """
    return re.sub(" +", " ", FLOAT.sub("#", text))


def is_svg(text: str) -> bool:
    """Say whether an output is a drawing.

    >>> is_svg('<svg width="3"></svg>')
    True
    """
    return "<svg" in text and text.rstrip().endswith("</svg>")


def same_svg(stored: str, new: str) -> bool:
    """Compare two drawings as text, with a tolerance for the places of things.

    Matplotlib names clip paths and markers by a hash of their coordinates: these names are
    numbered instead, so that a point that moved by a thousandth does not rename them.

    >>> one = '<svg><path d="M 10 20.0"/></svg>'
    >>> same_svg(one, one.replace("20.0", "20.1")), same_svg(one, one.replace("20.0", "21.0"))
    (True, False)
    """
    stored, new = number_names(stored), number_names(new)
    if PLACE.sub("#", stored) != PLACE.sub("#", new):
        return False
    pairs = zip(PLACE.findall(stored), PLACE.findall(new), strict=True)
    return all(a[0] == b[0] and same_place(a[1], b[1]) for a, b in pairs)


def number_names(svg: str) -> str:
    """Replace hashed names in a drawing by their order of appearance.

    >>> number_names('<svg><path id="m0123456789"/><use href="#m0123456789"/></svg>')
    '<svg><path id="name-0"/><use href="#name-0"/></svg>'
    """
    for order, name in enumerate(dict.fromkeys(HASHED.findall(svg))):
        svg = svg.replace(name, f"name-{order}")
    return svg


def same_place(stored: str, new: str) -> bool:
    """Compare the coordinates of one attribute; scales are compared as floats in text.

    >>> same_place("M 1 2 L 3 4", "M 1.1 2 L 3 4"), same_place("M 1 2 L 3 4", "M 1 2 L 3 -4")
    (True, False)
    """
    if stored == new:
        return True
    scales = zip(SCALE.findall(stored), SCALE.findall(new), strict=False)
    if not all(same_text(a, b) for a, b in scales):
        return False
    stored, new = SCALE.sub("scale", stored), SCALE.sub("scale", new)
    if NUMBER.sub("#", stored).split() != NUMBER.sub("#", new).split():
        return False
    pairs = zip(NUMBER.findall(stored), NUMBER.findall(new), strict=True)
    return all(abs(float(a) - float(b)) <= PIXELS for a, b in pairs)
