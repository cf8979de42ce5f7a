"""The lint of terms: it finds what was planted, says where, and leaves plain English alone."""

import json
import tomllib

import pytest
import terms
import vocabulary

MODULE = '''"""A module. Its sub-words."""
from dataclasses import dataclass

GOOD = 1


@dataclass
class Config:
    """Settings.

    The first weights are random.
    """

    rope_base: float = 1.0

    def __init__(self, specials):
        self.handicap = specials


def build(width: int, *, _width: int = 0):
    """Say `white space` in code, and mean it."""
    layers = width
    return layers
'''
FIGURE = {
    "mystnb": {
        "figure": {"name": "fig-x", "caption": "The newborn model."},
        "image": {"alt": "One curve of\nthe first weights."},
    }
}


@pytest.fixture(scope="module")
def listed():
    return tomllib.loads(terms.LIST.read_text("utf8"))


@pytest.fixture
def copy(tmp_path):
    """A small book with wrong words in every kind of place."""
    package = tmp_path / "code" / "scratchlm"
    for folder in ("model", "data"):
        (package / folder).mkdir(parents=True)
    (package / "model" / "known.py").write_text(MODULE, "utf8")
    (package / "data" / "good.py").write_text("class Config:\n    def load(self): ...\n", "utf8")
    (tmp_path / "chapters").mkdir()
    text = ["# A `white space` title\n", "\n", "At $L = -1$ look-up, by\n", "lot, it is normed.\n"]
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": ["x = 'zero start'"]},
        {"cell_type": "code", "id": "c", "metadata": FIGURE, "source": ["a(\n", "'zero start')"]},
    ]
    notebook = tmp_path / "chapters" / "01-x.ipynb"
    notebook.write_text(json.dumps({"cells": cells}, indent=1), "utf8")
    return tmp_path


def test_planted_words_are_found_where_they_stand(copy, listed):
    words = list(terms.words(copy))
    listed["prose"] = [rule for rule in listed["prose"] if "except" not in rule]
    listed["code"] = [rule for rule in listed["code"] if "except" not in rule]
    listed["code"].append({"wrong": "width", "right": "d_model"})
    found = {line.split(": write")[0] for _, line in terms.wrong_words(words, terms.rules(listed))}
    raw = (copy / "chapters" / "01-x.ipynb").read_text("utf8").splitlines()

    def where(text):
        return [number for number, line in enumerate(raw, 1) if text in line][-1]

    module, page = "code/scratchlm/model/known.py", "chapters/01-x.ipynb"
    assert found == {
        f"{module}:1: module 'known'",
        f"{module}:1: docstring 'sub-words'",
        f"{module}:11: docstring 'first weights'",
        f"{module}:14: field 'rope_base'",
        f"{module}:16: parameter 'specials'",
        f"{module}:17: attribute 'handicap'",
        f"{module}:20: parameter 'width'",
        f"{page}:{where('look-up')}: prose 'look-up'",
        f"{page}:{where('look-up')}: prose 'by lot'",
        f"{page}:{where('normed')}: prose 'normed'",
        f"{page}:{where('newborn')}: prose 'newborn'",
        f"{page}:{where('first weights')}: prose 'first weights'",
        f"{page}:{where('zero start')}: figure 'zero start'",
        f"{page}:{where('look-up')}: formula 'L = -'",
    }


def test_a_name_defined_twice_is_listed(copy):
    twice = dict(terms.duplicates(list(terms.words(copy)), {}))
    assert list(twice.values()) == [
        "Config is defined in data/good.py, model/known.py: one name, one thing"
    ]
    assert not list(terms.duplicates(list(terms.words(copy)), {"Config": "two of them"}))


def test_an_exception_excuses_and_must_be_needed(copy):
    words = list(terms.words(copy))
    entry = {"wrong": "width", "right": "d_model"}
    path = "model/known.py"
    for excuse in (path, f"{path}:width"):
        rules = terms.rules({"code": [entry | {"except": {excuse: "why"}}], "prose": []})
        assert list(terms.wrong_words(words, rules)) == []
    rules = terms.rules({"code": [entry | {"except": {"model/no.py": "why"}}], "prose": []})
    (wrong, _), (file, unneeded) = terms.wrong_words(words, rules)
    assert wrong.endswith(path)
    assert file == "book/tools/terms.toml"
    assert "nothing needs the exception" in unneeded


@pytest.mark.parametrize(("pending", "fails"), [((), 1), (("chapters/01-x.ipynb",), 0)])
def test_wrong_words_fail_unless_their_file_is_pending(
    copy, tmp_path, monkeypatch, capsys, pending, fails
):
    for path in (tmp_path / "code" / "scratchlm").rglob("*.py"):
        path.unlink()
    rule = '[[prose]]\nwrong = "normed"\nright = "normalized"\n'
    quoted = ", ".join(f'"{path}"' for path in pending)
    text = f"pending = [{quoted}]\ncode = []\n{rule}[duplicates]\n"
    (tmp_path / "terms.toml").write_text(text, "utf8")
    monkeypatch.setattr(terms, "ROOT", tmp_path)
    monkeypatch.setattr(terms, "LIST", tmp_path / "terms.toml")
    assert terms.main(["--failing"]) == fails
    assert ("write normalized" in capsys.readouterr().out) == bool(fails)


@pytest.mark.parametrize(
    "english",
    [
        "At any rate, the width of the figure is a constant factor, whatever the sampling rate.",
        "The rows of the table take place in time, and nobody is left behind.",
        "Who did it? The bend in the road shows a place name; the last place to look.",
        "The standard deviation of the answers to this question falls at a constant pace.",
        "Attention scores are masked, and the norms of both vectors are equal; the L2 norm stays.",
        "Two libraries judge it by a school of thought, and shake hands.",
        "The learning rate, a rate of two per second, and the compression rate.",
        "The plus sign is a sign of life. He signs the letter, and slips on the ice.",
    ],
)
def test_plain_english_is_left_alone(english, listed):
    word = vocabulary.Word("chapters/01-x.ipynb", 1, "prose", english)
    plain = [rule for rule in terms.rules(listed) if not rule.exceptions]
    assert list(terms.wrong_words([word], plain)) == []
