"""The shipped models are what their recipes make, and do what the book says of them."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from hard_texts import HARD
from scratchlm.errors import InputError
from scratchlm.interop import save
from scratchlm.model import ModelConfig
from scratchlm.storage import from_fields
from scratchlm.training import TrainConfig
from scratchlm.world import corpus
from scratchlm.zoo import RECIPES, Recipe, build, history, load, measure, recipe, verify
from scratchlm.zoo import shipped as names
from scratchlm.zoo.shipped import ARTEFACTS, HISTORY

TINY = Recipe(
    tokenizer_stories=30,
    model=ModelConfig(vocab_size=600, max_seq_len=600, d_model=16, n_layers=1, n_heads=1),
    training=TrainConfig(steps=30, warmup_steps=5),
    batch_size=2,
)


def silent(model, tokenizer, prompts, **_):
    """Instead of `generate_batch`: babble takes long, and is not what is tested here."""
    return ["Silence."] * len(prompts)


def few(split, number):
    """Instead of `corpus`: ten stories are read in no time."""
    return corpus(split, min(number, 10))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A tiny recipe, built once."""
    patch = pytest.MonkeyPatch()
    patch.setitem(measure.__globals__, "generate_batch", silent)
    patch.setitem(measure.__globals__, "corpus", few)
    folder = tmp_path_factory.mktemp("tiny")
    build(TINY, folder)
    patch.undo()
    return folder


def test_the_base_model_is_close_to_the_floor_and_tells_stories_of_the_village():
    loaded = load("base")
    score = measure(loaded.model, loaded.tokenizer, held_out=100, told=40, temperature=0.6)
    assert 0 < score.gap < 0.10
    assert score.grammatical > 0.9
    assert score.consistent > 0.5  # most: three in four, give or take what forty stories can tell


def test_the_base_model_bears_its_recipe_and_its_history():
    notes, past = load("base").notes, history("base")
    assert from_fields(Recipe, notes["recipe"], "base", "build it again") == recipe("base")
    assert len(past["loss"]) == recipe("base").training.steps
    assert past["milestones"][-1]["step"] == recipe("base").training.steps


def test_the_first_losses_are_the_recorded_ones():
    trainer = recipe("base").trainer(load("base").tokenizer)
    for expected in history("base")["loss"][:4]:
        assert trainer.train_step().loss == pytest.approx(expected, rel=1e-3)


def test_the_tokenizer_is_the_one_the_recipe_trains():
    assert recipe("base").tokenizer().encode("Once there was") == load("base").tokenizer.encode(
        "Once there was"
    )


def test_building_again_changes_nothing(built, monkeypatch):
    monkeypatch.setitem(measure.__globals__, "generate_batch", silent)
    monkeypatch.setitem(measure.__globals__, "corpus", few)
    before = load(built)
    build(TINY, built)
    after = load(built)
    assert after.notes == before.notes
    weights = zip(before.model.parameters(), after.model.parameters(), strict=True)
    assert all(torch.equal(old, new) for old, new in weights)


def ship(built, monkeypatch, tmp_path, name="tiny"):
    """Put a built model where the package would have it."""
    (tmp_path / "artefacts").mkdir()
    (tmp_path / "artefacts" / name).symlink_to(built)
    monkeypatch.setitem(load.__globals__, "ARTEFACTS", tmp_path / "artefacts")
    monkeypatch.setitem(RECIPES, name, TINY)
    monkeypatch.setitem(measure.__globals__, "generate_batch", silent)
    monkeypatch.setitem(measure.__globals__, "corpus", few)


def test_verify_accepts_what_the_recipe_makes(built, monkeypatch, tmp_path):
    ship(built, monkeypatch, tmp_path)
    assert "agree" in verify("tiny", tmp_path / "again")


def test_verify_refuses_other_weights_and_another_recipe(built, monkeypatch, tmp_path):
    ship(built, monkeypatch, tmp_path)
    monkeypatch.setitem(RECIPES, "tiny", replace(TINY, batch_size=3))
    with pytest.raises(InputError, match="not the one it was trained with"):
        verify("tiny", tmp_path / "again")
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    past = json.loads((built / HISTORY).read_text())
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / HISTORY).write_text(json.dumps({**past, "loss": [9.0] * len(past["loss"])}))
    loaded = load(built)
    save(wrong, loaded.model, loaded.tokenizer, dtype=torch.bfloat16, notes=loaded.notes)
    (tmp_path / "artefacts" / "tiny").unlink()
    (tmp_path / "artefacts" / "tiny").symlink_to(wrong)
    with pytest.raises(InputError, match="expected the first 20 losses"):
        verify("tiny", tmp_path / "again")


def test_models_that_do_not_exist_or_do_not_fit_are_refused(built, tmp_path):
    with pytest.raises(InputError, match="expected one of base"):
        load("basement")
    with pytest.raises(InputError, match="expected one of base"):
        recipe("basement")
    save(tmp_path, load(built).model, load("base").tokenizer)
    with pytest.raises(InputError, match="belong to different models"):
        load(tmp_path)


def test_what_ships_is_small():
    for name in names():
        folder = ARTEFACTS / name
        assert sum(file.stat().st_size for file in folder.iterdir()) < 6e6


@pytest.mark.parametrize("name", names())
def test_every_tokenizer_opens_elsewhere_with_equal_ids(name):
    theirs = transformers.AutoTokenizer.from_pretrained(ARTEFACTS / name)
    ours = load(name).tokenizer
    for text in HARD.values():
        assert ours.encode(text) == theirs.encode(
            text, add_special_tokens=False, split_special_tokens=True
        )
    assert theirs.encode("Once") == [*ours.bos_token_ids, *ours.encode("Once")]
