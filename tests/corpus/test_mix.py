"""Mixing: the weights hold everywhere, and nothing is drawn twice before all is drawn once."""

import json
from collections import Counter

import pytest
from scratchlm.corpus import Pipeline, WeightedCorpus, mix, read_shard, shard_paths
from scratchlm.errors import InputError


@pytest.fixture
def corpora(tmp_path):
    """Three corpora of 100 documents, of 10, 30 and 20 bytes each, in several shards."""
    for name, length in (("a", 10), ("b", 30), ("c", 20)):
        lines = [json.dumps({"text": f"{name}{n:<{length - 1}}"}) + "\n" for n in range(100)]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
        Pipeline((), shard_bytes=3000).run([tmp_path / f"{name}.jsonl"], tmp_path / name)
        assert len(shard_paths(tmp_path / name)) > 2
    return tmp_path


def drawn(folder):
    return [page for path in shard_paths(folder) for page in read_shard(path)]


def test_the_weights_hold_in_every_stretch(corpora):
    weights = {"a": 1, "b": 3, "c": 2}
    shares = [WeightedCorpus(corpora / name, weight) for name, weight in weights.items()]
    manifest = mix(shares, corpora / "out", 5000, shard_bytes=2000)
    found = drawn(corpora / "out")
    sizes = Counter()
    for number, page in enumerate(found):
        sizes[page.source.removesuffix(".jsonl")] += len(page.text)
        if number > 20:
            for name, weight in weights.items():
                assert abs(sizes[name] - sum(sizes.values()) * weight / 6) <= 30
    assert 5000 <= sum(sizes.values()) < 5030
    assert {o["source"].removesuffix(".jsonl"): o["bytes"] for o in manifest.origins} == sizes
    assert [step.bytes_out for step in manifest.stats] == [sizes[name] for name in "abc"]
    assert len(manifest.shards) > 2


def test_a_corpus_is_read_again_only_when_it_is_used_up(corpora):
    manifest = mix([WeightedCorpus(corpora / "a", 1)], corpora / "out", 2500)
    times = Counter(page.text for page in drawn(corpora / "out"))
    assert set(times.values()) == {2, 3}
    assert times.total() == 250
    assert manifest.inputs[0]["epochs"] == 2.5
    texts = [page.text for page in drawn(corpora / "out")]
    assert texts[:100] != texts[100:200]
    assert sorted(texts[:100]) == sorted(texts[100:200])


def test_the_seed_decides_and_nothing_else(corpora):
    shares = [WeightedCorpus(corpora / "a", 1), WeightedCorpus(corpora / "b", 1)]
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        mix(shares, corpora / name, 1500, seed=seed)
    one, two, three = ([page.text for page in drawn(corpora / n)] for n in ("one", "two", "three"))
    assert one == two != three
    assert mix(shares, corpora / "one", 1500) == mix(shares, corpora / "two", 1500)
    with pytest.raises(InputError, match="expected a folder of the same run"):
        mix(shares, corpora / "one", 1600)


def test_what_cannot_be_mixed_is_refused(corpora):
    a = WeightedCorpus(corpora / "a", 1)
    with pytest.raises(InputError, match=r"at most 4 times, found 1,000 bytes for 5,000"):
        mix([a], corpora / "out", 5000)
    for weight in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="weights and epochs above 0"):
            mix([WeightedCorpus(corpora / "a", weight)], corpora / "out", 10)
        with pytest.raises(InputError, match="weights and epochs above 0"):
            mix([a], corpora / "out", 10, max_epochs=weight)
    with pytest.raises(InputError, match="at least 1 byte"):
        mix([a], corpora / "out", 0)
    with pytest.raises(InputError, match="none: expected a folder with manifest"):
        mix([WeightedCorpus(corpora / "none", 1)], corpora / "out", 10)
    assert not (corpora / "out").exists()
