"""Build the book: execute what is stale, stage the sources, write PDF and HTML.

    python book/tools/build.py pdf html

Everything made stands under _build/: executed notebooks, the staged sources that Sphinx reads,
cost.json (what each notebook took), html/ and latex/. The PDF is copied to dist/.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from execute import fresh, package_digest
from facts import facts, latex_macros
from notebooks import listed

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "_build"
SOURCE, LATEX, HTML = BUILD / "source", BUILD / "latex", BUILD / "html"
NAME = "build-a-large-language-model"
TYPESETTING = ["sh", "book/tools/typesetting.sh"]  # installs TeX and fonts where it may
PDF = ROOT / "dist" / f"{NAME}.pdf"


def stage(*, with_pdf: bool) -> str:
    """Lay the sources out for Sphinx, with executed notebooks; return a hash of them all."""
    wanted: dict[Path, bytes] = {}
    for name in ("_config.yml", "_toc.yml"):
        wanted[Path(name)] = (ROOT / name).read_bytes()
    for path in sorted((ROOT / "book").rglob("*")):
        inside = path.relative_to(ROOT)
        if path.is_file() and not {"__pycache__", "tools", "slides", ".ipynb_checkpoints"} & set(
            inside.parts
        ):
            wanted[inside] = path.read_bytes()
    # Sphinx writes the index over the page of this name, which must stand at the top
    wanted[Path("genindex.md")] = wanted.pop(Path("book/genindex.md"))
    package, costs = package_digest(), {}
    for path in listed():
        executed, cost = fresh(path, package)
        wanted[path] = executed.read_bytes()
        costs[path.with_suffix("").as_posix()] = cost
    wanted[Path("cost.json")] = json.dumps(costs, indent=1).encode()
    wanted[Path("facts.json")] = json.dumps(facts() | {"pdf": with_pdf}, indent=1).encode()
    wanted[Path("book/latex/bookfacts.sty")] = latex_macros().encode()
    lay_out(wanted)
    (BUILD / "cost.json").write_bytes(wanted[Path("cost.json")])
    digest = hashlib.sha256()
    for path, content in sorted(wanted.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def lay_out(wanted: dict[Path, bytes]) -> None:
    """Make the staging folder hold exactly these files; leave unchanged ones untouched."""
    for path in sorted(SOURCE.rglob("*"), reverse=True):
        inside = path.relative_to(SOURCE)
        if path.is_file() and inside not in wanted and inside.name != "conf.py":
            path.unlink()
    for inside, content in wanted.items():
        target = SOURCE / inside
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def call(title: str, *command: str, cwd: Path = ROOT, log: Path | None = None) -> None:
    """Run one step; on failure say which, show the end of its log and stop."""
    print(f"==> {title}", flush=True)
    env = os.environ | {"SOURCE_DATE_EPOCH": facts()["epoch"], "FORCE_SOURCE_DATE": "1"}
    if log is None:
        done = subprocess.run(command, cwd=cwd, env=env, check=False)
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            done = subprocess.run(
                command, cwd=cwd, env=env, stdout=stream, stderr=stream, check=False
            )
    if done.returncode:
        if log is not None:
            print("\n".join(excerpt(log.read_text("utf-8", "replace").splitlines())))
            print(f"the whole log: {log.relative_to(ROOT)}")
        sys.exit(f"stopped: {title} failed")


def excerpt(lines: list[str]) -> list[str]:
    """Return the first error of TeX with what follows it, or the end of the log."""
    errors = [number for number, line in enumerate(lines) if line.startswith("!")]
    return lines[errors[0] : errors[0] + 12] if errors else lines[-30:]


def sphinx(builder: str, out: Path) -> None:
    """Run one Sphinx builder over the staged sources with warnings as errors."""
    if out.exists():
        shutil.rmtree(out)
    config = [str(Path(sys.executable).with_name("jupyter-book")), "config", "sphinx", str(SOURCE)]
    call("reading _config.yml", *config, log=BUILD / "config.log")
    options = ["-W", "-n", "--keep-going", "-E", "-q", "-d", str(BUILD / "doctrees" / builder)]
    command = [sys.executable, "-m", "sphinx", "-b", builder, *options, str(SOURCE), str(out)]
    call(f"Sphinx writes {builder}", *command)


def build_pdf() -> None:
    """Write the PDF and check TeX's log."""
    sphinx("latex", LATEX)
    tex = ["latexmk", "-lualatex", "-interaction=nonstopmode", "-halt-on-error", f"{NAME}.tex"]
    call("LuaLaTeX sets the pages (a minute or two)", *tex, cwd=LATEX, log=BUILD / "latex.log")
    text = (LATEX / f"{NAME}.log").read_text("utf-8", "replace")
    lost = sorted(set(re.findall(r"Missing character: .*", text)))
    if lost:
        sys.exit("stopped: the PDF lacks characters\n" + "\n".join(lost[:20]))
    PDF.parent.mkdir(exist_ok=True)
    shutil.copyfile(LATEX / f"{NAME}.pdf", PDF)


def build_html() -> None:
    """Write the HTML, with the PDF beside it if there is one."""
    sphinx("html", HTML)
    if PDF.exists():
        shutil.copyfile(PDF, HTML / PDF.name)


def main(wanted: list[str]) -> None:
    """Build what is asked for, unless nothing changed since it was last built."""
    can_typeset = (
        "pdf" in wanted and not subprocess.run(TYPESETTING, cwd=ROOT, check=False).returncode
    )
    digest = stage(with_pdf=can_typeset or PDF.exists())
    steps = {"pdf": (build_pdf, PDF), "html": (build_html, HTML / "index.html")}
    for kind in wanted:
        build, product = steps[kind]
        if kind == "pdf" and not can_typeset:
            continue
        state = digest + str(kind == "html" and PDF.exists())
        stamp = BUILD / f"{kind}.built"
        if product.exists() and stamp.exists() and stamp.read_text("utf-8") == state:
            continue
        stamp.unlink(missing_ok=True)
        build()
        stamp.write_text(state, "utf-8")
    for title, kind in (("PDF ", "pdf"), ("HTML", "html")):
        if kind in wanted and steps[kind][1].exists():
            print(f"{title}: {steps[kind][1].relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
