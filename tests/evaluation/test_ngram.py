"""The n-gram model: equal to a slow one written from the formula, and a probability throughout."""

import math
import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.evaluation import NGram, bits_per_byte
from scratchlm.world import corpus

START = b"\xff"
texts = st.lists(st.text(alphabet="abé\n", min_size=1, max_size=12), min_size=1, max_size=6)
orders = st.integers(0, 5)


class Slow:
    """Witten and Bell's estimate, word for word: a dictionary of counters, one byte at a time."""

    def __init__(self, texts, order):
        self.order = order
        self.after = defaultdict(Counter)
        for text in texts:
            row = START + text.encode()
            for i in range(1, len(row)):
                for length in range(min(order, i) + 1):
                    self.after[row[i - length : i]][row[i]] += 1

    def chance(self, context, byte):
        chance = 1 / 256
        for length in range(min(self.order, len(context)) + 1):
            seen = self.after.get(context[len(context) - length :])
            if not seen:
                break
            chance = (seen[byte] + len(seen) * chance) / (seen.total() + len(seen))
        return chance

    def bits(self, text):
        row = START + text.encode()
        return [-math.log2(self.chance(row[:i], row[i])) for i in range(1, len(row))]


@given(texts=texts, order=orders, text=st.text(alphabet="abcé\n", max_size=12))
def test_the_fast_model_equals_the_slow_one(texts, order, text):
    fast, slow = NGram.train(texts, order), Slow(texts, order)
    assert fast.bits(text).tolist() == pytest.approx(slow.bits(text))
    context = START + text.encode()
    expected = [slow.chance(context, byte) for byte in range(256)]
    assert fast.distribution(context).tolist() == pytest.approx(expected)


@given(texts=texts, order=orders, context=st.binary(max_size=6))
def test_every_guess_is_a_distribution_without_zeros(texts, order, context):
    chance = NGram.train(texts, order).distribution(context)
    assert chance.sum() == pytest.approx(1)
    assert (chance > 0).all()


def test_known_answers():
    """By hand: after 'a', in 'abac', b and c once each; below it a 2, b 1, c 1 of 4, 3 kinds."""
    model = NGram.train(["abac"], order=1)
    a = (2 + 3 / 256) / 7
    b = (1 + 3 / 256) / 7
    assert model.distribution(b"")[97] == pytest.approx(a)
    assert model.distribution(b"a")[98] == pytest.approx((1 + 2 * b) / 4)
    assert model.distribution(b"x")[97] == pytest.approx(a), "an unknown context counts for nothing"
    first = (1 + 1 * a) / 2  # at the start, 'a' once
    assert model.bits("ab") == pytest.approx([-math.log2(first), -math.log2((1 + 2 * b) / 4)])


def test_contexts_do_not_reach_over_the_beginning_of_a_text():
    assert NGram.train(["aa", "bb"], 1).distribution(b"a")[98] == pytest.approx(
        NGram.train(["aa", "bb"], 0).distribution(b"")[98] / 2
    )


def test_order_zero_nears_the_entropy_of_the_bytes():
    rng = random.Random(0)
    text = "".join(rng.choices("abcd", weights=(8, 4, 2, 2), k=100_000))
    entropy = -sum(p * math.log2(p) for p in (0.5, 0.25, 0.125, 0.125))
    assert bits_per_byte(NGram.train([text], 0).nats, [text]) == pytest.approx(entropy, abs=0.01)


def test_nats_are_the_bits_in_another_unit():
    model = NGram.train(["some text"], 3)
    assert model.nats("text") == pytest.approx(model.bits("text").sum() * math.log(2))
    assert model.nats("") == 0


@given(texts=texts, order=st.integers(0, 4), shorter=st.integers(0, 4))
def test_a_shorter_model_is_the_one_trained_with_that_order(texts, order, shorter):
    model = NGram.train(texts, max(order, shorter)).shorter(shorter)
    assert model.bits("ab\né").tolist() == NGram.train(texts, shorter).bits("ab\né").tolist()


def test_context_helps_on_stories_of_the_village():
    model = NGram.train((story.text for story in corpus("train", 200)), order=5)
    held_out = [story.text for story in corpus("valid", 20)]
    bits = [bits_per_byte(model.shorter(order).nats, held_out) for order in range(6)]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] < 5
    assert bits[5] < 1.5


def test_samples_follow_the_model_and_its_seed():
    model = NGram.train(["ab" * 500], order=1)
    assert model.sample(40, random.Random(3)) == model.sample(40, random.Random(3))
    many = NGram.train(["aaab" * 400], order=0).sample(8000, random.Random(0))
    assert many.count("a") / 8000 == pytest.approx(0.75, abs=0.02)


def test_arbitrary_bytes_are_a_text_too():
    model = NGram.train([bytes(range(256))], order=2)
    assert np.isfinite(model.bits(bytes(reversed(range(256))))).all()


@pytest.mark.parametrize("texts", [[], [""], [b"", ""]])
def test_an_empty_text_is_refused(texts):
    with pytest.raises(InputError, match="at least one byte of text, found none"):
        NGram.train(texts, 1)


def test_an_impossible_order_is_refused():
    with pytest.raises(InputError, match="found -1"):
        NGram.train(["a"], -1)
    with pytest.raises(InputError, match="found -2"):
        NGram.train(["a"], 2).shorter(-2)
