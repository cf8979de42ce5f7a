"""Which chapters are finished: README, preface and plan say it from one source.

    python book/tools/finished.py            says which of the three are out of date
    python book/tools/finished.py --write    brings them up to date

The source is _toc.yml with the titles of the notebooks that it lists; book/plan.md has the titles
of the chapters that are still to come.
"""

import re
import sys
from pathlib import Path

import yaml
from pages import load

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^(\* - (\d+)\n  - )(.+)$", re.MULTILINE)
LINK = re.compile(r"\{doc\}`(.+?) <.+>`")


def parts(root: Path) -> list[tuple[str, list[Path]]]:
    """The parts of _toc.yml that hold chapters, each with the notebooks that it lists."""
    listed = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["parts"]
    found = []
    for part in listed:
        files = [root / f"{entry['file']}.ipynb" for entry in part["chapters"]]
        chapters = [file for file in files if file.parent.name == "chapters"]
        if chapters:
            found.append((part["caption"], chapters))
    return found


def title(path: Path) -> str:
    """The title of a chapter: the first heading of its notebook."""
    found = re.search(r"^# (.+)$", load(path).text, re.MULTILINE)
    assert found, f"{path} has no title"
    return found[1]


def in_readme(root: Path) -> str:
    """What README says: the titles of all finished chapters, part by part."""
    chapters = sum(len(paths) for _, paths in parts(root))
    lines = [f"{chapters} of {planned(root)} chapters are finished:", ""]
    for caption, paths in parts(root):
        titles = "; ".join(f"{int(path.stem[:2])} *{title(path)}*" for path in paths)
        lines.append(f"* **{caption}**: {titles}")
    return "\n".join(lines)


def in_preface(root: Path) -> str:
    """What the preface says: how far the book has come."""
    chapters = [path for _, paths in parts(root) for path in paths]
    captions = [f"*{caption}*" for caption, _ in parts(root)]
    last = f"{{doc}}`{title(chapters[-1])} <../chapters/{chapters[-1].stem}>`"
    return (
        f"This edition holds {len(chapters)} of the {planned(root)} chapters, from the parts "
        f"{', '.join(captions[:-1])} and {captions[-1]}.\nThe last of them is {last}."
    )


def in_plan(root: Path) -> str:
    """The plan, in which the titles of finished chapters are theirs, and lead to them."""
    finished = {int(path.stem[:2]): path for _, paths in parts(root) for path in paths}

    def row(found: re.Match[str]) -> str:
        path = finished.get(int(found[2]))
        if path is None:
            return found[1] + LINK.sub(r"\1", found[3])
        return f"{found[1]}{{doc}}`{title(path)} <../chapters/{path.stem}>`"

    return ROW.sub(row, (root / "book" / "plan.md").read_text("utf-8"))


def planned(root: Path) -> int:
    """How many chapters the plan has."""
    return len(ROW.findall((root / "book" / "plan.md").read_text("utf-8")))


def between(path: Path, begin: str, end: str, text: str) -> str:
    """A file with the text between two lines of it exchanged."""
    whole = path.read_text("utf-8")
    head, mark, rest = whole.partition(begin + "\n")
    _, close, tail = rest.partition(end + "\n")
    if not (mark and close):
        sys.exit(f"{path}: expected the lines {begin!r} and {end!r} around what is finished")
    return f"{head}{begin}\n{text}\n{end}\n{tail}"


def fresh(root: Path) -> dict[Path, str]:
    """What each of the three files has to say."""
    readme, preface = root / "README.md", root / "book" / "preface.md"
    marks = ("<!-- written by book/tools/finished.py -->", "<!-- end -->")
    comments = ("% written by book/tools/finished.py", "% end")
    return {
        readme: between(readme, *marks, in_readme(root)),
        preface: between(preface, *comments, in_preface(root)),
        root / "book" / "plan.md": in_plan(root),
    }


def stale(root: Path) -> list[Path]:
    """The files that do not say what is finished."""
    return [path for path, text in fresh(root).items() if path.read_text("utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write the files, or say which of them are out of date."""
    found = stale(ROOT)
    if "--write" in arguments:
        for path, text in fresh(ROOT).items():
            path.write_text(text, "utf-8")
    for path in found:
        done = "written" if "--write" in arguments else "out of date"
        print(f"{path.relative_to(ROOT)}: {done}")
    return bool(found) and "--write" not in arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
