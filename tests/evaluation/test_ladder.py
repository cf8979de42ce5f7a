"""The ladder: the right rungs, in the right order, in print and in the picture."""

import pytest
from scratchlm.book.ladder import draw_ladder
from scratchlm.errors import InputError
from scratchlm.evaluation import (
    NGram,
    Rung,
    baselines,
    bits_per_byte,
    entropy_floor,
    held_out_stories,
    highest_first,
    ladder_table,
    xz_bits_per_byte,
)
from scratchlm.world import corpus


@pytest.fixture(scope="module")
def rungs():
    held_out = held_out_stories(40)
    learned = [story.text for story in corpus("train", 300)]
    found = baselines(learned, [story.text for story in held_out], orders=[0, 2, 5])
    return [*found, Rung("floor", entropy_floor(held_out), "floor")]


def test_each_rung_is_measured_as_its_own_function_says(rungs):
    held_out = [story.text for story in held_out_stories(40)]
    learned = [story.text for story in corpus("train", 300)]
    by_name = {rung.name: rung.bits for rung in rungs}
    assert by_name["uniform"] == 8
    for order, name in ((0, "frequencies"), (2, "2 bytes of context"), (5, "5 bytes of context")):
        assert by_name[name] == bits_per_byte(NGram.train(learned, order).nats, held_out)
    assert by_name["xz alone"] == xz_bits_per_byte(held_out)
    assert by_name["xz, given the rest"] < by_name["xz alone"]


def test_the_floor_is_the_lowest_rung(rungs):
    assert highest_first(rungs)[0].name == "uniform"
    assert highest_first(rungs)[-1].name == "floor"


def test_print_and_picture_agree(rungs):
    printed = [line.split("%  ")[1] for line in ladder_table(rungs).splitlines()[1:]]
    _, axes = draw_ladder(rungs)
    assert [label.get_text() for label in axes.get_yticklabels()] == printed
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == [rung.bits for rung in highest_first(rungs)]


def test_held_out_stories_are_not_learned_from():
    learned = {story.text for story in corpus("train", 2000)}
    assert not any(story.text in learned for story in held_out_stories())


def test_no_text_is_refused():
    with pytest.raises(InputError, match="found none"):
        baselines([], ["text"])
    with pytest.raises(InputError, match="found none"):
        baselines(["text"], [])
