"""What references say: the number or the title behind each label of the book, and its sources.

Sphinx finds these for HTML and PDF; slides and scripts are made without it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pages import Page, figure, source

MARK = re.compile(
    r"^\((?P<section>[\w-]+)\)=\s*\n+#+ (?P<title>.+)$"
    r"|\$\$ *\((?P<Equation>[\w-]+)\)"
    r"|^[`:]{3,}\{(?P<kind>list-table|exercise|figure)\}.*\n"
    r"(?:^:\w.*\n)*?^:(?:name|label): *(?P<name>\S+)",
    re.MULTILINE,
)
LISTING = re.compile(r"`([\w.]+)` in `[\w./-]+`\n\n```python")
KINDS = {"list-table": "Table", "exercise": "Exercise", "figure": "Figure"}


def labels(pages: Sequence[Page]) -> dict[str, str]:
    r"""Map each label to what a reference to it says.

    >>> text = "(sec-x)=\n## Norms\n\n$$ y = x $$ (eq-x)"
    >>> labels([Page(Path("09-x.ipynb"), ({"cell_type": "markdown", "source": text},))])
    {'sec-x': 'Norms', 'eq-x': '(9.1)'}
    """
    found = {}
    for page in pages:
        number = re.match(r"\d\d(?=-)", page.path.name)
        counts: Counter[str] = Counter()
        for kind, label, title in marks(page):
            counts[kind] += 1
            place = f"{int(number[0])}.{counts[kind]}" if number else str(counts[kind])
            found[label] = title or (f"({place})" if kind == "Equation" else f"{kind} {place}")
    return found


def marks(page: Page) -> Iterator[tuple[str, str, str]]:
    """Kind, label and title of what can be referred to, in the order of the page."""
    for cell in page.cells:
        if cell["cell_type"] == "markdown":
            for mark in MARK.finditer(source(cell)):
                if mark["section"]:
                    yield "Section", mark["section"], mark["title"]
                elif mark["Equation"]:
                    yield "Equation", mark["Equation"], ""
                else:
                    yield KINDS[mark["kind"]], mark["name"], ""
            continue
        if name := figure(cell).get("name"):
            yield "Figure", name, ""
        for output in cell.get("outputs", ()):
            shown = "".join(output.get("data", {}).get("text/markdown", ""))
            for name in LISTING.findall(shown):
                yield "Listing", listing(name), ""


def listing(name: str) -> str:
    """The label of the listing of a definition.

    >>> listing("AdamW.step")
    'listing-adamw-step'
    """
    return "listing-" + re.sub(r"[_.]+", "-", name.lower()).strip("-")


def sources(path: Path) -> dict[str, tuple[str, str]]:
    """Map the key of each source to its authors, in short, and its year."""
    from pybtex.database import parse_file

    found = {}
    for key, entry in parse_file(str(path)).entries.items():
        people = [
            " ".join([*person.prelast_names, *person.last_names]).strip("{}")
            for person in entry.persons.get("author") or entry.persons.get("editor") or ()
        ]
        names = {0: entry.fields.get("organization", key), 1: "".join(people[:1])}
        names[2] = " and ".join(people[:2])
        found[key] = (
            names.get(len(people), f"{people[0]} et al." if people else ""),
            str(entry.fields.get("year", "")),
        )
    return found
