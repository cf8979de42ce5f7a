"""WordPiece, unigram, characters and bytes: fast and slow, ours and Hugging Face's."""

import pickle
from collections import Counter
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import (
    END_OF_TEXT,
    GPT2_PATTERN,
    StreamDecoder,
    Tokenizer,
    naive,
    train_bpe,
    train_characters,
    train_unigram,
    train_wordpiece,
)
from scratchlm.tokenizer.bpe_train import hugging_face_order
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.pretokenize import count_pretokens
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.unigram_train import Lattice, learn_scores, maximize, prune, seed_tokens
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS, unicode_to_byte
from scratchlm.tokenizer.wordpiece import learn_pieces, likelihood_gain, ratio

STORIES = [story.text for story in world.corpus("train", 150)]
HELD_OUT = [story.text for story in world.corpus("valid", 30)]
TRAINERS = [train_bpe, train_wordpiece, train_unigram, train_characters]
TRAINED = [train(STORIES, 700) for train in TRAINERS] + [Tokenizer([])]
WORDS = st.dictionaries(st.text("ab é😊", max_size=12), st.integers(1, 4), max_size=12)
PIECES = st.lists(st.binary(min_size=2, max_size=4) | st.sampled_from([b"ab", b"aba", b"bab"]))
DATA = st.binary(max_size=12) | st.text("ab", max_size=12).map(str.encode)


@given(text=st.text() | st.text("ab é😊'\n\t\u200d\x00<|>"), which=st.sampled_from(TRAINED))
def test_every_text_comes_back(text, which):
    ids = which.encode(text + END_OF_TEXT)
    assert which.decode(ids) == text + END_OF_TEXT
    assert which.special_tokens[END_OF_TEXT] not in ids
    stream = StreamDecoder(which)
    assert "".join(map(stream.feed, ids)) + stream.flush() == text + END_OF_TEXT


@given(data=st.binary(), which=st.sampled_from(TRAINED))
def test_every_byte_string_has_tokens(data, which):
    algorithm = which.algorithm
    assert b"".join(algorithm.tokens[id] for id in algorithm.encode(data)) == data


@pytest.mark.parametrize("trained", TRAINED)
def test_files_and_processes_keep_a_tokenizer(trained, tmp_path):
    trained.save(tmp_path / "t.json")
    assert Tokenizer.load(tmp_path / "t.json") == trained
    assert pickle.loads(pickle.dumps(trained)) == trained
    assert len({one.fingerprint for one in TRAINED}) == len(TRAINED)


@given(data=DATA, pieces=PIECES)
def test_the_longest_match_is_what_a_search_through_all_tokens_finds(data, pieces):
    algorithm = LongestMatch(dict.fromkeys([*BYTE_TOKENS, *pieces]))
    expected, rest = [], data
    while rest:
        expected.append(max((t for t in algorithm.tokens if rest.startswith(t)), key=len))
        rest = rest[len(expected[-1]) :]
    assert [algorithm.tokens[id] for id in algorithm.encode(data)] == expected


def cuts(data, tokens):
    """All ways to write some bytes as tokens."""
    if not data:
        return [[]]
    starts = [token for token in tokens if data.startswith(token)]
    return [[token, *rest] for token in starts for rest in cuts(data[len(token) :], tokens)]


def scored(pieces):
    vocabulary = dict.fromkeys([*BYTE_TOKENS, *pieces])
    return {token: -1.0 - (7 * sum(token) % 11) / 3 for token in vocabulary}


@given(data=st.text("abc", max_size=8).map(str.encode), pieces=PIECES)
def test_viterbi_finds_the_best_of_all_cuts(data, pieces):
    scores = scored(pieces)
    algorithm = Unigram(scores)
    got = [algorithm.tokens[id] for id in algorithm.encode(data)]
    best = max(sum(scores[token] for token in cut) for cut in cuts(data, scores))
    assert sum(scores[token] for token in got) == pytest.approx(best, abs=1e-12)


