"""Language and quality: learned from a few examples, and the same on every machine."""

import random
from dataclasses import replace
from gettext import GNUTranslations
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from scratchlm import world
from scratchlm.corpus import (
    Classifier,
    Document,
    Dropped,
    Language,
    Quality,
    train_language,
    train_quality,
)
from scratchlm.corpus.filters.features import character_bag, word_bag
from scratchlm.corpus.filters.language import SMOOTHING
from scratchlm.errors import InputError

LANGUAGES = ["de", "en", "es", "fr", "it", "nl", "pl", "ru", "sv", "tr"]
SPAM = ["buy", "cheap", "win", "now", "click", "free", "best", "deal", "the", "and"]


def page(text):
    return Document(text, id="1", source="test", end=len(text))


@pytest.fixture(scope="module")
def languages():
    """Learned from what Sphinx says to its users: 2 to 40 thousand characters of each."""
    folder = Path(pytest.importorskip("sphinx.locale").__file__).parent
    examples = []
    for label in LANGUAGES:
        with (folder / ("de" if label == "en" else label) / "LC_MESSAGES" / "sphinx.mo").open(
            "rb"
        ) as file:
            messages = GNUTranslations(file)._catalog
        told = [(key, text) for key, text in messages.items() if key and key != text]
        examples += [(str(key if label == "en" else text), label) for key, text in told]
    return train_language(examples)


def sentences(label):
    """What spaCy keeps as examples of a language; read without importing all of it."""
    spec = find_spec("spacy") or pytest.skip("spaCy is not installed")
    file = Path(spec.submodule_search_locations[0]) / "lang" / label / "examples.py"
    return run_path(str(file))["sentences"]


def test_short_sentences_are_told_as_a_library_tells_them(languages):
    langid = pytest.importorskip("py3langid")
    judged = [(text, label) for label in LANGUAGES for text in sentences(label)]
    langid.set_languages(LANGUAGES)
    theirs = [langid.classify(text)[0] for text, _ in judged]
    langid.set_languages(None)
    found = [languages.probabilities(text) for text, _ in judged]
    ours = [max(each, key=each.get) for each in found]
    right = [label for _, label in judged]
    assert len(judged) > 80
    assert np.mean(np.array(ours) == theirs) > 0.9
    assert np.mean(np.array(ours) == right) > 0.9


def test_real_books_are_english_paragraph_by_paragraph(languages, real_file):
    paragraphs = real_file("text/grimm.txt").read_text("utf-8").split("\n\n")
    prose = [text for text in paragraphs if len(text) > 200][5:-80]
    step = Language(languages)
    kept = sum(isinstance(step(page(text)), Document) for text in prose)
    assert len(prose) > 300
    assert kept / len(prose) > 0.99


def test_a_language_is_noted_or_the_reason_given(languages):
    step = Language(languages, wanted=("en", "fr"))
    assert step(page(sentences("fr")[0])).meta == {"language": "fr"}
    assert step(page(sentences("de")[0])).rule == "in de"
    sure = Language(languages, wanted=("de", "en"), min_probability=1.1)
    assert sure(page(sentences("de")[0])).rule == "unsure"
    with pytest.raises(InputError, match="found xx"):
        Language(languages, wanted=("xx",))


def test_naive_bayes_equals_the_formula():
    known = train_language([("ab", "x"), ("ba b", "y")], orders=(1,), buckets=1 << 12)
    # With a space at both ends x has 4 characters and y has 6; to these comes what is added.
    added = SMOOTHING * (1 << 12)
    likely = [
        ((spaces + SMOOTHING) / (total + added)) ** 2 * (1 + SMOOTHING) / (total + added)
        for spaces, total in ((2, 4), (3, 6))
    ]
    assert known.probabilities("a")["x"] == pytest.approx(likely[0] / sum(likely), abs=2e-3)


