"""What the build adds to the text: costs, facts about the build, and listings from the package.

* `{cost}` says what the last run of a notebook took, `{fact}` quotes version or commit;
* the output of `show(definition)` becomes a numbered listing with a caption and a label;
* `pdf_built` is a tag for `{only}` when there is a PDF to link to.
"""

import json
import math
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxRole

DEFINED_IN = re.compile(r"[\w/]+\.py")


def say_cost(cpu_seconds: float, memory_mb: float) -> str:
    """Return a cost in words, rounded up as an estimate should be.

    >>> say_cost(41.7, 512.0)
    'about 45 seconds of one processor core and 550 MB of memory'
    """
    step = 1 if cpu_seconds < 10 else 5
    seconds = math.ceil(cpu_seconds / step) * step
    megabytes = math.ceil(memory_mb / 50) * 50
    return f"about {seconds} seconds of one processor core and {megabytes} MB of memory"


class Built(SphinxRole):
    """A role whose text is looked up in a file that the build wrote."""

    file = ""

    def look_up(self) -> object:
        """Return the value, or None after a warning."""
        path = Path(self.env.srcdir, self.file)
        self.env.note_dependency(str(path))
        return json.loads(path.read_text("utf-8")).get(self.key())

    def key(self) -> str:
        """Return the name under which the value stands in the file."""
        return self.text

    def words(self, value: object) -> str:
        """Return what the page shows."""
        return str(value)

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Replace the role by the value."""
        value = self.look_up()
        if value is None:
            message = f"{self.file} has nothing about {self.key()!r}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [nodes.Text(self.words(value))], []


class Cost(Built):
    """{cost}`here`: what this notebook took; {cost}`chapters/...`: what another one took."""

    file = "cost.json"

    def key(self) -> str:
        """Return the path of the notebook, without its suffix."""
        return self.env.docname if self.text == "here" else self.text

    def words(self, value: object) -> str:
        """Say the cost in words."""
        assert isinstance(value, dict)
        return say_cost(value["cpu_seconds"], value["memory_mb"])


class Fact(Built):
    """{fact}`commit`, {fact}`version`, {fact}`python` ...: see book/tools/facts.py."""

    file = "facts.json"


class Listings(SphinxTransform):
    """Turn what `show` displayed (name, file, code) into a listing that can be referred to."""

    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        """Look through the outputs that are Markdown."""
        for output in list(self.document.findall(nodes.container)):
            if output.get("mime_type") == "text/markdown" and is_definition(output):
                self.replace(output)

    def replace(self, output: nodes.container) -> None:
        """Replace caption and code by one numbered listing."""
        heading, code = output.children
        name = heading[0].astext()
        label = "listing-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        listing = nodes.container("", literal_block=True, classes=["literal-block-wrapper"])
        listing += nodes.caption("", "", *heading.children)
        listing += code
        listing["names"].append(label)
        self.document.note_explicit_target(listing)
        output.children = []
        output += listing
        cell = output.parent
        while cell is not None and "cell_output" not in cell.get("classes", []):
            cell = cell.parent
        if cell is not None:
            cell["classes"] = ["cell_listing"]


def is_definition(output: nodes.container) -> bool:
    """Say whether an output is a definition's name and file, followed by its code."""
    if len(output.children) != 2:
        return False
    heading, code = output.children
    parts = list(heading.children)
    return (
        isinstance(code, nodes.literal_block)
        and [type(part) for part in parts] == [nodes.literal, nodes.Text, nodes.literal]
        and bool(DEFINED_IN.fullmatch(parts[2].astext()))
    )


def tag_pdf(app: Sphinx, config: Config) -> None:
    """Let pages say `{only} pdf_built`."""
    if json.loads(Path(app.srcdir, "facts.json").read_text("utf-8")).get("pdf"):
        app.tags.add("pdf_built")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_role("cost", Cost())
    app.add_role("fact", Fact())
    app.add_transform(Listings)
    app.connect("config-inited", tag_pdf)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
