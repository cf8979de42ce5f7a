"""Every page of the book keeps the book's contract, as far as its source shows it."""

import copy
import json
import re
from pathlib import Path

import contract
import pytest
import vocabulary
from pages import load

ROOT = Path(__file__).parents[2]
EXEMPT_SHARE = 0.03  # of the code cells may have an output that is not compared
WORDS_PER_LINE = 12  # of prose for a line of code, at least
NOT_PAGES = {"README.md"}

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "book" / "solutions").glob("*.ipynb"))
TEXTS = sorted(path for path in (ROOT / "book").glob("*.md") if path.name not in NOT_PAGES)


@pytest.fixture(scope="module")
def book():
    return [load(path) for path in [*TEXTS, *CHAPTERS, *SOLUTIONS]]


@pytest.fixture(scope="module")
def glossary():
    ((_, body),) = load(ROOT / "book" / "glossary.md").directives("glossary")
    return [line for line in body.splitlines() if line and not line.startswith(" ")]


def name(path):
    return path.stem


@pytest.mark.parametrize("path", [*TEXTS, *CHAPTERS, *SOLUTIONS], ids=name)
def test_page_keeps_the_contract(path):
    assert contract.faults(load(path)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_chapter_keeps_the_contract(path):
    assert contract.chapter_faults(load(path)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_chapter_has_more_prose_than_code(path):
    assert contract.words_per_line(load(path)) >= WORDS_PER_LINE


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_every_exercise_is_solved(path):
    solutions = ROOT / "book" / "solutions" / path.name
    assert solutions.is_file(), f"{solutions} is missing"
    page = load(solutions)
    assert sorted(contract.solved_labels(page)) == sorted(contract.exercise_labels(load(path)))
    assert len(page.directives("solution-start")) == len(page.directives("solution-end"))


def test_few_outputs_are_exempt_from_comparison():
    cells = [cell for path in [*CHAPTERS, *SOLUTIONS] for cell in load(path).code]
    exempt = [cell for cell in cells if "nbval-ignore-output" in contract.tags(cell)]
    assert len(exempt) <= EXEMPT_SHARE * len(cells)


def test_labels_are_unique_and_every_reference_finds_its_label(book):
    owner = {}
    for page in book:
        for label in page.labels():
            assert label not in owner, f"{label} is in {owner[label]} and in {page.path.name}"
            owner[label] = page.path.name
    for page in book:
        missing = set(page.role(*contract.REFERENCES)) - set(owner)
        assert not missing, f"{page.path.name} refers to {sorted(missing)}"


def test_glossary_is_sorted_and_has_no_term_twice(glossary):
    assert len(glossary) >= 60
    assert glossary == sorted(glossary, key=str.lower)
    assert len({term.lower() for term in glossary}) == len(glossary)


def test_notation_has_no_symbol_twice():
    text = (ROOT / "book" / "notation.md").read_text("utf8")
    cells = [row for row in re.findall(r"^\* - (.+)$", text, re.MULTILINE) if row != "Symbol"]
    symbols = [symbol for cell in cells for symbol in re.findall(r"\$([^$]+)\$", cell)]
    assert len(symbols) > 50
    assert len(set(symbols)) == len(symbols)


def test_notation_names_sizes_as_the_code_does():
    text = (ROOT / "book" / "notation.md").read_text("utf8")
    (sizes,) = re.findall(r":name: table-notation-sizes.*?```", text, re.DOTALL)
    rows = re.findall(r"^\* - .+\n  - .+\n  -(.*)\n  -(.*)$", sizes, re.MULTILINE)[1:]
    settings, shapes = (
        {cell.strip(" `") for cell in column} - {""} for column in zip(*rows, strict=True)
    )
    found, dimensions = set(), set()
    for path in (ROOT / "code" / "scratchlm").rglob("*.py"):
        found |= {word.text for word in vocabulary.names(path, ROOT)}
        for shape in re.findall(r'Tensor, "([^"]+)"', path.read_text("utf8")):
            dimensions |= set(shape.split())
    assert settings <= found
    assert shapes <= dimensions


def test_every_term_used_is_in_the_glossary(book, glossary):
    known = {term.lower() for term in glossary}
    for page in book:
        missing = {term for term in page.role("term") if term.lower() not in known}
        assert not missing, f"{page.path.name} uses {sorted(missing)}"


def test_figures_drawn_by_scripts_are_included_somewhere(book):
    used = {Path(title).stem for page in book for title, _ in page.directives("figure")}
    drawn = {path.stem for path in (ROOT / "book" / "figures").glob("*.svg")}
    assert drawn == used


# What follows shows that the checks bite: a small page that keeps the contract, then broken ones.

OUTPUT = {"image/svg+xml": "<svg/>", "application/pdf": "JVBERi0="}
GLUED = {"scrapbook": {"name": "guess-best"}}
CHAPTER = """# Guessing

```{index} single: guess
```
What comes next? Let us see in {numref}`fig-guess`: {glue:text}`guess-best:.2f`, by {cite}`a2000`.

```{admonition} In this chapter
:class: chapter
**You will build** a. **You will measure** b. **You need** c. **Cost:** {cost}`here`.
```

```{admonition} Takeaway
:class: takeaway
All is well.
```

## Summary

It was good.

## Exercises

"""
TASK = """```{exercise} Task %d
:label: ex-task-%d

★ · 5 CPU-seconds · *Deliverable:* a function. *Test:* `f(1) == 2`.
```

"""
END = "## Further reading\n\n" + "".join(f"{{index}}`word {n}` " for n in range(9))


def markdown(text):
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def notebook(tmp_path, cells, file="01-guessing.ipynb"):
    path = tmp_path / file
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    return load(path)


@pytest.fixture
def good():
    tasks = "".join(TASK % (n, n) for n in range(6))
    caption = "The guess gets better from left to right."
    alt = "A line that falls from eight to one."
    described = {"figure": {"name": "fig-guess", "caption": caption}, "image": {"alt": alt}}
    drawn = {"output_type": "display_data", "data": dict(OUTPUT), "metadata": {}}
    glued = {"output_type": "display_data", "data": {}, "metadata": GLUED}
    code = {"cell_type": "code", "outputs": [drawn, glued], "execution_count": 1}
    code |= {"metadata": {"tags": [], "mystnb": described}, "source": "draw()"}
    return [markdown(CHAPTER + tasks + END), code]


def found(page):
    return contract.faults(page) + contract.chapter_faults(page)


def test_the_small_chapter_keeps_the_contract(tmp_path, good):
    page = notebook(tmp_path, good)
    assert found(page) == []
    assert page.labels() == {"fig-guess", *(f"ex-task-{n}" for n in range(6))}
    assert contract.exercise_labels(page) == [f"ex-task-{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# Guessing", "# 1 Guessing", "title"),
        ("What comes next?", "Here we go.", "question"),
        ("**You need** c.", "", "You need"),
        ("{cost}`here`", "five seconds", "cost"),
        (":class: takeaway", ":class: note", "takeaway"),
        ("Let us see", "See Figure 3", "typed"),
        ("Let us see", "See chapter 11", "typed"),
        ("## Summary", "## The end", "Summary"),
        ("## Further reading", "## More", "reading"),
        ("{cite}`a2000`", "somebody", "source"),
        (":label: ex-task-3", ":label: task-3", "label"),
        ("```{exercise} Task 2", "```{note} Task 2", "at least 6 exercises"),
        ("*Deliverable:*", "Write", "Deliverable"),
        ("★ ·", "", "★"),
        ("{index}`word 3`", "", "index entries"),
        ("guess-best:.2f", "guess-worst:.2f", "no cell glues guess-worst"),
        ("It was good.", "![](picture.svg)", "not a figure"),
    ],
)
def test_broken_prose_is_found(tmp_path, good, old, new, complaint):
    assert old in good[0]["source"]
    good[0]["source"] = good[0]["source"].replace(old, new, 1)
    assert complaint in " / ".join(found(notebook(tmp_path, good)))


