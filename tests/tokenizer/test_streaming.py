"""Text that comes in chunks gets the ids of the whole text, wherever it was divided."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.tokenizer import CHAT_SPECIAL_TOKENS, PRETOKEN_PATTERNS, Tokenizer, train_bpe
from scratchlm.tokenizer.streaming import last_boundary

STORIES = [story.text for story in world.corpus("train", 30)]
NAMES = [*CHAT_SPECIAL_TOKENS, "<|im_start|> you <|im_end|>"]
TOKENIZERS = {
    name: train_bpe(STORIES, 400, special_tokens=NAMES, pattern=pattern)
    for name, pattern in PRETOKEN_PATTERNS.items()
}
TOKENIZERS["own"] = Tokenizer([(97, 32), (256, 98)], special_tokens=NAMES, pattern=r"\S+ \S+|\s")
TOKENIZERS["nfc"] = Tokenizer([(0xC3, 0xA9)], special_tokens=NAMES, normalizer="NFC")
TOKENIZERS["added"] = Tokenizer([], special_tokens=NAMES, added_tokens=["a b", " the"])
PARTS = st.sampled_from(
    [
        *NAMES,
        "<|im",
        "_end|>",
        " the",
        "don't",
        "'s",
        "I'LL",
        "12",
        "345",
        " ",
        "  ",
        "\n",
        "\r\n ",
        "!",
        "?!",
        "/",
        ".\n",
        "é",
        "e\u0301",
        "\u0301",
        "\u0958",
        "😊",
        "中文",
        "，",
        "AB",
        "word",
    ]
)
TEXTS = st.lists(PARTS).map("".join) | st.text()
CUTS = st.lists(st.integers(0, 60))


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=TEXTS, cuts=CUTS, allowed=st.sampled_from(["all", (), NAMES[:1]]))
@example("a\u0958, b\u0958\n c" * 3, [1, 2, 3, 9], ())
@example("<|im_start|> you <|im_end|> " * 5, [5, 30], "all")
def test_chunks_give_the_ids_of_the_whole_text(name, text, cuts, allowed):
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[a:b] for a, b in pairwise(places)]
    tokenizer = TOKENIZERS[name]
    whole = tokenizer.encode(text, allowed_special=allowed)
    assert list(tokenizer.encode_iterable(chunks, allowed_special=allowed)) == whole
    assert list(tokenizer.encode_iterable(text, allowed_special=allowed)) == whole


def test_ids_come_before_the_text_has_ended():
    read = []
    chunks = (read.append(n) or text for n, text in enumerate(STORIES))
    ids = TOKENIZERS["gpt2"].encode_iterable(chunks)
    for _ in range(10):
        next(ids)
    assert len(read) < 3


@given(TEXTS, st.integers(0, 60))
def test_a_boundary_is_outside_of_every_name(text, end):
    at = last_boundary(text, end, NAMES)
    assert 0 <= at <= max(0, min(end, len(text)))
    for name in NAMES:
        for start in range(len(text)):
            assert not (text.startswith(name, start) and start < at < start + len(name)) or any(
                text.startswith(other, start) and len(other) > len(name) for other in NAMES
            )
