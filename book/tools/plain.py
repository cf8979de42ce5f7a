"""The book's Markdown without roles and directives, for what reads plain Markdown only."""

import re
import textwrap
from dataclasses import dataclass

from pages import DIRECTIVE, FENCE, Page

ROLE = re.compile(r"\{(?P<role>[\w:-]+)\}`(?P<text>[^`]+)`")
TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
EQUATION = re.compile(r"\$\$(?P<body>.+?)\$\$ *\((?P<label>[\w-]+)\)", re.DOTALL)


@dataclass(frozen=True)
class Plain:
    """Turns the text of one page into plain Markdown.

    Attributes:
        labels: what a reference to each label says.
        sources: authors and year of each source.
        values: what the page's cells have glued, as they were printed.
        cost: what the page says that it costs.
    """

    labels: dict[str, str]
    sources: dict[str, tuple[str, str]]
    values: dict[str, str]
    cost: str = "see the book"

    def markdown(self, text: str) -> str:
        r"""Translate the Markdown of a cell.

        >>> plain = Plain({"fig-x": "Figure 9.1"}, {"a2017": ("Ada", "2017")}, {"a-b": "0.456"})
        >>> plain.markdown("(sec-x)=\n# On {term}`norms <norm>`\n{numref}`fig-x` {cite}`a2017`.")
        '# On norms\nFigure 9.1 [Ada 2017].'
        >>> plain.markdown("It is {glue:text}`a-b:.1f`, and `{ref}` is code.")
        'It is 0.5, and `{ref}` is code.'
        """
        code: list[str] = []

        def put_aside(found: re.Match[str]) -> str:
            if found[2].startswith("{"):
                return found[0]
            code.append(found[0])
            return f"\0{len(code) - 1}\0"

        text = FENCE.sub(put_aside, text)
        text = ROLE.sub(self.role, text)
        text = EQUATION.sub(self.equation, text)
        text = DIRECTIVE.sub(self.directive, text)
        text = re.sub(r"^\([\w-]+\)=\s*\n", "", text, flags=re.MULTILINE)
        text = re.sub("\0(\\d+)\0", lambda found: code[int(found[1])], text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def role(self, found: re.Match[str]) -> str:
        """What a reference, a citation, a glued value or a term says."""
        role, text = found["role"], found["text"]
        titled = TITLED.match(text)
        title, target = (titled["title"], titled["target"]) if titled else (text, text)
        if role in ("ref", "numref", "eq"):
            return title if titled else self.labels[target]
        if role in ("cite", "cite:p", "cite:t"):
            pairs = [self.sources[key.strip()] for key in target.split(",")]
            if role == "cite:t":
                return " and ".join(f"{who} ({year})" for who, year in pairs)
            return "[" + "; ".join(f"{who} {year}" for who, year in pairs) + "]"
        if role == "glue:text":
            return self.value(text)
        return self.cost if role == "cost" else title

    def value(self, text: str) -> str:
        """A glued value in the format that the text asks for."""
        name, _, style = text.partition(":")
        printed = self.values[name]
        if printed[:1] in "'\"":
            return printed[1:-1]
        return (
            format(float(printed) if style[-1:] in "feg%" else int(printed), style)
            if style
            else printed
        )

    def equation(self, found: re.Match[str]) -> str:
        """A numbered equation."""
        number = self.labels[found["label"]].strip("()")
        return f"$$\n{found['body'].strip()} \\tag{{{number}}}\n$$"

    def directive(self, found: re.Match[str]) -> str:
        """A box as a quotation, a table as a table; entries of the index vanish."""
        kind, title = found[2], found[3].strip()
        body = DIRECTIVE.sub(self.directive, found[4])  # a table in a box
        body = re.sub(r"^:[\w-]+:.*\n", "", body, flags=re.MULTILINE).strip()
        if kind == "index":
            return ""
        if kind == "list-table":
            return table(title, body)
        if kind == "exercise":
            label = re.search(r"^:label: *(\S+)", found[4], re.MULTILINE)
            number = self.labels[label[1]] if label else "Exercise"
            title = f"{number}: {title}"
        return textwrap.indent(f"**{title}**\n\n{body}", "> ", lambda line: True)


def table(title: str, body: str) -> str:
    r"""A list-table as a table of Markdown.

    >>> print(table("Sizes.", "* - a\n  - b\n* - 1\n  - 2 | 3"))
    *Sizes.*
    <BLANKLINE>
    | a | b |
    | --- | --- |
    | 1 | 2 \| 3 |
    """
    rows = [re.split(r"\n  -", row) for row in re.split(r"^\* -", body, flags=re.MULTILINE)[1:]]
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    cells.insert(1, ["---"] * len(cells[0]))
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return (f"*{title}*\n\n" if title else "") + "\n".join(lines)


def values(page: Page) -> dict[str, str]:
    """What the cells of a page have glued, by name, as it was printed."""
    found = {}
    for output in page.outputs():
        glued = output.get("metadata", {}).get("scrapbook", {})
        for kind, printed in output.get("data", {}).items():
            if glued and kind.startswith(glued["mime_prefix"]):
                found[glued["name"]] = "".join(printed)
    return found


def wrap(text: str, columns: int = 88) -> str:
    r"""Break the lines of plain Markdown at a width; leave code, formulas and tables as they are.

    >>> wrap("one two three\n\n> four five six\n\n* seven eight", 8)
    'one two\nthree\n\n> four\n> five\n> six\n\n* seven\n  eight'
    """
    parts = re.split(r"(^```.*?^```|\$\$.*?\$\$)", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [
        "\n\n".join(wrap_block(block, columns) for block in part.split("\n\n"))
        for part in parts[::2]
    ]
    return "".join(parts)


def wrap_block(block: str, columns: int) -> str:
    """Break one paragraph, box or list; its first and last line end stay."""
    if block.startswith(">"):
        inner = re.sub(r"^> ?", "", block, flags=re.MULTILINE)
        quoted = wrap(inner, columns - 2).splitlines()
        return "\n".join(f"> {line}".rstrip() for line in quoted)
    if not block.strip() or re.match(r"\s*[|#]", block):
        return block
    start, end = re.match(r"\s*", block)[0], re.search(r"\s*$", block)[0]
    items = re.split(r"\n(?=[*-] |\d+\. )", block.strip())
    filled = [
        textwrap.fill(
            i,
            columns,
            break_long_words=False,
            break_on_hyphens=False,
            subsequent_indent="  " if re.match(r"[*-] |\d+\. ", i) else "",
        )
        for i in items
    ]
    return start + "\n".join(filled) + end
