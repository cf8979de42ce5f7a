"""What a page of the book promises its readers, as far as its source shows it.

Each check takes a page and yields one sentence for each fault. `faults` runs them all; the tests
run it over the whole book, and `pytest tests/book -k 04` over one chapter and its solutions.
"""

import re
from collections import Counter
from collections.abc import Iterator

from pages import Page, figure, source, tags

LINES, COLUMNS = 25, 76
EXERCISES = 6
INDEX_ENTRIES = 10
RASTER = {"image/png", "image/jpeg", "image/gif", "image/webp"}
TYPED = re.compile(
    r"\b(?i:chapter|figure|fig\.|table|listing|equation|exercise|part)s?[ ~]\(?(\d+|[IVX]{2,}\b)"
)
OPENING = ("You will build", "You will measure", "You need", "Cost")
EXERCISE = ("★", "CPU-second", "*Deliverable:*", "*Test:*")
REFERENCES = ("ref", "numref", "eq", "prf:ref")


def faults(page: Page) -> list[str]:
    """Everything that is wrong with any page.

    >>> from pathlib import Path
    >>> cell = {"cell_type": "markdown", "source": "See Figure 3.", "metadata": {}}
    >>> faults(Page(Path("x.md"), (cell,)))
    ["'Figure 3' is typed: use a role, such as {numref} or {ref}"]
    """
    checks = (cells, outputs, figures, static_figures, values, typed_references)
    return [fault for check in checks for fault in check(page)]


def chapter_faults(page: Page) -> list[str]:
    """Everything that is wrong with a chapter, beside what could be wrong with any page."""
    return [fault for check in (opening, exercises, closing) for fault in check(page)]


def cells(page: Page) -> Iterator[str]:
    """Cells fit on the page, and none is skipped when the notebook is compared."""
    for cell in page.code:
        lines = source(cell).splitlines()
        where = f"the cell that begins {lines[0][:40]!r}"
        if len(lines) > LINES:
            yield f"{where} has {len(lines)} lines, more than {LINES}"
        for line in lines:
            if len(line) > COLUMNS:
                yield f"{where} has a line of {len(line)} columns, more than {COLUMNS}"
        if "nbval-skip" in tags(cell):
            yield f"{where} is never run by the comparison: use nbval-ignore-output"