def long_cell(code):
    code["source"] = "x = 1\n" * 26


def wide_cell(code):
    code["source"] = "x = " + "1" * 73


def not_run(code):
    code["execution_count"] = None


def skipped(code):
    code["metadata"]["tags"] = ["nbval-skip"]


def pixels(code):
    code["outputs"][0]["data"]["image/png"] = "iVBORw0KGgo="


def no_twin(code):
    del code["outputs"][0]["data"]["application/pdf"]


def no_alt(code):
    del code["metadata"]["mystnb"]["image"]


def no_caption(code):
    code["metadata"]["mystnb"]["figure"]["caption"] = "a curve"


def no_name(code):
    del code["metadata"]["mystnb"]["figure"]["name"]


def glued_twice(code):
    code["outputs"].append(copy.deepcopy(code["outputs"][1]))


def ends_in_error(code):
    code["outputs"].append({"output_type": "error", "ename": "KeyError"})


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (long_cell, "26 lines"),
        (wide_cell, "77 columns"),
        (not_run, "not run"),
        (skipped, "never run"),
        (pixels, "pixels"),
        (no_twin, "only one of SVG and PDF"),
        (no_alt, "alternative text"),
        (no_caption, "full sentences"),
        (no_name, "no label"),
        (glued_twice, "glued 2 times"),
        (ends_in_error, "KeyError"),
    ],
)
def test_broken_cells_are_found(tmp_path, good, damage, complaint):
    damage(good[1])
    assert re.search(complaint, " / ".join(found(notebook(tmp_path, good))))


def test_a_hidden_first_cell_may_stand_before_the_title(tmp_path, good):
    setup = {"cell_type": "code", "source": "setup()", "outputs": [], "execution_count": 1}
    good[1]["execution_count"] = 2
    assert found(notebook(tmp_path, [setup | {"metadata": {"tags": ["remove-cell"]}}, *good])) == []


def test_code_in_prose_is_not_taken_for_a_reference(tmp_path):
    text = "As `table 3` says.\n\n```python\n# Figure 3\n```\n\nSee figure 2 of {cite}`a2000`."
    assert contract.faults(notebook(tmp_path, [markdown(text)])) == []
