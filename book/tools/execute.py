"""Execute notebooks and measure what each one costs.

    python book/tools/execute.py --in-place chapters/01-what-a-language-model-is.ipynb

runs a notebook and stores its outputs; `fresh` gives the build an executed copy and runs a notebook
only when it, the package or the pins changed.
"""

import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
STORE = ROOT / "_build" / "executed"
TIMEOUT = 600  # seconds for one cell


def package_digest() -> str:
    """Return a hash of everything but the notebook that its outputs depend on."""
    digest = hashlib.sha256()
    folders = (ROOT / "code" / "scratchlm", ROOT / "book" / "recorded")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in [*files, ROOT / "requirements.txt", ROOT / "constraints.txt"]:
        if "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def source_digest(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of a notebook without its outputs."""
    cells = [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def fresh(path: Path, package: str) -> tuple[Path, dict[str, float]]:
    """Return an executed copy of a notebook and its cost, executing it only if it is stale."""
    notebook = nbformat.read(ROOT / path, as_version=4)
    key = hashlib.sha256((source_digest(notebook) + package).encode()).hexdigest()[:20]
    name = path.with_suffix("").as_posix().replace("/", "--")
    executed, cost = STORE / f"{name}.{key}.ipynb", STORE / f"{name}.{key}.json"
    if not (executed.exists() and cost.exists()):
        STORE.mkdir(parents=True, exist_ok=True)
        spent = run_apart(ROOT / path, executed)
        for old in STORE.glob(f"{name}.*"):
            if old != executed:
                old.unlink()
        cost.write_text(json.dumps(spent), "utf-8")
    return executed, json.loads(cost.read_text("utf-8"))


def run_apart(source: Path, target: Path) -> dict[str, float]:
    """Execute a notebook in a process of its own, so that its cost can be told from others'."""
    print(f"==> executing {source.relative_to(ROOT)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        partial, report = Path(folder, "notebook.ipynb"), Path(folder, "cost.json")
        command = [
            sys.executable,
            __file__,
            "--one",
            str(source),
            str(partial),
            str(report),
        ]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            sys.exit(f"stopped: {source.relative_to(ROOT)} did not run to its end")
        target.write_bytes(partial.read_bytes())
        cost: dict[str, float] = json.loads(report.read_text("utf-8"))
    seconds, megabytes = cost["cpu_seconds"], cost["memory_mb"]
    print(f"    {seconds:.0f} CPU-seconds, {megabytes:.0f} MB", flush=True)
    return cost


def execute_one(source: Path, target: Path, report: Path) -> None:
    """Execute one notebook; write it and what its kernel took (processor time, peak memory)."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(source, as_version=4)
    codes = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    start = time.time()

    def tell(cell: nbformat.NotebookNode, cell_index: int) -> None:
        if sys.stdout.isatty():
            done = codes.index(cell_index) + 1
            line = f"    cell {done} of {len(codes)}, {time.time() - start:.0f} s"
            print(line, end="\r", flush=True)

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=40"],  # errors only: a kernel warns about its open port
        on_cell_execute=tell,
        resources={"metadata": {"path": str(source.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        text = str(error) if sys.stderr.isatty() else re.sub(r"\x1b\[[\d;]*m", "", str(error))
        sys.exit(f"{source.relative_to(ROOT)}: a cell failed\n{text}")
    tidy(notebook)
    nbformat.write(notebook, target)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    cost = {
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "memory_mb": used.ru_maxrss / unit,
    }
    report.write_text(json.dumps(cost), "utf-8")


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Leave in the file only what does not change from machine to machine."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)


def main(arguments: list[str]) -> None:
    """Execute the notebooks named on the command line in place."""
    os.environ.setdefault("PYTHONHASHSEED", "0")
    if arguments[:1] == ["--one"]:
        execute_one(*map(Path, arguments[1:]))
    elif arguments[:1] == ["--in-place"] and len(arguments) > 1:
        for name in arguments[1:]:
            run_apart(Path(name).resolve(), Path(name).resolve())
    else:
        sys.exit("expected: execute.py --in-place NOTEBOOK..., or `fresh` from the build")


if __name__ == "__main__":
    main(sys.argv[1:])
