"""A page of the book as its checks see it: cells, prose, labels, and what it refers to."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError

Cell = dict[str, Any]

FENCE = re.compile(r"^(`{3,}|~{3,})(.*?)^\1[`~]*\s*?$", re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(
    r"^(`{3,}|:{3,})\{([\w-]+)\}[ ]*(.*?)\n(.*?)^\1\s*?$", re.DOTALL | re.MULTILINE
)
LABELS = (
    re.compile(r"^\(([\w-]+)\)=", re.MULTILINE),  # before a heading
    re.compile(r"^:(?:name|label): *([\w-]+)", re.MULTILINE),  # of a directive
    re.compile(r"\$\$ *\(([\w-]+)\)"),  # after an equation
)
LISTING = re.compile(r"`([\w.]+)` in `[\w./-]+`\n\n```python")


@dataclass(frozen=True)
class Page:
    """One file of the book.

    Attributes:
        path: Where it is.
        cells: Its cells as nbformat stores them; a text file is one Markdown cell.
    """

    path: Path
    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """All Markdown of the page."""
        return "\n\n".join(source(cell) for cell in self.cells if cell["cell_type"] == "markdown")

    @property
    def prose(self) -> str:
        """The Markdown without what only looks like text: code, in fences or in line."""
        plain = FENCE.sub(lambda found: found[2] if found[2].startswith("{") else "", self.text)
        return re.sub(r"(?<![}`])`[^`\n]+`", "", plain)

    @property
    def code(self) -> list[Cell]:
        """The code cells that hold any code."""
        return [c for c in self.cells if c["cell_type"] == "code" and source(c).strip()]

    def directives(self, name: str) -> list[tuple[str, str]]:
        r"""The directives of one kind, each as its title and its body.

        >>> text = "```{note} Title\nBody.\n```"
        >>> Page(Path("x.md"), ({"cell_type": "markdown", "source": text},)).directives("note")
        [('Title', 'Body.\n')]
        """
        return [(m[3].strip(), m[4]) for m in DIRECTIVE.finditer(self.text) if m[2] == name]

    def role(self, *names: str) -> list[str]:
        """What the roles of these names refer to, titles of their own left out.

        >>> cell = {"cell_type": "markdown", "source": "{ref}`here <sec-x>`, {term}`token`"}
        >>> Page(Path("x.md"), (cell,)).role("ref", "term")
        ['sec-x', 'token']
        """
        found = re.findall(rf"\{{(?:{'|'.join(names)})\}}`([^`]+)`", self.text)
        return [re.sub(r"\s+", " ", re.sub(r".*<(.+)>$", r"\1", f, flags=re.DOTALL)) for f in found]

    def labels(self) -> set[str]:
        """Everything on the page that another page can refer to."""
        found = {label for pattern in LABELS for label in pattern.findall(self.text)}
        found |= {name for cell in self.code if (name := figure(cell).get("name"))}
        for output in self.outputs():
            shown = "".join(output.get("data", {}).get("text/markdown", ""))
            for name in LISTING.findall(shown):
                found.add("listing-" + re.sub(r"[_.]+", "-", name.lower()).strip("-"))
        return found

    def glued(self) -> list[str]:
        """The names of the values that cells have kept for sentences."""
        metadata = (output.get("metadata", {}) for output in self.outputs())
        return [data["scrapbook"]["name"] for data in metadata if "scrapbook" in data]

    def outputs(self) -> Iterator[dict[str, Any]]:
        """Every output of every cell."""
        for cell in self.code:
            yield from cell["outputs"]


def source(cell: Cell) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def tags(cell: Cell) -> Sequence[str]:
    """The tags of a cell."""
    found: Sequence[str] = cell["metadata"].get("tags", ())
    return found


def figure(cell: Cell) -> dict[str, str]:
    """The name and the caption of the figure that a cell draws, if it does."""
    found: dict[str, str] = cell["metadata"].get("mystnb", {}).get("figure", {})
    return found


def load(path: Path) -> Page:
    """Read a notebook or a Markdown file.

    Raises:
        InputError: The file is neither.
    """
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return Page(path, ({"cell_type": "markdown", "source": text, "metadata": {}},))
    if path.suffix != ".ipynb":
        raise InputError(f"{path}: expected a notebook or a Markdown file, found {path.suffix!r}")
    try:
        return Page(path, tuple(json.loads(text)["cells"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a notebook, found {error!r}") from error
