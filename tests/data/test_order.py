"""Shuffling and mixing by number: complete, even, different every time, and the same every time."""

import random
from collections import Counter
from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scratchlm.data import Mixture, Permutation, Shuffle
from scratchlm.errors import InputError


@given(st.integers(1, 2000), st.binary(max_size=8))
@settings(max_examples=40, deadline=None)
def test_every_item_has_one_place(count, key):
    assert sorted(Permutation(count, key)) == list(range(count))


def test_every_item_has_one_place_in_every_short_range():
    for count in range(1, 150):
        assert sorted(Permutation(count, b"")) == list(range(count))


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_every_order_is_as_likely_as_any_other(count):
    """Chi-square over all orders, 40 keys for each: within five standard deviations."""
    keys = 40 * factorial(count) if count < 6 else 8000
    seen = Counter(tuple(Permutation(count, str(key).encode())) for key in range(keys))
    expected, freedom = keys / factorial(count), factorial(count) - 1
    chi_square = sum((seen[order] - expected) ** 2 for order in permutations(range(count)))
    assert abs(chi_square / expected - freedom) < 5 * (2 * freedom) ** 0.5


def test_a_long_range_is_as_mixed_as_a_shuffled_list():
    count = 3000
    order = np.array(list(Permutation(count, b"mixed")))
    places = np.arange(count)
    assert abs(np.corrcoef(places, order)[0, 1]) < 4 / count**0.5
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 4 / count**0.5
    assert abs(np.abs(places - order).mean() / count - 1 / 3) < 0.02
    assert (order[1:] == order[:-1] + 1).sum() < 8  # one is expected
    assert (order == places).sum() < 8


def test_a_huge_range_takes_no_memory():
    order = Permutation(10**15, b"huge")
    assert len({order[place] for place in range(1000)}) == 1000
    assert all(0 <= order[place] < 10**15 for place in (0, 10**14, 10**15 - 1))
    with pytest.raises(IndexError):
        order[10**15]
    with pytest.raises(InputError, match="expected at least 1 item, found 0"):
        Permutation(0, b"")


@given(st.integers(1, 60), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_an_epoch_holds_every_item_once_whatever_is_asked_first(count, seed):
    shuffle = Shuffle(count, seed)
    numbers = list(range(3 * count))
    in_order = [shuffle[number] for number in numbers]
    for epoch in range(3):
        assert sorted(in_order[epoch * count : (epoch + 1) * count]) == list(range(count))
    random.Random(seed).shuffle(numbers)
    other = Shuffle(count, seed)
    assert {number: other[number] for number in numbers} == dict(enumerate(in_order))


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [
        tuple(Shuffle(50, seed)[50 * epoch + place] for place in range(50))
        for seed in range(10)
        for epoch in range(10)
    ]
    assert len(set(orders)) == 100


@given(st.lists(st.integers(1, 40), min_size=1, max_size=7))
@example([1, 27, 27, 27, 1])
@settings(max_examples=100, deadline=None)
def test_shares_hold_at_every_moment(weights):
    mixture, period = Mixture(weights), sum(weights)
    taken = [0] * len(weights)
    for number in range(2 * period + 1):
        source, place = mixture[number]
        assert place == taken[source]  # the source's samples come in order, none left out
        taken[source] += 1
        for count, weight in zip(taken, weights, strict=True):
            assert abs(count - Fraction(weight * (number + 1), period)) < 1


def test_taking_the_one_furthest_behind_would_drift():
    """Why the mixture looks at deadlines: the plain rule is off by more than one sample."""
    shares, worst = [1, 27, 27, 27, 1], 0
    period, taken = sum(shares), [0] * len(shares)
    for number in range(1, period + 1):
        behind = [
            share * number - count * period for share, count in zip(shares, taken, strict=True)
        ]
        chosen = behind.index(max(behind))
        taken[chosen] += 1
        behind[chosen] -= period
        worst = max(worst, *map(abs, behind))
    assert worst > period


def test_weights_are_taken_as_they_are_written():
    mixture = Mixture([0.1, 0.2, 0.7])
    assert mixture.shares == [1, 2, 7]
    assert Counter(mixture[number][0] for number in range(1000)) == {0: 100, 1: 200, 2: 700}
    assert Mixture([3]).shares == [1]
    assert mixture[10**12] == (mixture[0][0], 10**11 * mixture.shares[mixture[0][0]])


@pytest.mark.parametrize("weights", [[], [1, 0], [-1, 2], [float("nan")], [float("inf"), 1]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(InputError, match="expected positive weights"):
        Mixture(weights)


def test_weights_with_too_many_digits_are_refused():
    with pytest.raises(InputError, match="round them to fewer digits"):
        Mixture([0.1234567, 0.8765433])