def outputs(page: Page) -> Iterator[str]:
    """The notebook was run from top to bottom, and stored, and no error went unnoticed."""
    counts = [cell["execution_count"] for cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        yield "the cells were not run once each, from top to bottom"
    for cell in page.code:
        errors = [o["ename"] for o in cell["outputs"] if o["output_type"] == "error"]
        if errors and "raises-exception" not in tags(cell):
            yield f"a cell ends in {errors[0]}, but is not tagged raises-exception"


def figures(page: Page) -> Iterator[str]:
    """Figures are vector, in both forms, and have a caption and an alternative text."""
    for cell in page.code:
        if "remove-cell" in tags(cell) or "remove-output" in tags(cell):
            continue
        kinds = {kind for o in cell["outputs"] for kind in o.get("data", {})}
        where = figure(cell).get("name") or f"the figure of {source(cell).splitlines()[0][:40]!r}"
        for kind in sorted(kinds & RASTER):
            yield f"{where} is drawn in pixels ({kind}), which the comparison cannot look into"
        if ("image/svg+xml" in kinds) != ("application/pdf" in kinds):
            yield f"{where} has only one of SVG and PDF"
        if "image/svg+xml" in kinds:
            image = cell["metadata"].get("mystnb", {}).get("image", {})
            yield from described(where, figure(cell), image.get("alt", ""))


def described(where: str, fields: dict[str, str], alt: str) -> Iterator[str]:
    """A figure's label, caption and alternative text are there, and say something."""
    if not fields.get("name", "").startswith("fig-"):
        yield f"{where} has no label that begins with fig-"
    caption = fields.get("caption", "")
    if len(caption.split()) < 6 or not caption.rstrip().endswith((".", "!", "?")):
        yield f"{where} needs a caption in full sentences, found {caption[:60]!r}"
    if len(alt.split()) < 6:
        yield f"{where} needs an alternative text that says what is there, found {alt[:60]!r}"


def static_figures(page: Page) -> Iterator[str]:
    """A figure that no cell draws exists in both forms, beside the script that draws it."""
    for title, body in page.directives("figure"):
        stem = page.path.parent / title.removesuffix(".*")
        for ending in (".svg", ".pdf", ".py"):
            if not stem.with_suffix(ending).is_file():
                yield f"{title}: {stem.name}{ending} is missing"
        options = dict(re.findall(r"^:(\w+): *(.*)$", body, re.MULTILINE))
        caption = re.sub(r"^:.*\n", "", body, flags=re.MULTILINE).strip()
        fields = {"name": options.get("name", ""), "caption": caption}
        yield from described(title, fields, options.get("alt", ""))
    for alt in re.findall(r"!\[(.*?)\]\(", page.prose):
        yield f"the image {alt!r} is not a figure: it has neither a label nor a caption"


def values(page: Page) -> Iterator[str]:
    """Each value in a sentence comes from exactly one cell of the same notebook."""
    glued = Counter(page.glued())
    yield from (f"{name} is glued {n} times" for name, n in glued.items() if n > 1)
    for quoted in page.role("glue:text", "glue:", "glue:math", "glue:figure"):
        name = quoted.partition(":")[0]
        if name not in glued:
            yield f"no cell glues {name}"


def typed_references(page: Page) -> Iterator[str]:
    """References inside the book are roles, so that they never point to the wrong place."""
    for found in TYPED.finditer(re.sub(r"^#.*$", "", page.prose, flags=re.MULTILINE)):
        if not re.match(r"\)? (?:of|in) \{cite", page.prose[found.end() :]):
            yield f"{found[0]!r} is typed: use a role, such as {{numref}} or {{ref}}"


def opening(page: Page) -> Iterator[str]:
    """A chapter opens with a title, a question, a picture and a box."""
    first = next((source(cell) for cell in page.cells if cell["cell_type"] == "markdown"), "")
    title = re.search(r"^# (.+)$", first, re.MULTILINE)
    if title is None or re.search(r"\d", title[1]):
        yield "the text must begin with the title, without its number: that is in the file's name"
    boxes = [body for _, body in page.directives("admonition") if ":class: chapter" in body]
    if len(boxes) != 1:
        yield f"expected one opening box (:class: chapter), found {len(boxes)}"
    said = "".join(boxes)
    yield from (f"the opening box does not say: {part}" for part in OPENING if part not in said)
    if "{cost}" not in said:
        yield "the opening box must take its cost from the last run, with {cost}`here`"
    if "?" not in page.prose[:3000]:
        yield "a chapter opens with a question"
    if not any(":class: takeaway" in body for _, body in page.directives("admonition")):
        yield "no takeaway (:class: takeaway)"


def exercises(page: Page) -> Iterator[str]:
    """At least six exercises, each with a label, a grade, a cost, a deliverable and a test."""
    found = page.directives("exercise")
    if len(found) < EXERCISES:
        yield f"expected at least {EXERCISES} exercises, found {len(found)}"
    for title, body in found:
        if not title:
            yield "an exercise has no title"
        if not re.search(r"^:label: ex-[a-z0-9-]+$", body, re.MULTILINE):
            yield f"the exercise {title!r} has no label that begins with ex-"
        yield from (f"the exercise {title!r} does not say: {p}" for p in EXERCISE if p not in body)


def closing(page: Page) -> Iterator[str]:
    """A chapter ends with a summary and with its sources, and can be found in the index."""
    headings = " / ".join(re.findall(r"^## (.+)$", page.text, re.MULTILINE))
    for wanted in ("Summary", "Exercises", "reading"):
        if wanted.lower() not in headings.lower():
            yield f"no section about: {wanted}"
    if not page.role("cite", "cite:t", "cite:p"):
        yield "no source is cited"
    entries = index_entries(page)
    if len(entries) < INDEX_ENTRIES:
        yield f"expected at least {INDEX_ENTRIES} index entries, found {len(entries)}"


def index_entries(page: Page) -> list[str]:
    """The entries that the page makes in the index of the book."""
    blocks = [f"{title}\n{body}" for title, body in page.directives("index")]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":")] + page.role("index")


def exercise_labels(page: Page) -> list[str]:
    """The labels of a chapter's exercises."""
    bodies = (body for _, body in page.directives("exercise"))
    return [
        label for body in bodies for label in re.findall(r"^:label: *(\S+)", body, re.MULTILINE)
    ]


def solved_labels(page: Page) -> list[str]:
    """The labels of the exercises that a page of solutions solves."""
    return [title for name in ("solution-start", "solution") for title, _ in page.directives(name)]


def words_per_line(page: Page) -> float:
    """Words of prose for each line of code that the reader sees.

    >>> from pathlib import Path
    >>> code = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
    >>> text = {"cell_type": "markdown", "source": "We set x to one, and go on."}
    >>> words_per_line(Page(Path("x.ipynb"), (text, code)))
    8.0
    """
    hidden = {"remove-cell", "remove-input", "hide-input", "hide-cell"}
    seen = [source(cell) for cell in page.code if not hidden & set(tags(cell))]
    lines = sum(bool(line.strip()) for text in seen for line in text.splitlines())
    return len(re.findall(r"[^\W\d_][\w'’-]*", page.prose)) / max(lines, 1)
