"""Duplicates: hashes against sets of words, MinHash against datasketch and the exact Jaccard."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.corpus import (
    Decontaminate,
    Document,
    Dropped,
    ExactDedup,
    LineDedup,
    MinHashDedup,
    choose_ngram,
    evaluation_ngrams,
    ngrams,
    read,
    s_curve,
)
from scratchlm.corpus.dedup.exact import first_copies, groups
from scratchlm.corpus.dedup.minhash import jaccard, permutations, signature, similarity
from scratchlm.corpus.dedup.union_find import UnionFind, connected
from scratchlm.corpus.ngrams import ngram_hashes, normalize
from scratchlm.errors import InputError

TEXTS = st.text("aÄb İé1_ .\n\U0001f60a", max_size=60)


def page(text, number=0):
    return Document(text, id=str(number), source="test", end=number)


def originals(step, texts, shard=7):
    """What a pipeline does, with shards of a few documents."""
    parts = [texts[start : start + shard] for start in range(0, len(texts), shard)]
    return step.originals([np.concatenate([step.signatures(page(t)) for t in p]) for p in parts])


def near_copies(seed, stories=60):
    """Stories, some with a few words changed, in a random order."""
    rng = random.Random(seed)
    texts = []
    for story in world.corpus("train", stories):
        texts.append(story.text)
        for rate in rng.sample((0.002, 0.01, 0.03, 0.1), rng.randint(0, 2)):
            changed = [w if rng.random() > rate else "otherwise" for w in story.text.split(" ")]
            texts.append(" ".join(changed))
    rng.shuffle(texts)
    return texts


@given(TEXTS, st.integers(1, 4), st.sampled_from([1, 5, 1 << 20]))
def test_hashes_are_equal_where_ngrams_are(text, n, block):
    ngrams.BLOCK, before = block, ngrams.BLOCK
    try:
        hashes = np.concatenate(list(ngram_hashes(text, n))).tolist()
    finally:
        ngrams.BLOCK = before
    words = normalize(text).split(" ")
    slow = [tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))]
    assert len(hashes) == len(slow)
    assert len(set(zip(hashes, slow, strict=True))) == len(set(hashes)) == len(set(slow))


def test_hashes_do_not_depend_on_the_place():
    (alone,) = next(ngram_hashes("over the hill", 3))
    later = next(ngram_hashes("far away, and then Over the Hill! we went", 3))
    assert later[4] == alone
    assert sum(later == alone) == 1


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_components_equal_those_of_one_link_at_a_time(links):
    sets = UnionFind(12)
    for part in (links[: len(links) // 2], links[len(links) // 2 :]):
        pairs = np.array(part, dtype=np.int64).reshape(-1, 2)
        sets.union(pairs[:, 0], pairs[:, 1])
    assert sets.root.tolist() == connected(12, links)


@given(st.lists(st.sampled_from(["a", "A", "b", "", "a "]), min_size=1, max_size=30))
def test_the_first_of_equal_documents_stays(texts):
    assert originals(ExactDedup(), texts).tolist() == [texts.index(text) for text in texts]


def test_copied_lines_go_whatever_their_case_and_numbers():
    step = LineDedup(min_characters=8)
    texts = [
        "Home | About us\nA story of rain.\n\nPage 1 of 9",
        "HOME | about us\nA story of snow.\n\nPage 2 of 9",
        "Home | About us\n page 77 of 12 ",
        "short\nshort\n",
    ]
    found = originals(step, texts, shard=2)
    copied = found != np.arange(len(found))
    ends = np.cumsum([text.count("\n") + 1 for text in texts])
    parts = np.split(copied, ends[:-1])
    verdicts = [step.apply(page(text), part) for text, part in zip(texts, parts, strict=True)]
    assert [v.text for v in verdicts if isinstance(v, Document)] == [
        texts[0],
        "A story of snow.\n",
        texts[3],
    ]
    assert verdicts[2] == Dropped("only copied lines", "all of its lines came before")


def test_estimates_lie_within_their_standard_error_of_the_exact_jaccard():
    texts = near_copies(1)
    orders = permutations(256)
    signatures = [signature(text, 3, orders) for text in texts]
    errors = []
    for a, b in combinations(range(60), 2):
        exact = jaccard(texts[a], texts[b], 3)
        spread = max(0.01, (exact * (1 - exact) / 256) ** 0.5)
        errors.append((similarity(signatures[a], signatures[b]) - exact) / spread)
    assert abs(np.mean(errors)) < 0.25
    assert 0.5 < np.std(errors) < 1.25
    assert np.abs(errors).max() < 5


def test_signatures_are_those_of_datasketch_for_the_same_hashes_and_orders():
    datasketch = pytest.importorskip("datasketch")
    a, b = permutations(32)
    text = next(world.stories(3)).text
    # datasketch mixes a hash before it is permuted; ours are mixed already: so undo theirs.
    short = np.concatenate(list(ngram_hashes(text, 5))) >> np.uint64(32)
    theirs = datasketch.MinHash(
        num_perm=32, permutations=np.array([a[:, 0], b[:, 0]]), scheme="affine32", hashfunc=unmix
    )
    theirs.update_batch(short.tolist())
    assert theirs.hashvalues.tolist() == signature(text, 5, (a, b)).tolist()


def unmix(value):
    """The inverse of MurmurHash3's finalizer for 32 bits."""
    value ^= value >> 16
    value = value * pow(0xC2B2AE35, -1, 1 << 32) % (1 << 32)
    value ^= (value >> 13) ^ (value >> 26)
    value = value * pow(0x85EBCA6B, -1, 1 << 32) % (1 << 32)
    return value ^ (value >> 16)


