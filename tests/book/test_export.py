"""Chapters as scripts and as slides: nothing is lost, and nothing is loaded from outside."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import export
import labels
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pages import Page, load
from plain import Plain
from slides import split

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "_build"
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PLAIN = Plain({"fig-x": "Figure 9.1", "ex-x": "Exercise 9.1", "eq-x": "(9.1)"}, {}, {})
TEXT = """(sec-x)=
# Title

```{index} single: title
```
One.

```python
# not a heading, {ref}`nor a role`

x = 1
```

$$
y = x
$$ (eq-x)

## Section

````{admonition} Box
:class: recorded
In a box.

```{list-table}
* - a
  - b
* - 1
  - 2
```
````

```{exercise} Try
:label: ex-x

Do.
```
"""


def cut(*cells):
    notebook = new_notebook(cells=list(cells))
    split(notebook, PLAIN)
    return [(cell.metadata.slideshow["slide_type"], cell.source) for cell in notebook.cells]


def test_sections_figures_and_exercises_open_slides():
    drawn = new_output("display_data", data={"image/svg+xml": "<svg/>"})
    shown = {"figure": {"name": "fig-x", "caption": "See."}, "image": {"alt": "A line."}}
    figure = new_code_cell("draw()", outputs=[drawn], metadata={"mystnb": shown})
    found = cut(new_markdown_cell(TEXT), figure, new_code_cell("x = 1"))
    assert [kind for kind, _ in found] == [
        *("slide", "-", "-", "-"),  # title, paragraph, code, equation
        *("slide", "-", "subslide"),  # section, box, exercise
        *("subslide", "subslide"),  # the figure stands alone
    ]
    assert found[2][1] == "```python\n# not a heading, {ref}`nor a role`\n\nx = 1\n```"
    assert found[3][1] == "$$\ny = x \\tag{9.1}\n$$"
    assert found[5][1].splitlines()[-3:] == ["> | a | b |", "> | --- | --- |", "> | 1 | 2 |"]
    assert found[6][1].startswith("> **Exercise 9.1: Try**")


def test_what_has_no_room_goes_on_below():
    paragraphs = [new_markdown_cell("word " * 150) for _ in range(4)]
    assert [kind for kind, _ in cut(*paragraphs)] == ["-", "-", "subslide", "-"]
    box = "> **Box**\n>\n" + "\n>\n".join("> " + "word " * 150 for _ in range(4))
    parts = cut(new_markdown_cell(box))
    assert len(parts) == 2
    assert all(text.startswith("> ") for _, text in parts)
    assert "".join(text for _, text in parts).count("word") == 600


def test_a_chapter_becomes_a_program_and_slides(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "BUILD", tmp_path)
    glued = {"scrapbook": {"name": "x", "mime_prefix": "application/papermill.record/"}}
    value = {"application/papermill.record/text/plain": "0.25"}
    output = new_output("display_data", data=value, metadata=glued)
    hidden = new_code_cell("glue('x', 0.25)", outputs=[output], metadata={"tags": ["remove-cell"]})
    cells = [hidden, new_markdown_cell("# Title\n\nIt is {glue:text}`x:.1f`."), new_code_cell("1")]
    page = Page(tmp_path / "09-x.ipynb", tuple(cells))
    plain = export.translated(page, {}, {})
    export.script(page.path, new_notebook(cells=cells), plain)
    program = (tmp_path / "scripts" / "09-x.py").read_text("utf8")
    compile(program, "09-x.py", "exec")
    assert "# It is 0.2." in program
    assert "glue('x', 0.25)" in program
    cells[1] = new_markdown_cell("# Title\n\nIt is {glue:text}`x:.1f`.")
    assert export.deck(page.path, new_notebook(cells=cells), plain) == "9. Title"
    slides = (tmp_path / "slides" / "09-x.html").read_text("utf8")
    assert "It is 0.2." in slides
    assert "glue" not in slides


def built(kind, ending):
    folder = BUILD / kind
    if not folder.exists():
        pytest.skip(f"no _build/{kind}: type make {kind}")
    found = {path.stem: path for path in folder.glob(f"[0-9]*{ending}")}
    if sorted(found) != [path.stem for path in CHAPTERS]:
        pytest.skip(f"what is built has other chapters: type make {kind}")
    return found


def test_every_script_compiles_and_says_nothing_in_myst():
    for path in built("scripts", ".py").values():
        text = path.read_text("utf8")
        compile(text, str(path), "exec")
        assert not re.search(r"^# .*\{(ref|numref|cite|term|glue:text)\}`", text, re.MULTILINE)


def test_slides_load_only_what_lies_beside_them():
    for path in [*built("slides", ".html").values(), BUILD / "slides" / "index.html"]:
        page = BeautifulSoup(path.read_text("utf8"), "html.parser")
        loaded = [tag["src"] for tag in page.find_all(src=True)]
        loaded += [tag["href"] for tag in page.find_all("link", href=True)]
        assert "slides.css" in loaded
        for source in loaded:
            url = urlsplit(source)
            if url.scheme != "data":
                assert (url.scheme, url.netloc) == ("", ""), (path.name, source)
                assert (path.parent / unquote(url.path)).is_file(), (path.name, source)
    for style in (BUILD / "slides").rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text("utf8")), style.name


def test_slides_have_every_section_and_figure_of_their_chapter():
    for name, path in built("slides", ".html").items():
        page, chapter = BeautifulSoup(path.read_text("utf8"), "html.parser"), load_chapter(name)
        prose = re.sub(r"^```.*?^```", "", chapter.text, flags=re.DOTALL | re.MULTILINE)
        assert len(page.select("h2")) == len(re.findall(r"^## ", prose, re.MULTILINE))
        drawn = [kind for kind, _, _ in labels.marks(chapter) if kind == "Figure"]
        assert len(page.select("figure img[alt]")) == len(drawn)
        assert not page.find(string=re.compile(r"\{(ref|numref|cite|term)\}$"))


def load_chapter(name):
    return load(ROOT / "chapters" / f"{name}.ipynb")


def test_numbers_are_those_of_the_html():
    """What slides and scripts call Figure 9.3 is called so on the page, too."""
    html = BUILD / "html" / "chapters"
    if not html.exists() or not all((html / f"{p.stem}.html").exists() for p in CHAPTERS):
        pytest.skip("no _build/html: type make html")
    known = labels.labels([load(path) for path in CHAPTERS])
    compared = 0
    for path in CHAPTERS:
        page = BeautifulSoup((html / f"{path.stem}.html").read_text("utf8"), "html.parser")
        for caption in page.select("article .caption-number"):
            holder = caption.find_parent(id=True)
            if holder["id"] in known:
                assert " ".join(caption.get_text().split()) == known[holder["id"]]
                compared += 1
    assert compared > 50


def test_costs_are_said_as_the_book_says_them(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "BUILD", tmp_path)
    page = Page(Path("09-x.ipynb"), ())
    assert export.translated(page, {}, {}).cost == "see the book"
    spent = {"chapters/09-x": {"cpu_seconds": 41.7, "memory_mb": 512.0}}
    (tmp_path / "cost.json").write_text(json.dumps(spent), "utf8")
    assert export.translated(page, {}, {}).cost.startswith("about 45 seconds")
