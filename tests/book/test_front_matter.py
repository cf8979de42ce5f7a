"""README, citation, licenses and diagrams agree with what they describe."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import finished
import pytest
import scratchlm
import yaml
from comparison import same

ROOT = Path(__file__).parents[2]
DRAWINGS = sorted(p for p in (ROOT / "book" / "figures").glob("*.py") if p.stem != "drawing")


def read(name):
    return (ROOT / name).read_text("utf8")


def test_citation_has_what_the_format_requires_and_the_version_of_the_package():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["title"].startswith("Build a Large Language Model from Scratch")
    assert all(author.get("name") or author.get("family-names") for author in citation["authors"])
    assert citation["version"] == scratchlm.__version__
    assert f"Version {scratchlm.__version__}" in read("README.md")


def test_licenses_are_the_whole_texts():
    code, text = read("LICENSE"), read("LICENSE-text")
    assert "Version 2.0, January 2004" in code
    assert "END OF TERMS AND CONDITIONS" in code
    assert "Creative Commons Attribution 4.0 International Public License" in text
    assert all(f"Section {n} -- " in text for n in range(1, 9))
    assert set(yaml.safe_load(read("CITATION.cff"))["license"]) == {"Apache-2.0", "CC-BY-4.0"}


def test_readme_names_targets_and_files_that_exist():
    readme = read("README.md")
    targets = set(" ".join(re.findall(r"^([a-z -]+):", read("Makefile"), re.MULTILINE)).split())
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.MULTILINE))
    assert {"book", "test"} <= named <= targets
    for link in re.findall(r"\]\(([^)#]+)\)", readme):
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_readme_preface_and_plan_say_what_is_finished():
    stale = [path.name for path in finished.stale(ROOT)]
    assert stale == [], "type: python book/tools/finished.py --write"


def test_another_chapter_is_said_in_all_three(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "chapters").mkdir()
    for name in ("README.md", "_toc.yml", "book/preface.md", "book/plan.md"):
        (tmp_path / name).write_text(read(name), "utf8")
    for path in (ROOT / "chapters").glob("*.ipynb"):
        (tmp_path / "chapters" / path.name).symlink_to(path)
    assert finished.stale(tmp_path) == []
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# By luck or by rule"}]
    (tmp_path / "chapters" / "12-luck.ipynb").write_text(json.dumps({"cells": cells}), "utf8")
    toc = re.sub(
        r"( +- file: chapters/11-.+\n)", r"\1      - file: chapters/12-luck\n", read("_toc.yml")
    )
    (tmp_path / "_toc.yml").write_text(toc, "utf8")
    assert [path.name for path in finished.stale(tmp_path)] == [
        "README.md",
        "preface.md",
        "plan.md",
    ]
    for path, text in finished.fresh(tmp_path).items():
        assert "By luck or by rule" in text
        path.write_text(text, "utf8")
    assert finished.stale(tmp_path) == []
    assert "12 of 23 chapters" in (tmp_path / "README.md").read_text("utf8")


def test_changelog_has_an_entry_for_what_is_not_released():
    assert re.search(r"^## \[Unreleased\]\n\n### \w+\n\n- ", read("CHANGELOG.md"), re.MULTILINE)


def test_no_file_holds_the_marks_of_a_merge():
    folders = ("book", "chapters", "code", "tests")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    for path in [*ROOT.glob("*"), *found]:
        if path.suffix in {".md", ".py", ".toml", ".ipynb", ".txt", ".bib"} and path.is_file():
            marks = re.search(r"^(<{7}|>{7}) ", path.read_text("utf8", "replace"), re.MULTILINE)
            assert marks is None, path


@pytest.mark.parametrize("script", DRAWINGS, ids=lambda path: path.stem)
def test_diagrams_are_what_their_scripts_draw(script, tmp_path):
    for path in (script, script.with_name("drawing.py")):
        shutil.copy(path, tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "code")}
    subprocess.run([sys.executable, script.name], cwd=tmp_path, env=environment, check=True)
    drawn = (tmp_path / script.name).with_suffix(".svg").read_text("utf8")
    assert same(script.with_suffix(".svg").read_text("utf8"), drawn)
    assert (tmp_path / script.name).with_suffix(".pdf").stat().st_size > 1000
