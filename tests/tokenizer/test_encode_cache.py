"""Cutting at single spaces, and remembering, change no id."""

import re

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.tokenizer.encode_text import LONG_PIECE, EncodeCache
from scratchlm.tokenizer.pretokenize import (
    PRETOKEN_PATTERNS,
    SINGLE_SPACE,
    compile_pattern,
    pretokenize,
)

TRAINED = train_bpe([story.text for story in world.corpus("train", 20)], 500)
SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
TEXTS = st.one_of(
    st.text(),
    st.text("aé1٣'’.-_\u0301😊 \n\r\t\x1c\x85\xa0\u2028"),
    st.lists(
        st.sampled_from(
            [" ", " ", "  ", "\n", " \n", "word", "don't", "1234567", "?!", "…\r\n", "é"]
        )
    ).map("".join),
)


@pytest.mark.parametrize("name", PRETOKEN_PATTERNS)
@given(TEXTS)
@example(SPACES + " a" + " ".join(SPACES) + "b 1 234 5678 's 'S")
def test_no_pre_token_reaches_across_a_single_space(name, text):
    pattern = compile_pattern(PRETOKEN_PATTERNS[name])
    apart = [word for part in SINGLE_SPACE.split(text) for word in pretokenize(part, pattern)]
    assert apart == pretokenize(text, pattern)


def test_what_counts_as_a_space_to_cut_at_does_so_to_the_patterns():
    """The other way round, `re` knows four control signs more, where nothing is cut then."""
    every = "".join(map(chr, range(0x110000)))
    assert set(regex.findall(r"\s", every)) <= set(re.findall(r"\s", every))


@given(TEXTS)
def test_the_second_time_is_like_the_first(text):
    words = pretokenize(text, compile_pattern(TRAINED.pattern))
    expected = [id for word in words for id in Tokenizer(TRAINED.merges).encode(word)]
    assert TRAINED.encode(text) == TRAINED.encode(text) == expected


def test_a_pattern_that_joins_words_is_not_cut_at_spaces():
    tokenizer = Tokenizer([(97, 32), (256, 98)], pattern=r"\S+ \S+|\s|\S+")
    assert tokenizer.encode("a b") == [257]


def test_a_full_memory_is_emptied_and_a_long_piece_is_not_kept():
    asked = []
    cache = EncodeCache(lambda piece: asked.append(piece) or [len(piece)], limit=2)
    assert [cache[piece] for piece in ("a", "bb", "a", "ccc", "a")] == [
        (1,),
        (2,),
        (1,),
        (3,),
        (1,),
    ]
    assert asked == ["a", "bb", "ccc", "a"]
    assert set(cache) == {"ccc", "a"}
    assert cache["x" * LONG_PIECE] == (LONG_PIECE,)
    assert len(cache) == 2
