"""Where slides begin: a section opens a column, a subsection and a figure a slide in it.

What follows goes on the same slide as long as there is room, and on the next one down otherwise.
"""

import re
from collections.abc import Iterator
from math import ceil

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from plain import Plain

ROOM = 20.0  # lines on a slide
COLUMNS = 95  # letters in a line of text
FULL = 2 * ROOM  # a figure stands alone


def split(notebook: NotebookNode, plain: Plain) -> None:
    """Cut the text of a notebook into pieces, and say of each cell where it goes."""
    cells, used, heading = [], 0.0, ""
    for cell in pieces(notebook, plain):
        lines = size(cell)
        start = opens(cell)
        if not start:
            start = "subslide" if used + lines > ROOM else "-"
        used = lines if start != "-" else used + lines
        cell.metadata.slideshow = {"slide_type": start}
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            heading = cell.source.lstrip("# ")
        elif start == "subslide":
            cell.metadata.running = heading
        cells.append(cell)
    notebook.cells = cells


def pieces(notebook: NotebookNode, plain: Plain) -> Iterator[NotebookNode]:
    """The cells that a reader sees, a paragraph of text in each."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for block in blocks(plain.markdown(cell.source)):
                yield from map(new_markdown_cell, parts(block))
            continue
        cell.outputs = [output for output in cell.outputs if visible(output)]
        shown = cell.metadata.get("mystnb", {})
        if name := shown.get("figure", {}).get("name"):
            cell.metadata.caption = plain.markdown(shown["figure"]["caption"])
            cell.metadata.number = plain.labels[name]
            cell.metadata.alt = plain.markdown(shown.get("image", {}).get("alt", ""))
        if cell.outputs or not cell.metadata.get("transient", {}).get("remove_source"):
            yield cell


def parts(block: str) -> list[str]:
    """A box that no slide has room for, cut between its paragraphs."""
    if not block.startswith(">") or size(new_markdown_cell(block)) <= ROOM:
        return [block]
    boxes = [""]
    for paragraph in re.split(r"\n>[ ]*\n", block):
        longer = f"{boxes[-1]}\n>\n{paragraph}" if boxes[-1] else paragraph
        if boxes[-1] and size(new_markdown_cell(longer)) > ROOM:
            boxes.append(paragraph)
        else:
            boxes[-1] = longer
    return boxes


def visible(output: NotebookNode) -> bool:
    """Say whether an output shows anything; a glued value is kept for the text."""
    return "data" not in output or any(not kind.startswith("application/") for kind in output.data)


def blocks(text: str) -> Iterator[str]:
    r"""Cut text at blank lines, but neither in code, nor in a formula, nor in a box or a table.

    >>> list(blocks("# One\nTwo.\n\n```\na\n\nb\n```\n\nThree."))
    ['# One', 'Two.', '```\na\n\nb\n```', 'Three.']
    """
    block: list[str] = []
    closing = ""
    for line in [*text.splitlines(), ""]:
        after_heading = len(block) == 1 and block[0].startswith("#")
        ends = not line.strip() or line.startswith("#") or after_heading
        if ends and block and not closing:
            yield "\n".join(block)
            block = []
        opening = re.match(r"`{3,}|~{3,}|\$\$", line)
        if closing and (line.startswith(closing) or (closing == "$$" and "$$" in line)):
            closing = ""
        elif opening and not closing and line.count("$$") < 2:
            closing = opening[0]
        if block or line.strip():
            block.append(line)


def opens(cell: NotebookNode) -> str:
    """The kind of slide that a cell opens by itself, if it does."""
    if cell.cell_type != "markdown":
        return "subslide" if "caption" in cell.metadata else ""
    if re.match(r"#{1,2} ", cell.source):
        return "slide"
    return "subslide" if cell.source.startswith(("#", "> **Exercise")) else ""


def size(cell: NotebookNode) -> float:
    """About how many lines of a slide a cell takes."""
    if cell.cell_type == "markdown":
        lines = cell.source.splitlines()
        if cell.source.startswith("$$"):
            return 1.6 * max(len(lines) - 2, 1) + 1
        return 0.7 + sum(ceil(max(len(line), 1) / COLUMNS) for line in lines)
    if "caption" in cell.metadata:
        return FULL
    removed = cell.metadata.get("transient", {}).get("remove_source")
    lines = 0.0 if removed else 0.8 * len(cell.source.splitlines())
    for output in cell.outputs:
        data = output.get("data", {})
        text = output.get("text") or data.get("text/markdown") or data.get("text/plain", "")
        lines += 0.8 * len("".join(text).splitlines()) + 0.5
    return lines + 0.7
