"""The notebooks of the book: which there are, and the rules they keep.

Without options, print the paths of all notebooks in _toc.yml; with --check, hold every one of them
against the rules and print the share of cells whose output is not compared; with --prose FOLDER,
write their text there.
"""

import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
EXEMPT = {"nbval-ignore-output", "nbval-skip"}
RASTER = {"image/png", "image/jpeg", "image/gif", "image/webp"}
LIMIT = 0.03  # share of code cells whose output may go unchecked


def listed() -> list[Path]:
    """Return the notebooks of _toc.yml in the order of the book."""
    text = (ROOT / "_toc.yml").read_text("utf-8")
    files = re.findall(r"^\s*-?\s*file:\s*(\S+)", text, re.MULTILINE)
    paths = [Path(name).with_suffix(".ipynb") for name in files]
    return [path for path in paths if (ROOT / path).exists()]


def problems(path: Path, notebook: nbformat.NotebookNode) -> list[str]:
    """Return what in a notebook breaks a rule, each with the number of its cell."""
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        where = f"{path}, cell {number}"
        if "nbval-skip" in tags(cell):
            found.append(f"{where}: nbval-skip would hide the cell; use nbval-ignore-output")
        if cell.source.strip() and cell.execution_count is None:
            found.append(f"{where}: was never run; type: make execute NOTEBOOKS={path}")
        for output in cell.outputs:
            kinds = RASTER & set(output.get("data", {}))
            if kinds:
                found.append(f"{where}: raster output {sorted(kinds)}; figures are SVG and PDF")
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                found.append(f"{where}: stores the error {output.ename}: {output.evalue}")
    return found


def tags(cell: nbformat.NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", ()))


def check(paths: list[Path]) -> None:
    """Print the count of cells and the share that is exempt; stop if a rule is broken."""
    found: list[str] = []
    cells = exempt = 0
    for path in paths:
        notebook = nbformat.read(ROOT / path, as_version=4)
        found += problems(path, notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        cells += len(code)
        exempt += sum(bool(tags(cell) & EXEMPT) for cell in code)
    share = exempt / max(cells, 1)
    print(
        f"notebooks: {len(paths)}; code cells: {cells}; output not compared: {exempt} ({share:.1%})"
    )
    if share >= LIMIT:
        found.append(f"{share:.1%} of the cells are exempt from comparison; allowed: under 3 %")
    if found:
        sys.exit("\n".join(found))


def write_prose(paths: list[Path], folder: Path) -> None:
    """Write the text and the code of notebooks, without outputs, for the check of spelling."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        notebook = nbformat.read(ROOT / path, as_version=4)
        text = "\n\n".join(cell.source for cell in notebook.cells)
        Path(folder, f"{path.parent.name}-{path.stem}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(listed())
    elif "--prose" in sys.argv:
        write_prose(listed(), Path(sys.argv[-1]))
    else:
        print(*listed())
