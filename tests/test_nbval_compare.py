"""The comparison of notebooks bites: each change to a stored output makes nbval fail, or not."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]
FOLDERS = (str(ROOT / "code"), str(ROOT / "book" / "tools"))
PATHS = os.pathsep.join([*FOLDERS, os.environ.get("PYTHONPATH", "")])
SETUP = """
from scratchlm.book import glue, new_figure, setup
setup()
"""
TEXT = """
print("loss 1.82820 after 20 steps, change -0.25000")
glue("loss", 1.8282050132)
{"merges": 300}
"""
FIGURE = """
figure, axes = new_figure()
axes.plot([0, 1, 2, 3], [8.0, 4.0, 2.0, 1.2], marker="o")
axes.set_title("bits per byte");
"""


@pytest.fixture(scope="module")
def stored():
    """A small executed notebook with text, a glued value, a result and a figure."""
    sources = (SETUP, TEXT, FIGURE)
    notebook = new_notebook(cells=[new_code_cell(source.strip()) for source in sources])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", PATHS)
        return NotebookClient(notebook, kernel_name="python3", timeout=120).execute()


def output(cell, mime):
    """The first output of a kind: the dictionary that holds it and its key."""
    for out in cell.outputs:
        if mime == "stream" and out.output_type == "stream":
            return out, "text"
        if mime in out.get("data", {}):
            return out["data"], mime
    raise AssertionError(f"the cell has no {mime}")


def replace(mime, old, new):
    def change(cell):
        holder, key = output(cell, mime)
        assert old in holder[key], f"{old!r} is not in the output"
        holder[key] = holder[key].replace(old, new, 1)

    return change


def move_point(by):
    """Move the second point of the curve down by so many units of 1/72 inch."""

    def change(cell):
        holder, key = output(cell, "image/svg+xml")
        curve = re.search(
            r'<g id="line2d_\d+">\s*<path d="M [\d.\s]+L ([\d.]+) ([\d.]+)\s+L', holder[key]
        )
        assert curve, "the curve is not where it was expected"
        start, end = curve.span(2)
        moved = f"{float(curve.group(2)) + by:.6f}"
        holder[key] = holder[key][:start] + moved + holder[key][end:]

    return change


def drop_last(cell):
    cell.outputs.pop()


def add_raster(cell):
    holder, _ = output(cell, "image/svg+xml")
    holder["image/png"] = "iVBORw0KGgo="


def rename_hashes(cell):
    """Give clip paths and markers other names, as a point moved by 1e-9 would."""
    holder, key = output(cell, "image/svg+xml")
    for name in set(re.findall(r'id="([a-z][0-9a-f]{10})"', holder[key])):
        holder[key] = holder[key].replace(name, name[:1] + name[:0:-1])


RECORD = "application/papermill.record/text/plain"
PASS = {  # name: the cell, what is changed in its stored outputs
    "unchanged text": (TEXT, lambda cell: None),
    "unchanged figure": (FIGURE, lambda cell: None),
    "last digit of a float": (TEXT, replace("stream", "1.82820", "1.82821")),
    "last digits of a glued float": (TEXT, replace(RECORD, "1.8282050132", "1.8282049871")),
    "point moved by a tenth of a pixel": (FIGURE, move_point(0.1)),
    "names of markers": (FIGURE, rename_hashes),
}
FAIL = {
    "float": (TEXT, replace("stream", "1.82820", "1.83820")),
    "sign": (TEXT, replace("stream", "-0.25000", "0.25000")),
    "word": (TEXT, replace("stream", "steps", "stops")),
    "integer in text": (TEXT, replace("stream", "20 steps", "21 steps")),
    "integer in a result": (TEXT, replace("text/plain", "300", "301")),
    "glued value": (TEXT, replace(RECORD, "1.8282050132", "1.8482050132")),
    "missing output": (TEXT, drop_last),
    "missing figure": (FIGURE, drop_last),
    "point moved by a pixel": (FIGURE, move_point(1.0)),
    "color in a figure": (FIGURE, replace("image/svg+xml", "#0072b2", "#0072b3")),
    "raster image": (FIGURE, add_raster),
}


@pytest.fixture(scope="module")
def failed(stored, tmp_path_factory):
    """Run nbval once over a notebook of mutants, a cell each; give the names of those that fail."""
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copy(ROOT / "conftest.py", folder)
    cells = [stored.cells[0]]
    for source, change in (PASS | FAIL).values():
        original = next(cell for cell in stored.cells if cell.source == source.strip())
        cells.append(copy.deepcopy(original))
        cells[-1].id = f"mutant-{len(cells)}"
        change(cells[-1])
    nbformat.write(new_notebook(cells=cells), folder / "mutants.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-rA"]
    command += ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(folder), "mutants.ipynb"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": PATHS},
        capture_output=True,
        text=True,
        check=False,
    )
    results = re.findall(r"^(PASSED|FAILED) \S+::Cell (\d+)", done.stdout, re.MULTILINE)
    assert len(results) == len(cells), done.stdout + done.stderr
    names = ["setup", *PASS, *FAIL]
    return {names[int(number)] for verdict, number in results if verdict == "FAILED"}


@pytest.mark.parametrize("name", PASS)
def test_what_another_machine_may_change_passes(name, failed):
    assert name not in failed


@pytest.mark.parametrize("name", FAIL)
def test_what_no_machine_may_change_fails(name, failed):
    assert name in failed
