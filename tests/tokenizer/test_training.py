"""Training: the fast trainer finds the naive one's merges, and Hugging Face's."""

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import GPT2_PATTERN, GPT4_PATTERN, bpe_train, naive, train_bpe
from scratchlm.tokenizer.bpe_train import (
    hugging_face_order,
    largest_bytes,
    learn_merges,
    smallest_ids,
)
from scratchlm.tokenizer.pretokenize import count_pretokens

TIES = [smallest_ids, largest_bytes, hugging_face_order]
# Few letters, so that pairs repeat, overlap and tie; a few characters of several bytes.
WORDS = st.dictionaries(st.text("ab é😊", max_size=12), st.integers(1, 4), max_size=12)


def village(number):
    return [story.text for story in world.corpus("train", number)]


@given(words=WORDS, tie_break=st.sampled_from(TIES), min_count=st.integers(1, 3))
def test_fast_merges_equal_the_naive_ones(words, tie_break, min_count):
    fast = learn_merges(words, 40, tie_break=tie_break, min_count=min_count)
    assert fast == naive.naive_merges(words, 40, tie_break=tie_break, min_count=min_count)


@pytest.mark.parametrize("tie_break", TIES)
@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN])
def test_fast_merges_equal_the_naive_ones_on_stories(tie_break, pattern):
    words = count_pretokens(village(40), pattern)
    assert learn_merges(words, 200, tie_break=tie_break) == naive.naive_merges(
        words, 200, tie_break=tie_break
    )


def test_merges_equal_those_of_hugging_face():
    tokenizers = pytest.importorskip("tokenizers")
    texts = village(300)
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=1500,
        min_frequency=2,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    theirs.train_from_iterator(texts, trainer)
    ours = train_bpe(texts, 1500, special_tokens=(), tie_break=hugging_face_order)
    # Their tokens are written in GPT-2's visible characters; decoding gives the bytes.
    visible = {char: byte for byte, char in visible_bytes().items()}
    names = sorted(theirs.get_vocab(), key=theirs.get_vocab().get)[256:]
    assert len(names) == 1500 - 256
    assert [bytes(visible[char] for char in name) for name in names] == [
        ours.token_bytes(id) for id in range(256, 1500)
    ]


def visible_bytes():
    """GPT-2's visible character for each byte, from its definition."""
    kept = {b: chr(b) for b in range(256) if chr(b).isprintable() and not chr(b).isspace()}
    kept.pop(0xAD, None)
    rest = [b for b in range(256) if b not in kept]
    return kept | {b: chr(0x100 + n) for n, b in enumerate(rest)}


def test_a_small_corpus_gives_a_smaller_vocabulary():
    tokenizer = train_bpe(["aa aa"], 1000)
    assert tokenizer.vocab_size == 256 + 1 + 1
    assert tokenizer.token_bytes(256) == b"aa"


def test_a_vocabulary_without_room_is_refused():
    assert train_bpe(["some text"], 257).vocab_size == 257
    with pytest.raises(InputError, match=r"at least 257 .*found 256"):
        train_bpe(["some text"], 256)
    with pytest.raises(InputError, match=r"at least 259 .*3 special"):
        train_bpe(["some text"], 258, special_tokens=["<a>", "<b>", "<c>"])


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_an_empty_corpus_is_refused(texts):
    with pytest.raises(InputError, match="training text: expected some, found none"):
        train_bpe(texts, 300)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(InputError, match="surrogate"):
        train_bpe(["a \ud83d b"], 300)


def test_the_work_grows_with_the_length_of_the_longest_word_and_no_faster():
    def lines_run(length):
        """How many lines of the trainer run, whatever the machine."""
        letters = random.Random(0).choices("abcd", k=length)
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            count += event == "line"
            return trace if frame.f_code.co_filename == bpe_train.__file__ else None

        sys.settrace(trace)
        try:
            learn_merges({"".join(letters): 1}, 300)
        finally:
            sys.settrace(None)
        return count

    assert lines_run(16_000) < 6 * lines_run(4_000)  # 4 if linear, 16 if quadratic
