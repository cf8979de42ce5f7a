"""Bits per byte, compressors, intervals, and what the village knows."""

import lzma
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.evaluation import (
    Share,
    bits_per_byte,
    compressed_bytes,
    draws,
    entropy_floor,
    grade,
    perplexity,
    xz_bits_per_byte,
)
from scratchlm.world import NotAStory, corpus, read_story


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_uniform_guess_over_bytes_costs_eight_bits(texts):
    assert bits_per_byte(lambda t: len(t.encode()) * math.log(256), texts) == pytest.approx(8)


def test_texts_are_weighted_by_their_bytes():
    cost = {"é": 6 * math.log(2), "abcdefgh": 14 * math.log(2)}
    assert bits_per_byte(cost.__getitem__, cost) == pytest.approx(20 / 10)


def test_no_text_is_refused():
    for measure in (
        lambda t: bits_per_byte(len, t),
        xz_bits_per_byte,
        entropy_floor,
        grade,
    ):
        with pytest.raises(InputError, match="found none"):
            measure([])


def test_perplexity_of_n_equal_choices_is_n():
    assert perplexity(math.log2(27)) == pytest.approx(27)


def test_xz_cannot_shorten_chance_and_shortens_repetition():
    noise = random.Random(0).randbytes(20_000)
    assert len(noise) <= compressed_bytes(noise) <= 1.01 * len(noise)
    assert compressed_bytes(b"The end. " * 10_000) < 200


def test_raw_xz_is_the_file_without_its_container():
    data = "".join(story.text for story in corpus("valid", 50)).encode()
    container = len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    assert 0 <= container - compressed_bytes(data) <= 100


def test_xz_uses_what_it_was_given_across_any_distance():
    noise = "".join(random.Random(0).choices("abcdefgh", k=300_000))
    assert xz_bits_per_byte([noise[:1000]], given=[noise]) < 0.2
    assert xz_bits_per_byte([noise[:1000]]) > 3


def test_wilson_intervals_by_known_answers():
    """Wilson (1927) by hand for 9 of 10: z = 1.959964."""
    z2 = 1.959963985**2
    center = (0.9 + z2 / 20) / (1 + z2 / 10)
    half = math.sqrt(z2) / (1 + z2 / 10) * math.sqrt(0.009 + z2 / 400)
    assert Share(9, 10).interval() == pytest.approx((center - half, center + half))
    assert Share(0, 20).interval()[0] == 0
    assert Share(20, 20).interval()[1] == 1
    assert Share(0, 20).interval()[1] == pytest.approx(z2 / (20 + z2))


@given(st.integers(1, 500), st.data())
def test_intervals_hold_the_share_and_mirror(trials, data):
    hits = data.draw(st.integers(0, trials))
    low, high = Share(hits, trials).interval()
    assert 0 <= low <= hits / trials <= high <= 1
    assert Share(trials - hits, trials).interval() == pytest.approx((1 - high, 1 - low))


def test_intervals_cover_the_truth_as_often_as_they_promise():
    rng = random.Random(1)
    covered = 0
    for _ in range(2000):
        low, high = Share(sum(rng.random() < 0.3 for _ in range(60)), 60).interval()
        covered += low <= 0.3 <= high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (3, 2), (-1, 4)])
def test_what_is_no_share_is_refused(hits, trials):
    with pytest.raises(InputError, match="expected between 0 and"):
        Share(hits, trials)


def test_the_floor_is_the_villages_own_code_length():
    told = list(corpus("valid", 30))
    nats = {story.text: read_story(story.text).nats for story in told}
    assert entropy_floor(told) == pytest.approx(bits_per_byte(nats.__getitem__, nats))


def test_true_stories_get_full_marks():
    marks = grade(story.text for story in corpus("valid", 40))
    assert [float(share) for share in vars(marks).values()] == [1, 1, 1, 1]
    assert marks.consistent.trials == 40


def test_grades_tell_a_wrong_name_from_wrong_grammar_from_wrong_spelling():
    good = [story.text for story in corpus("valid", 3)]
    names = [name for name in ("Nils", "Wim", "Yusuf") if name in good[0]]
    renamed = good[0]
    who = read_story(renamed).cast["h"]
    cut = renamed.rindex(str(who))
    wrong_name = (
        renamed[:cut] + ("Nils" if str(who) != "Nils" else "Wim") + renamed[cut + len(str(who)) :]
    )
    marks = grade([good[1], wrong_name])
    assert (marks.grammatical.hits, marks.consistent.hits) == (2, 1), names
    marks = grade([good[1], good[2].replace(".", " of.", 1)])
    assert (marks.grammatical.hits, float(marks.spelled)) == (1, 1.0)
    assert marks.followed.hits < marks.followed.trials
    assert float(grade([good[2].replace(" the ", " teh ")]).spelled) < 1


def test_draws_are_in_order_and_add_up_to_the_storys_own_bits():
    for story in corpus("valid", 50):
        found = draws(story.text)
        positions = [draw.position for draw in found]
        assert positions == sorted(positions)
        assert positions[-1] < len(story.text)
        assert all(draw.bits > 0 for draw in found)
        assert sum(draw.bits for draw in found) * math.log(2) == pytest.approx(story.nats)


def test_draws_of_what_is_no_story_are_refused():
    with pytest.raises(NotAStory):
        draws("Once upon a time, not in this village.")