def test_bags_count_every_ngram():
    text = "Ab\n ab  é"
    where, counts = character_bag(text, (1, 2, 3), 1 << 20)
    assert counts.sum() == 9 + 8 + 7  # of " ab ab é "
    assert sorted(counts) == sorted([4, 2, 2, 1, 2, 2, 2, 1, 1, 2, 2, 1, 1, 1])
    assert (np.diff(where) > 0).all()
    where, counts = word_bag("to be or not to be", (1, 2), 1 << 20)
    assert counts.sum() == 6 + 5
    assert len(character_bag("", (3, 4), 8)[0]) == 0


def spam(rng):
    return " ".join(rng.choices(SPAM, k=60))


@pytest.fixture(scope="module")
def scale():
    rng = random.Random(1)
    good = [(story.text, "good") for story in world.corpus("train", 60)]
    return train_quality([*good, *((spam(rng), "bad") for _ in range(60))], buckets=1 << 14)


def test_quality_is_learned_and_holds_for_new_texts(scale):
    rng = random.Random(2)
    step = Quality(scale)
    assert all(step(page(s.text)) == page(s.text) for s in world.corpus("valid", 60))
    assert all(step(page(spam(rng))).rule == "quality" for _ in range(60))


def test_logistic_regression_follows_the_gradient():
    """After many passes over texts that cannot be told apart, the odds are those of the labels."""
    examples = [("same words", "good")] * 3 + [("same words", "bad")]
    trained = train_quality(examples, buckets=64, epochs=400)
    assert trained.probabilities("same words")["good"] == pytest.approx(0.75, abs=0.05)


def test_pareto_keeps_a_few_bad_texts_and_the_same_ones_each_time(scale):
    rng = random.Random(3)
    texts = [spam(rng) for _ in range(200)]
    middle = [text + " " + next(world.stories(n)).text[:60] for n, text in enumerate(texts)]
    step = Quality(scale, pareto=9)
    kept = [isinstance(step(page(text)), Document) for text in middle]
    assert kept == [isinstance(step(page(text)), Document) for text in middle]
    scores = np.array([scale.probabilities(text)["good"] for text in middle])
    expected = (2 - scores) ** -9.0  # the chance that a Pareto draw exceeds 2 - score
    spread = np.sqrt((expected * (1 - expected)).sum())
    assert abs(sum(kept) - expected.sum()) < 4 * max(spread, 1)


def test_a_saved_classifier_answers_the_same(languages, tmp_path):
    languages.save(tmp_path / "languages.safetensors")
    loaded = Classifier.load(tmp_path / "languages.safetensors")
    assert {loaded.fingerprint for _ in range(20)} == {languages.fingerprint}
    text = sentences("nl")[1]
    assert loaded.probabilities(text) == languages.probabilities(text)


def test_sums_are_exact_in_any_order(languages):
    where, counts = languages.bag(" ".join(sentences("de")))
    weights = languages.weights[:, where].astype(np.float64)
    order = np.random.default_rng(1).permutation(len(where))
    straight = np.add.reduce(weights * counts, axis=1)
    assert (straight == np.cumsum((weights * counts)[:, order], axis=1)[:, -1]).all()
    assert (straight == weights @ counts).all()


def test_the_order_in_memory_is_no_part_of_the_file(languages, tmp_path):
    turned = replace(languages, weights=np.asfortranarray(languages.weights))
    turned.save(path := tmp_path / "turned.safetensors")
    assert np.array_equal(Classifier.load(path).weights, languages.weights)
    assert turned.fingerprint == languages.fingerprint


@pytest.mark.parametrize("content", [b"", b"{}", b"\x08\0\0\0\0\0\0\0{}      "])
def test_another_file_is_refused(tmp_path, content):
    file = tmp_path / "other.safetensors"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"other\.safetensors: expected a safetensors file"):
        Classifier.load(file)
    with pytest.raises(InputError, match=r"none: expected a file, found .*; train one"):
        Classifier.load(tmp_path / "none")


def test_one_label_is_not_enough():
    with pytest.raises(InputError, match=r"at least two labels, found \['en'\]"):
        train_language([("text", "en")])
    with pytest.raises(InputError, match=r"expected the labels 'good' and 'bad'"):
        train_quality([("text", "good"), ("text", "fine")])
    assert isinstance(Quality(train_quality([("a", "good"), ("b", "bad")]))(page("b")), Dropped)