@settings(max_examples=50)
@given(
    words=st.dictionaries(
        st.text("abc", min_size=1, max_size=7).map(str.encode), st.integers(1, 5), min_size=1
    ),
    pieces=PIECES,
)
def test_expectations_are_those_of_counting_every_cut(words, pieces):
    scores = scored(pieces)
    numbers = {token: at for at, token in enumerate(scores)}
    lattice = Lattice(list(words), numbers)
    values = np.array(list(scores.values()))
    expected, total = lattice.expect(values, np.array([*words.values()], dtype=float))
    counts, likelihood, best = Counter(), 0.0, []
    for word, times in words.items():
        ways = cuts(word, scores)
        weights = [exp(sum(scores[token] for token in cut)) for cut in ways]
        for cut, weight in zip(ways, weights, strict=True):
            for token in cut:
                counts[token] += times * weight / sum(weights)
        likelihood += times * log(sum(weights))
        best.append(log(max(weights)))
    assert expected == pytest.approx([counts[token] for token in scores], abs=1e-9)
    assert total == pytest.approx(likelihood)
    assert lattice.forward(values, np.maximum) == pytest.approx(best)


def test_a_step_never_makes_the_text_less_likely():
    pretokens = count_pretokens(STORIES, GPT2_PATTERN)
    words, times = [p.encode() for p in pretokens], np.array([*pretokens.values()], dtype=float)
    tokens = [*BYTE_TOKENS, *seed_tokens(words, list(pretokens.values()), 2000)]
    lattice = Lattice(words, {token: at for at, token in enumerate(tokens)})
    scores, totals = maximize(np.ones(len(tokens))), []
    for _ in range(6):
        expected, total = lattice.expect(scores, times)
        totals.append(total)
        scores = np.log(np.maximum(expected, 1e-300) / expected.sum())
    assert all(before < after for before, after in pairwise(totals))


def test_a_lattice_that_loses_tokens_is_the_lattice_of_the_rest():
    words, tokens = [b"abab", b"ba"], [b"a", b"b", b"ab", b"ba", b"bab"]
    lattice = Lattice(words, {token: at for at, token in enumerate(tokens)})
    lattice.keep(np.array([0, 1, -1, 2, -1]))
    rest = Lattice(words, {b"a": 0, b"b": 1, b"ba": 2})
    scores, times = np.log([0.5, 0.3, 0.2]), np.array([2.0, 3.0])
    for got, expected in zip(
        lattice.expect(scores, times), rest.expect(scores, times), strict=True
    ):
        assert got == pytest.approx(expected)


def test_pruning_keeps_what_would_be_missed_most():
    tokens, expected = (
        [*BYTE_TOKENS, b"ab", b"abc", b"xy"],
        np.array([10.0] * 256 + [90.0, 80.0, 3.0]),
    )
    kept = prune(tokens, expected, 258)
    total, scores = expected.sum(), np.log(expected / expected.sum())
    alone = {b"ab": 2 * scores[0], b"abc": scores[256] + scores[0], b"xy": 2 * scores[0]}
    loss = {
        token: n * (log(n / total) - alone[token])
        for token, n in zip(tokens[256:], expected[256:], strict=True)
    }
    assert [tokens[at] for at in kept[256:]] == sorted(loss, key=loss.get)[1:][::-1]


def test_seeds_are_the_substrings_that_occur_twice():
    words, times = [b"abcab", b"b\xff", b"ca"], [1, 1, 5]
    counts = Counter()
    for word, n in zip(words, times, strict=True):
        for start in range(len(word)):
            for end in range(start + 2, len(word) + 1):
                counts[word[start:end]] += n
    assert seed_tokens(words, times, 99) == {t: n for t, n in counts.items() if n > 1}
    assert list(seed_tokens(words, times, 1)) == [b"ca"]


@pytest.mark.parametrize("size", [256, 300, 700])
def test_a_unigram_vocabulary_has_the_size_that_was_asked_for(size):
    trained = train_unigram(STORIES, size, special_tokens=())
    assert trained.vocab_size == size
    assert sum(map(exp, trained.algorithm.scores)) == pytest.approx(1, abs=1e-6)


@given(words=WORDS, score=st.sampled_from([likelihood_gain, ratio]), min_count=st.integers(1, 3))
def test_fast_pieces_equal_the_naive_ones(words, score, min_count):
    fast = learn_pieces(words, 30, score, min_count=min_count)
    assert fast == naive.naive_pieces(words, 30, score, min_count=min_count)