@pytest.mark.parametrize(("bands", "rows"), [(14, 8), (20, 5)])
def test_clusters_are_those_of_datasketch_for_the_same_signatures(bands, rows):
    datasketch = pytest.importorskip("datasketch")
    texts = near_copies(2)
    step = MinHashDedup(bands, rows)
    index = datasketch.MinHashLSH(num_perm=bands * rows, params=(bands, rows))
    links = []
    for number, text in enumerate(texts):
        (values,) = step.signatures(page(text))
        theirs = datasketch.MinHash(hashvalues=values, scheme="affine32")
        links += [(number, other) for other in index.query(theirs)]
        index.insert(number, theirs)
    assert len(links) > 20
    assert originals(step, texts).tolist() == connected(len(texts), links)


def test_pairs_verified_by_the_exact_jaccard_are_those_of_datasketchs_own_hashes():
    """Other hashes find other false pairs; what is truly alike is found by both."""
    datasketch = pytest.importorskip("datasketch")
    texts = near_copies(3)
    pairs = combinations(range(len(texts)), 2)
    alike = {(a, b) for a, b in pairs if jaccard(texts[a], texts[b], 5) >= 0.9}
    bands, rows = 14, 8
    index = datasketch.MinHashLSH(num_perm=bands * rows, params=(bands, rows))
    found = set()
    for number, text in enumerate(texts):
        words = normalize(text).split()
        theirs = datasketch.MinHash(num_perm=bands * rows)
        theirs.update_batch([" ".join(words[i : i + 5]).encode() for i in range(len(words) - 4)])
        found |= {(other, number) for other in index.query(theirs)}
        index.insert(number, theirs)
    root = originals(MinHashDedup(bands, rows), texts)
    assert len(alike) > 20
    assert alike == {pair for pair in found if pair in alike}
    assert all(root[a] == root[b] for a, b in alike)


@pytest.mark.parametrize(("bands", "rows"), [(14, 8), (9, 3)])
def test_the_s_curve_predicts_how_many_pairs_are_linked(bands, rows):
    step = MinHashDedup(bands, rows, ngram=1)
    for shared in (20, 40, 60, 80):
        hits, pairs = 0, 250
        for pair in range(pairs):
            common = [f"common{pair}x{n}" for n in range(shared)]
            own = ([f"{side}{pair}x{n}" for n in range(100 - shared)] for side in "ab")
            sides = [" ".join(common + words) for words in own]
            hits += int(originals(step, sides)[1] == 0)
        expected = float(s_curve(shared / (200 - shared), bands, rows))
        spread = max(0.005, (expected * (1 - expected) / pairs) ** 0.5)
        assert abs(hits / pairs - expected) < 4 * spread


