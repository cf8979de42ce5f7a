"""The tools that build the book: what makes a notebook stale, and which rules it has to keep."""

import copy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def notebook(*outputs, tags=()):
    cell = new_code_cell(
        "1 + 1", outputs=list(outputs), execution_count=1, metadata={"tags": [*tags]}
    )
    return new_notebook(cells=[new_markdown_cell("# Title"), cell])


def image(mime):
    return new_output("display_data", data={mime: "x"})


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "image/gif"])
def test_a_raster_image_is_refused_and_its_cell_named(mime):
    from notebooks import problems

    (problem,) = problems(Path("chapters/01-x.ipynb"), notebook(image(mime)))
    assert "chapters/01-x.ipynb, cell 2" in problem
    assert mime in problem


def test_a_vector_image_is_welcome():
    from notebooks import problems

    assert problems(Path("x.ipynb"), notebook(image("image/svg+xml"))) == []


def test_a_stored_error_is_refused_unless_the_cell_expects_it():
    from notebooks import problems

    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert problems(Path("x.ipynb"), notebook(error))
    assert problems(Path("x.ipynb"), notebook(error, tags=["raises-exception"])) == []


def test_no_cell_may_be_skipped():
    from notebooks import problems

    assert problems(Path("x.ipynb"), notebook(tags=["nbval-skip"]))


def test_too_many_unchecked_cells_stop_the_check(tmp_path, capsys):
    from notebooks import check

    plain, exempt = notebook().cells[1], notebook(tags=["nbval-ignore-output"]).cells[1]
    for name, total in (("few", 40), ("many", 30)):
        cells = [copy.deepcopy(plain) for _ in range(total - 1)] + [copy.deepcopy(exempt)]
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
        nbformat.write(new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    check([tmp_path / "few.ipynb"])
    assert "output not compared: 1 (2.5%)" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="allowed: under 3 %"):
        check([tmp_path / "many.ipynb"])


def test_a_notebook_is_stale_when_its_source_or_a_tag_changes_but_not_its_outputs():
    from execute import source_digest

    before = source_digest(notebook())
    assert source_digest(notebook(image("image/svg+xml"))) == before
    assert source_digest(notebook(tags=["hide-input"])) != before
    changed = notebook()
    changed.cells[1].source = "1 + 2"
    assert source_digest(changed) != before


def test_a_notebook_runs_once_until_it_or_the_package_changes(tmp_path, monkeypatch):
    import execute

    runs = []

    def run(source, target):
        runs.append(source)
        target.write_bytes(source.read_bytes())
        return {"cpu_seconds": 1.0, "memory_mb": 2.0}

    monkeypatch.setattr(execute, "STORE", tmp_path / "executed")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "run_apart", run)
    for folder in ("chapters", "solutions"):  # one name in two folders: two notebooks
        (tmp_path / folder).mkdir()
        nbformat.write(notebook(), tmp_path / folder / "01-x.ipynb")
    names = [Path("chapters/01-x.ipynb"), Path("solutions/01-x.ipynb")]
    for package, expected in (("a", 2), ("a", 2), ("b", 4)):
        for name in names:
            executed, cost = execute.fresh(name, package)
            assert executed.exists()
            assert cost == {"cpu_seconds": 1.0, "memory_mb": 2.0}
        assert len(runs) == expected


def test_costs_are_rounded_up():
    from bookcells import say_cost

    assert say_cost(41.7, 512.0) == "about 45 seconds of one processor core and 550 MB of memory"
    assert say_cost(4.1, 10.0) == "about 5 seconds of one processor core and 50 MB of memory"


def test_a_foreign_environment_is_told_what_it_lacks():
    from check_pins import differences

    assert differences("pytest==0.0.1\nno-such-package==1.0\n# comment\n") == [
        f"pytest: expected 0.0.1, found {pytest.__version__}",
        "no-such-package: expected 1.0, found absent",
    ]


def test_facts_are_fit_for_latex():
    from facts import escaped, latex_macros

    assert escaped("x86_64 & 50 %") == r"x86\_64 \& 50 \%"
    assert "\\newcommand{\\bookversion}" in latex_macros()


def test_chapters_are_numbered_by_their_files():
    from booknumbers import chapter_number

    assert chapter_number("chapters/11-pre-training") == 11
    assert chapter_number("book/solutions/11-pre-training") is None