@pytest.mark.parametrize("score", [likelihood_gain, ratio])
def test_fast_pieces_equal_the_naive_ones_on_stories(score):
    words = count_pretokens(STORIES[:30], GPT2_PATTERN)
    assert learn_pieces(words, 150, score) == naive.naive_pieces(words, 150, score)


def theirs(model, trainer, **options):
    tokenizers = pytest.importorskip("tokenizers")
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained = tokenizers.Tokenizer(getattr(tokenizers.models, model)())
    trained.pre_tokenizer, trained.decoder = byte_level, tokenizers.decoders.ByteLevel()
    trainer = getattr(tokenizers.trainers, trainer)(
        initial_alphabet=byte_level.alphabet(), vocab_size=700, show_progress=False, **options
    )
    trained.train_from_iterator(STORIES, trainer)
    return trained


def their_bytes(tokenizer):
    return {unicode_to_byte(name) for name in tokenizer.get_vocab()}


def test_their_wordpiece_trainer_is_byte_pair_encoding():
    """It merges the most frequent pair, whatever its name says; so ours has a vocabulary apart."""
    trained = theirs("WordPiece", "WordPieceTrainer", continuing_subword_prefix="")
    pairs = train_bpe(STORIES, 700, special_tokens=(), tie_break=hugging_face_order, min_count=1)
    pieces = train_wordpiece(STORIES, 700, special_tokens=())
    their_tokens = their_bytes(trained)
    assert their_tokens == {*pairs.algorithm.tokens}
    assert 0.6 < (len(their_tokens & {*pieces.algorithm.tokens}) - 256) / 444 < 0.9
    assert LongestMatch(pairs.algorithm.tokens).encode(b" hello") == [
        pairs.algorithm.tokens.index(trained.decode([id]).encode())
        for id in trained.encode(" hello").ids
    ]


def test_unigram_is_no_longer_than_theirs():
    """Seeds, maximization and the measure of loss differ, and so do the vocabularies."""
    trained = theirs("Unigram", "UnigramTrainer")
    ours = train_unigram(STORIES, 700, special_tokens=())
    assert len(their_bytes(trained) & {*ours.algorithm.tokens}) - 256 > 100
    assert sum(len(ours.encode(text)) for text in HELD_OUT) < sum(
        len(trained.encode(text).ids) for text in HELD_OUT
    )


def test_characters_are_whole_and_the_rare_ones_bytes():
    trained = train_characters(["ééé中中😊 abc"], 259)
    assert [trained.token_bytes(id).decode() for id in (256, 257)] == ["é", "中"]
    assert trained.encode("aé😊") == [ord("a"), 256, *"😊".encode()]


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram, train_characters])
def test_bad_input_is_refused(train):
    with pytest.raises(InputError, match="at least 257"):
        train(STORIES, 256)
    with pytest.raises(InputError, match="training text: expected some"):
        train([], 300)
    with pytest.raises(InputError, match="surrogate"):
        train(["a \ud83d b"], 300)


def test_bad_vocabularies_are_refused():
    with pytest.raises(InputError, match="expected some that differ, found b'a' twice"):
        LongestMatch([*BYTE_TOKENS, b"a"])
    with pytest.raises(InputError, match="expected some that differ, found an empty one"):
        LongestMatch([*BYTE_TOKENS, b""])
    with pytest.raises(InputError, match="all 256 bytes, found 255"):
        LongestMatch(BYTE_TOKENS[1:])
    with pytest.raises(InputError, match="scores: expected finite numbers"):
        Unigram(dict.fromkeys(BYTE_TOKENS, float("-inf")))
    with pytest.raises(InputError, match="ids: expected 257 different ones"):
        Tokenizer([], ids=[*range(256), -1])


def test_small_vocabularies_teach_scores_that_sum_to_one():
    scores = learn_scores({"hug": 3, "hugs": 2, "bun": 1}, 2)
    assert list(scores)[256:] == [b"hug", b"hugs"]
    assert sum(map(exp, scores.values())) == pytest.approx(1, abs=1e-6)