def test_near_copies_on_real_pages_equal_the_exact_clusters(real_file):
    texts = [document.text for document in read(real_file("text/c4-demo.jsonl"))][:120]
    rng = random.Random(5)
    copies = [" ".join(w for w in text.split() if rng.random() > 0.002) for text in texts[:40]]
    root = originals(MinHashDedup(), texts + copies)
    alike = [(n, 120 + n) for n in range(40) if jaccard(texts[n], copies[n], 5) > 0.9]
    assert len(alike) >= 30
    assert all(root[a] == root[b] for a, b in alike)
    linked_pairs = [(int(root[n]), n) for n in range(160) if root[n] != n]
    assert all(jaccard((texts + copies)[a], (texts + copies)[b], 5) > 0.4 for a, b in linked_pairs)


def test_short_and_empty_texts_are_compared_as_a_whole():
    texts = ["Yes.", "yes!", "No.", "", "...", "yes yes"]
    assert originals(MinHashDedup(), texts).tolist() == [0, 0, 2, 3, 3, 5]


def test_impossible_bands_are_refused():
    with pytest.raises(InputError, match="expected at least 1 band"):
        MinHashDedup(bands=0)


FILLER = "Nobody in the village had seen such weather since the old bridge was built. " * 8
QUESTION = "Which of the three brothers carried the red basket over the frozen river in winter?"


def test_a_question_is_cut_out_with_its_surroundings():
    known = evaluation_ngrams([QUESTION])
    text = f"{FILLER}{QUESTION.upper()} {FILLER}"
    cut = Decontaminate(known, min_piece=50)(page(text))
    assert "basket" not in cut.text.lower()
    left, right = cut.text.split("\n\n")
    assert FILLER.startswith(left)
    assert FILLER.endswith(right)
    assert len(left) == len(FILLER) - 200


def test_what_is_too_short_or_too_torn_is_dropped():
    known = evaluation_ngrams([QUESTION])
    assert Decontaminate(known)(page(QUESTION)).rule == "contaminated"
    torn = (FILLER + QUESTION) * 12
    assert Decontaminate(known)(page(torn)).rule == "contaminated"
    assert Decontaminate(known, max_pieces=20)(page(torn)).text.count("\n\n") == 11
    clean = page(FILLER)
    assert Decontaminate(known)(clean) is clean


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), min_size=3))
def test_nothing_known_is_left_in_any_piece(words, question):
    known = evaluation_ngrams([" ".join(question)], 3)
    step = Decontaminate(known, 3, window=0, min_piece=1, max_pieces=99)
    verdict = step(page(" ".join(words)))
    grams = {tuple(question[i : i + 3]) for i in range(len(question) - 2)}
    hit = any(tuple(words[i : i + 3]) in grams for i in range(len(words) - 2))
    pieces = verdict.text.split("\n\n") if isinstance(verdict, Document) else []
    for piece in pieces:
        left = piece.split()
        assert not any(tuple(left[i : i + 3]) in grams for i in range(len(left) - 2))
    assert hit or pieces == [" ".join(words)]


def test_the_ngram_follows_the_shortest_questions():
    assert choose_ngram(["w " * 5] * 2 + ["w " * 40] * 98) == 13
    assert choose_ngram(["w " * 11] * 10 + ["w " * 40] * 90) == 11
    for empty in (choose_ngram, evaluation_ngrams):
        with pytest.raises(InputError, match="expected texts to keep out"):
            empty([])


@given(st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=5), st.integers(1, 30))
def test_keys_compared_in_parts_are_those_compared_at_once(shards, at_once):
    keys = [np.array(shard, dtype=np.uint64) for shard in shards]
    every = [key for shard in shards for key in shard]
    found = np.full(len(every), -1)
    for places, firsts in groups(keys, len(every), at_once):
        found[places] = firsts
    assert found.tolist() == [every.index(key) for key in every]
    assert first_copies(keys).tolist() == found.tolist()
    if every:
        columns = [part[:, None] for part in keys]
        assert (LineDedup().copied(columns) == (found != np.arange(len(every)))).all()
