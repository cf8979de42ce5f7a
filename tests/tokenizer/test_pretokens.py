"""Pre-tokens: patterns, and counting them in one process or many."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import GPT2_PATTERN, PRETOKEN_PATTERNS, train_bpe
from scratchlm.tokenizer.pretokenize import (
    add_counts,
    batch_texts,
    compile_pattern,
    count_pretokens,
    pretokenize,
)

STORIES = [story.text for story in world.corpus("train", 200)] * 10  # two batches


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_processes_count_the_same_in_the_same_order(workers):
    assert sum(map(len, STORIES)) > 1_000_000
    expected = Counter()
    for text in STORIES:
        expected.update(pretokenize(text, compile_pattern(GPT2_PATTERN)))
    counts = count_pretokens(STORIES, GPT2_PATTERN, workers=workers)
    assert list(counts.items()) == list(expected.items())


def test_processes_train_the_same_tokenizer():
    assert train_bpe(STORIES, 400, workers=2) == train_bpe(STORIES, 400)


@pytest.mark.parametrize("workers", [1, 2])
def test_memory_is_bounded_and_what_is_frequent_stays(workers):
    texts = (
        f"{'common ' * 100}{' '.join(str(n * 1000 + k) for k in range(1000))}" * 20
        for n in range(40)
    )
    counts = count_pretokens(texts, GPT2_PATTERN, workers=workers, max_distinct=20_000)
    assert len(counts) <= 20_000
    assert counts[" common"] == 40 * 20 * 99


@given(
    parts=st.lists(st.dictionaries(st.text("abcdef", max_size=2), st.integers(1, 9))),
    max_distinct=st.integers(2, 20),
)
def test_dropping_never_counts_too_much(parts, max_distinct):
    counts, exact = Counter(), Counter()
    for part in map(Counter, parts):
        add_counts(counts, part, max_distinct)
        exact.update(part)
        assert len(counts) <= max_distinct
        assert all(times <= exact[key] for key, times in counts.items())


def test_errors_in_a_reader_reach_the_caller():
    def texts():
        yield "a text"
        raise InputError("b.txt: expected UTF-8")

    for workers in (1, 2):
        with pytest.raises(InputError, match=r"b.txt"):
            count_pretokens(texts(), GPT2_PATTERN, workers=workers)
    with pytest.raises(InputError, match="workers: expected at least 1"):
        count_pretokens(STORIES, GPT2_PATTERN, workers=0)


def test_batches_hold_every_document_once():
    texts = ["a" * n for n in range(50)]
    gathered = list(batch_texts(texts, 100))
    assert [text for batch in gathered for text in batch] == texts
    assert all(sum(map(len, batch)) >= 100 for batch in gathered[:-1])


@pytest.mark.parametrize("pattern", PRETOKEN_PATTERNS.values(), ids=PRETOKEN_PATTERNS)
def test_a_pattern_loses_nothing(pattern, hard_texts):
    compiled = compile_pattern(pattern)
    for text in hard_texts:
        pieces = pretokenize(text, compiled)
        assert "".join(pieces) == text
        assert all(pieces)
        assert sum(map(len, compiled.findall(text))) == len(text)  # and needs no second search


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt2", ["in", " 1234567", "."]),
        ("gpt4", ["in", " ", "123", "456", "7", "."]),
        ("single-digits", ["in", " ", *"1234567", "."]),
        ("digits-from-left", ["in", " ", "123", "456", "7", "."]),
        ("digits-from-right", ["in", " ", "1", "234", "567", "."]),
    ],
)
def test_digits(name, expected):
    assert pretokenize("in 1234567.", compile_pattern(PRETOKEN_PATTERNS[name])) == expected


@given(st.text("0123456789٣²", max_size=30))
def test_groups_from_the_right_are_those_of_a_reader(digits):
    groups = pretokenize(f"a{digits}b", compile_pattern(PRETOKEN_PATTERNS["digits-from-right"]))[
        1:-1
    ]
    assert groups == [digits[max(0, end - 3) : end] for end in range(len(digits), 0, -3)][::-1]


def test_a_long_number_is_cut_from_the_left_and_fast():
    cut = compile_pattern(PRETOKEN_PATTERNS["digits-from-right"])
    assert list(map(len, pretokenize("9" * 298, cut)))[:2] == [1, 3]
    assert list(map(len, pretokenize("9" * 1_000_000, cut))) == [3] * 333_333 + [1]
