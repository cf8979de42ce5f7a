"""tiktoken in our place: the same ids, or ours."""

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import (
    CHAT_SPECIAL_TOKENS,
    END_OF_TEXT,
    PRETOKEN_PATTERNS,
    Tokenizer,
    choose_encoder,
    train_bpe,
    train_unigram,
)
from scratchlm.tokenizer.tiktoken_encoder import TiktokenTokenizer

pytest.importorskip("tiktoken")

STORIES = [story.text for story in world.corpus("train", 30)]
OURS = {
    name: train_bpe(STORIES, 400, special_tokens=CHAT_SPECIAL_TOKENS, pattern=pattern)
    for name, pattern in PRETOKEN_PATTERNS.items()
}
FAST = {name: TiktokenTokenizer(ours) for name, ours in OURS.items()}


@given(text=st.text() | st.text("ab é😊'12 \n<|>"), name=st.sampled_from(sorted(OURS)))
def test_any_text_has_the_same_ids(text, name):
    text += f"{END_OF_TEXT} {text}"
    for allowed in ((), "all"):
        expected = OURS[name].encode(text, allowed_special=allowed)
        assert FAST[name].encode(text, allowed_special=allowed) == expected


@pytest.mark.parametrize("name", OURS)
def test_hard_texts_have_the_same_ids(name, hard_texts):
    for text in [*hard_texts, " " * 1_000_000 + "a", "\n" * 20_000]:
        assert FAST[name].encode(text) == OURS[name].encode(text)


def test_it_is_the_same_tokenizer_and_goes_to_other_processes():
    fast = pickle.loads(pickle.dumps(FAST["gpt4"]))
    assert isinstance(fast, TiktokenTokenizer)
    assert fast == OURS["gpt4"]
    assert fast.fingerprint == OURS["gpt4"].fingerprint
    assert fast.encode(STORIES[0]) == OURS["gpt4"].encode(STORIES[0])


def test_other_ids_than_the_identity(tmp_path):
    ours = Tokenizer([(104, 105)], ids=[*range(1000, 1257), 3])
    assert TiktokenTokenizer(ours).encode("hi!") == ours.encode("hi!") == [1256, 1033]


def test_half_a_surrogate_pair_is_refused_as_by_ours():
    with pytest.raises(InputError, match="surrogate pair at character 1"):
        FAST["gpt2"].encode("a\ud83d")


CANNOT = {
    "another algorithm": train_unigram(STORIES[:3], 300),
    "an own pattern": Tokenizer([], pattern=r".+|\n"),
    "a normalizer": Tokenizer([], normalizer="NFC"),
    "added tokens": Tokenizer([], added_tokens=["a b"]),
    "two tokens with the same bytes": Tokenizer([(97, 98), (98, 99), (97, 257), (256, 99)]),
}


@pytest.mark.parametrize("why", CANNOT)
def test_what_tiktoken_cannot_do_is_left_to_ours(why):
    chosen, who = choose_encoder(CANNOT[why], "auto", ["abc"])
    assert chosen is CANNOT[why]
    assert who.startswith("our own encoder (")
    with pytest.raises(InputError, match="use --encoder ours"):
        choose_encoder(CANNOT[why], "tiktoken", ["abc"])


def test_other_ids_are_noticed(monkeypatch):
    monkeypatch.setattr(TiktokenTokenizer, "_encode_by_tiktoken", lambda self, text: [1])
    chosen, who = choose_encoder(OURS["gpt2"], "auto", ["", "abc"])
    assert chosen is OURS["gpt2"]
    assert "expected our ids for document 0, found others" in who


def test_without_tiktoken_ours_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    chosen, who = choose_encoder(OURS["gpt2"], "auto", ["abc"])
    assert chosen is OURS["gpt2"]
    assert "expected it to be installed" in who
    with pytest.raises(InputError, match="pip install tiktoken"):
        choose_encoder(OURS["gpt2"], "tiktoken", ["abc"])
