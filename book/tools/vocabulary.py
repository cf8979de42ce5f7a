"""Where words stand: the public names of the package and the prose of the book, with lines."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
CODE = re.compile(
    r"^(`{3,}|~{3,})(?!\{).*?^\1[`~]*\s*?$|(?<![}`])`[^`\n]+`", re.DOTALL | re.MULTILINE
)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
KEPT = {"term", "index", "download"}  # roles whose text the reader sees as it is written
BLANKED = (
    re.compile(r"^(`{3,}|~{3,})(?!\{).*?^\1[`~]*\s*?$", re.DOTALL | re.MULTILINE),  # code
    re.compile(r"^ *:[\w-]+:.*$|^\([\w-]+\)=", re.MULTILINE),  # options and labels
    re.compile(r"\{(?:" + r"(?!" + "|".join(KEPT) + r")[\w:-]+)\}`[^`]*`"),  # references
    re.compile(r"(?<![}`])`[^`\n]+`"),  # code in line
    FORMULA,
    re.compile(r"\]\([^)]*\)|https?://\S+|<[^>\n]*>"),  # targets of links
)


@dataclass(frozen=True)
class Word:
    """A name, or a stretch of prose, where it stands.

    Attributes:
        path: its file, relative to the root of what is read.
        line: where it begins, from 1.
        kind: module, class, function, parameter, field, attribute, constant or option of a
            name, and once more definition of one at the top of a module; prose, figure,
            docstring or formula of a stretch of text.
        text: the name, or the text with everything blanked out that is no prose.
    """

    path: str
    line: int
    kind: str
    text: str


def names(path: Path, root: Path) -> Iterator[Word]:
    """Every public name that a module of Python defines, and its docstrings."""
    inside = path.relative_to(root).as_posix()
    tree = ast.parse(path.read_text("utf-8"))
    if not path.stem.startswith("_"):
        yield Word(inside, 1, "module", path.stem)
    for kind, text, line in defined(tree):
        yield Word(inside, line, kind, text)


def defined(scope: ast.Module | ast.ClassDef) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of what a module or a class defines in public."""
    if said := ast.get_docstring(scope, clean=False):
        yield "docstring", prose(said), scope.body[0].lineno
    for node in scope.body:
        if isinstance(node, Definition) and (public(node.name) or node.name == "__init__"):
            yield from of_definition(node)
            if isinstance(scope, ast.Module):
                yield "definition", node.name, node.lineno
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            kind = "field" if isinstance(scope, ast.ClassDef) else "constant"
            for target in targets:
                if isinstance(target, ast.Name) and public(target.id):
                    yield kind, target.id, node.lineno
    for node in ast.walk(scope) if isinstance(scope, ast.Module) else ():
        yield from of_use(node)


def of_definition(node: Definition) -> Iterator[tuple[str, str, int]]:
    """A class with its members, or a function with its parameters."""
    if isinstance(node, ast.ClassDef):
        yield "class", node.name, node.lineno
        yield from defined(node)
        return
    if public(node.name):
        yield "function", node.name, node.lineno
    if said := ast.get_docstring(node, clean=False):
        yield "docstring", prose(said), node.body[0].lineno
    arguments = node.args
    for given in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if public(given.arg) and given.arg not in ("self", "cls"):
            yield "parameter", given.arg, given.lineno


def of_use(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """A public attribute that a method sets, or an option that a command spells out."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        if isinstance(node.value, ast.Name) and node.value.id == "self" and public(node.attr):
            yield "attribute", node.attr, node.lineno
    elif isinstance(node, ast.keyword):
        spelled = node.value if node.arg == "name" else None
        if isinstance(spelled, ast.Constant) and isinstance(spelled.value, str):
            yield "option", spelled.value.replace("-", "_"), spelled.lineno


def public(name: str) -> bool:
    """Say whether a name is meant for others."""
    return not name.startswith("_")


def prose(text: str) -> str:
    """Blank out what is no prose, so that every line and column stays where it was."""
    for pattern in BLANKED:
        text = pattern.sub(lambda found: re.sub(r"\S", " ", found[0]), text)
    return text


def texts(path: Path, root: Path) -> Iterator[Word]:
    """The prose of a page: Markdown, captions, alternative texts, and words in drawings."""
    inside, raw = path.relative_to(root).as_posix(), path.read_text("utf-8")
    if path.suffix == ".md":
        yield Word(inside, 1, "prose", prose(raw))
        return
    lines = raw.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if re.match(r'^   "source": \[', line)]
    for cell, start in zip(json.loads(raw)["cells"], starts, strict=True):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield Word(inside, start + 1, "prose", prose(source))
            yield from formulas(inside, start + 1, source)
            continue
        shown = cell["metadata"].get("mystnb", {})
        for said in (*shown.get("figure", {}).values(), *shown.get("image", {}).values()):
            quoted = json.dumps(said, ensure_ascii=False)
            line = next((n for n, text in enumerate(lines, 1) if quoted in text), start)
            yield Word(inside, line, "prose", " ".join(prose(said).split()))
        if shown:
            for line, said in strings(source):
                yield Word(inside, start + line, "figure", said)


def formulas(path: str, line: int, source: str) -> Iterator[Word]:
    """The formulas of some Markdown that begins in a line."""
    plain = CODE.sub(lambda found: re.sub(r"\S", " ", found[0]), source)
    for formula in FORMULA.finditer(plain):
        yield Word(path, line + plain.count("\n", 0, formula.start()), "formula", formula[0])


def strings(source: str) -> Iterator[tuple[int, str]]:
    """The strings with a blank in them that a cell's code holds, each with its line."""
    code = re.sub(r"^[%!]", "#", source, flags=re.MULTILINE)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
