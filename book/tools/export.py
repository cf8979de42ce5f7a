"""Every chapter as a script and as slides, from the notebooks as they are stored.

    python book/tools/export.py scripts slides

writes _build/scripts/NN-slug.py and _build/slides/NN-slug.html, and beside the slides all that
they load.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
from bookcells import say_cost
from labels import labels, sources
from nbconvert import PythonExporter
from nbconvert.exporters.slides import SlidesExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode
from notebooks import listed
from pages import Page, load
from plain import Plain, values, wrap
from pygments.formatters import HtmlFormatter
from slides import split

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "_build"
BESIDE = (ROOT / "book" / "slides" / "reveal", ROOT / "book" / "_static" / "mathjax")
HEADER = """#!/usr/bin/env python
# {title}
#
# The code of a chapter, with its text as comments. Run it from the folder of the chapters, in the
# environment of the book:  cd chapters && python ../_build/scripts/{name}
"""


def translated(page: Page, known: dict[str, str], cited: dict[str, tuple[str, str]]) -> Plain:
    """What turns the text of a page into plain Markdown."""
    costs = BUILD / "cost.json"
    spent = json.loads(costs.read_text("utf-8")) if costs.exists() else {}
    spent = spent.get(f"chapters/{page.path.stem}")
    cost = {"cost": say_cost(spent["cpu_seconds"], spent["memory_mb"])} if spent else {}
    return Plain(known, cited, values(page), **cost)


def script(path: Path, notebook: NotebookNode, plain: Plain) -> None:
    """Write a chapter as a program."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = wrap(plain.markdown(cell.source))
    exporter = PythonExporter(exclude_input_prompt=True)
    body, _ = exporter.from_notebook_node(notebook)
    body = re.sub(r"[ ]+$", "", re.sub(r"\A(#.*\n)+", "", body).strip(), flags=re.MULTILINE)
    target = BUILD / "scripts" / f"{path.stem}.py"
    title = title_of(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(HEADER.format(title=title, name=target.name) + "\n" + body + "\n", "utf-8")


def deck(path: Path, notebook: NotebookNode, plain: Plain) -> str:
    """Write a chapter as slides; return its title."""
    remove = TagRemovePreprocessor(
        remove_cell_tags={"remove-cell", "hide-cell"},
        remove_input_tags={"remove-input", "hide-input"},
        remove_all_outputs_tags={"remove-output", "hide-output"},
    )
    remove.enabled = True
    notebook, _ = remove.preprocess(notebook, {})
    split(notebook, plain)
    title = f"{int(path.stem[:2])}. {title_of(notebook)}"
    notebook.metadata.title = title
    resources = {"style": HtmlFormatter(style="friendly").get_style_defs(".highlight")}
    exporter = SlidesExporter(
        template_name="template", extra_template_basedirs=[str(ROOT / "book" / "slides")]
    )
    body, _ = exporter.from_notebook_node(notebook, resources)
    target = BUILD / "slides" / f"{path.stem}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(body, "utf-8")
    return title


def title_of(notebook: NotebookNode) -> str:
    """The first heading of a notebook."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def index(titles: dict[str, str]) -> None:
    """Write the page that lists the slides, and lay beside them what they load."""
    folder = BUILD / "slides"
    for source in BESIDE:
        shutil.copytree(source, folder / source.name, dirs_exist_ok=True)
    shutil.copyfile(ROOT / "book" / "slides" / "slides.css", folder / "slides.css")
    lines = [f'<li><a href="{name}.html">{title}</a></li>' for name, title in titles.items()]
    page = (ROOT / "book" / "slides" / "index.html").read_text("utf-8")
    folder.joinpath("index.html").write_text(
        page.replace("<!-- list -->", "\n".join(lines)), "utf-8"
    )


def main(wanted: list[str]) -> None:
    """Write what is asked for."""
    pages = [load(ROOT / path) for path in listed() if path.parent.name == "chapters"]
    around = [load(path) for path in sorted((ROOT / "book").glob("*.md"))]
    known, cited = labels([*around, *pages]), sources(ROOT / "book" / "references.bib")
    titles = {}
    for page in pages:
        plain = translated(page, known, cited)
        for kind in wanted:
            notebook = nbformat.read(page.path, as_version=4)
            if kind == "scripts":
                script(page.path, notebook, plain)
            else:
                titles[page.path.stem] = deck(page.path, notebook, plain)
    if titles:
        index(titles)
    for kind in wanted:
        print(f"{kind}: {len(pages)} chapters in _build/{kind}/")


if __name__ == "__main__":
    main(sys.argv[1:])
