"""Encoding equals tiktoken's for the same merges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.tokenizer import END_OF_TEXT, GPT2_PATTERN, GPT4_PATTERN, train_bpe
from scratchlm.tokenizer.bpe_encode import heap_merge

tiktoken = pytest.importorskip("tiktoken")
openai_public = pytest.importorskip("tiktoken_ext.openai_public")

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc"))),
    st.text("ab éL'sS1 \n\t\r\u200d\x00😊，中"),
    st.text(" the and ing'").map(lambda text: text * 9),
)


def same_for_both(pattern, their_pattern):
    """A tokenizer trained on stories, and tiktoken with its merges."""
    ours = train_bpe((s.text for s in world.corpus("train", 300)), 2000, pattern=pattern)
    theirs = tiktoken.Encoding(
        "village",
        pat_str=their_pattern,
        mergeable_ranks={ours.token_bytes(id): id for id in range(ours.vocab_size - 1)},
        special_tokens=dict(ours.special_tokens),
    )
    return ours, theirs


# tiktoken writes GPT-2's pattern in a way that does not overflow its stack at a million spaces.
PAIRS = {
    "GPT-2": same_for_both(GPT2_PATTERN, openai_public.r50k_pat_str),
    "GPT-4": same_for_both(GPT4_PATTERN, GPT4_PATTERN),
}


@pytest.mark.parametrize("pattern", PAIRS)
def test_hard_strings(pattern, hard_texts):
    ours, theirs = PAIRS[pattern]
    for text in hard_texts:
        ids = ours.encode(text)
        assert ids == theirs.encode_ordinary(text)
        assert ours.decode(ids) == text


@given(pattern=st.sampled_from(sorted(PAIRS)), text=TEXTS)
def test_any_text(pattern, text):
    ours, theirs = PAIRS[pattern]
    assert ours.encode(text) == theirs.encode_ordinary(text)


def test_allowed_specials():
    ours, theirs = PAIRS["GPT-2"]
    text = f"{END_OF_TEXT}a{END_OF_TEXT}{END_OF_TEXT} b"
    allowed = {END_OF_TEXT}
    assert ours.encode(text, allowed_special=allowed) == theirs.encode(
        text, allowed_special=allowed
    )


@pytest.mark.parametrize(
    ("word", "size"),
    [("thequickbrownfox", 10**6), (" ", 10**6), ("a", 10**5), ("ing", 10**5), ("😊", 10**5)],
)
def test_a_million_letters(word, size):
    ours, theirs = PAIRS["GPT-2"]
    text = word * (size // len(word))
    assert ours.encode(text) == theirs.encode_ordinary(text)


def test_a_long_word_takes_a_linear_number_of_looks():
    ours, _ = PAIRS["GPT-2"]

    class Counting(dict):
        looks = 0

        def get(self, pair):
            self.looks += 1
            return super().get(pair)

    def looks(size):
        ranks = Counting({pair: 256 + rank for rank, pair in enumerate(ours.merges)})
        heap_merge(b"thequickbrownfox" * (size // 16), ranks)
        return ranks.looks

    assert looks(80_000) < 17 * looks(5_000)  # 16 if linear, 256 if quadratic


def test_stories_encode_alike():
    ours, theirs = PAIRS["GPT-2"]
    for story in world.corpus("valid", 200):
        assert ours.encode(story.text) == theirs.encode_ordinary(story.text)
