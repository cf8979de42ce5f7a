"""The pipeline: the same output however it runs, whatever interrupts it; nothing uncounted."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scratchlm import storage, world
from scratchlm.corpus import (
    C4,
    Document,
    Dropped,
    ExactDedup,
    GopherQuality,
    GopherRepetition,
    LineDedup,
    MaskPII,
    MinHashDedup,
    Pipeline,
    Step,
    read,
    read_shard,
    shard_paths,
)
from scratchlm.corpus.pipeline.shards import to_line
from scratchlm.errors import InputError
from scratchlm.world.dumps import (
    CrawlConfig,
    EncyclopediaConfig,
    Extent,
    write_crawl,
    write_encyclopedia,
)

STEPS = (
    GopherQuality(min_words=20, min_stop_words=1),
    ExactDedup(),
    GopherRepetition(),
    C4(min_sentences=2),
    MinHashDedup(),
    LineDedup(),
    MaskPII(),
)
SMALL = 20_000  # bytes in a shard, so that there are several


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """Two files of stories with spam, menus, copies and near-copies among them."""
    folder = tmp_path_factory.mktemp("crawl")
    rng = random.Random(1)
    texts = []
    for story in world.corpus("train", 80):
        texts.append("Home | Stories | About this village\n" + story.text)
        if rng.random() < 0.3:
            texts.append(texts[rng.randrange(len(texts))])
        if rng.random() < 0.3:
            texts.append(story.text.replace("the", "a", 1) + " Write to ann@mill.org today.")
        if rng.random() < 0.2:
            texts.append("buy " * rng.randint(5, 60))
    half = len(texts) // 2
    for name, part in (("a.jsonl", texts[:half]), ("b.jsonl", texts[half:])):
        lines = [json.dumps({"text": text, "license": "CC0"}) + "\n" for text in part]
        (folder / name).write_text("".join(lines))
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def expected(crawl, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "out"
    Pipeline(STEPS, SMALL).run([crawl], out)
    return contents(out)


def slow(steps, documents):
    """What a pipeline is to do, in memory and step by step: the reference."""
    kept, counts = list(documents), []
    for step in steps:
        if isinstance(step, Step):
            verdicts = [step(document) for document in kept]
        else:
            parts = [step.signatures(document) for document in kept]
            roots, verdicts, row = step.originals(parts).tolist(), [], 0
            for document, part in zip(kept, parts, strict=True):
                rows = range(row, row := row + len(part))
                verdicts.append(step.apply(document, step_copies(roots, rows)))
        counts.append(Counter(v.rule for v in verdicts if isinstance(v, Dropped)))
        kept = [verdict for verdict in verdicts if isinstance(verdict, Document)]
    return kept, counts


def step_copies(roots, rows):
    return np.array([roots[row] != row for row in rows])


def test_the_output_is_that_of_the_steps_one_after_the_other(crawl, expected, tmp_path):
    documents = [page for file in sorted(crawl.iterdir()) for page in read(file)]
    kept, counts = slow(STEPS, documents)
    manifest = Pipeline(STEPS, SMALL).run([crawl], tmp_path / "out")
    found = [page for path in shard_paths(tmp_path / "out") for page in read_shard(path)]
    assert found == kept
    assert [step.dropped for step in manifest.stats] == counts
    assert contents(tmp_path / "out") == expected
    assert len(manifest.shards) > 3
    assert [bool(count) for count in counts[:2]] == [True, True]
    assert counts[4]["near copy"] > 5


def test_every_document_and_byte_is_accounted_for(crawl, tmp_path):
    manifest = Pipeline(STEPS, SMALL).run([crawl], tmp_path / "out")
    documents = [page for file in sorted(crawl.iterdir()) for page in read(file)]
    first, *_, last = manifest.stats
    assert first.documents_in == len(documents)
    assert first.bytes_in == sum(len(page.text.encode()) for page in documents)
    for step in manifest.stats:
        assert step.documents_in == step.documents_out + sum(step.dropped.values())
    for before, after in zip(manifest.stats, manifest.stats[1:], strict=False):
        assert (before.documents_out, before.bytes_out) == (after.documents_in, after.bytes_in)
    found = [page for path in shard_paths(tmp_path / "out") for page in read_shard(path)]
    assert last.documents_out == manifest.documents == len(found)
    assert last.bytes_out == sum(len(page.text.encode()) for page in found)
    origins = {(origin["source"], origin["license"]): origin for origin in manifest.origins}
    assert set(origins) == {("a", "CC0"), ("b", "CC0")}
    assert sum(origin["bytes"] for origin in origins.values()) == last.bytes_out
    for shard in manifest.shards:
        content = (tmp_path / "out" / shard["name"]).read_bytes()
        assert (storage.sha256(content), len(content)) == (shard["sha256"], shard["bytes"])
    for found_in, file in zip(manifest.inputs, sorted(crawl.iterdir()), strict=True):
        assert found_in["sha256"] == storage.sha256(file.read_bytes())


def test_over_processes_it_is_the_same_byte_for_byte(crawl, expected, tmp_path):
    Pipeline(STEPS, SMALL).run([crawl], tmp_path / "out", workers=2)
    assert contents(tmp_path / "out") == expected


def test_on_ray_it_is_the_same_byte_for_byte(crawl, expected, tmp_path, monkeypatch):
    pytest.importorskip("ray.data")
    import ray

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        num_cpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=80_000_000
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        Pipeline(STEPS, SMALL).run([crawl], tmp_path / "out", executor="ray")
        assert contents(tmp_path / "out") == expected
        bad = tmp_path / "bad.jsonl"
        bad.write_text("no JSON\n")
        with pytest.raises(
            InputError, match=r"bad\.jsonl: line at byte 0: expected one JSON object"
        ):
            Pipeline(STEPS, SMALL).run([bad], tmp_path / "other", executor="ray")
    finally:
        ray.shutdown()


def test_a_crawl_and_a_dump_go_through_as_they_are(tmp_path):
    """WARC and MediaWiki XML come out as the readers give them, each text once."""
    write_crawl(tmp_path / "in", CrawlConfig(), Extent(items=40))
    write_encyclopedia(tmp_path / "in", EncyclopediaConfig(), Extent(items=40))
    files = [tmp_path / "in" / name for name in ("crawl.warc.gz", "pages-articles.xml.bz2")]
    Pipeline((ExactDedup(),), SMALL).run(files, tmp_path / "out")
    read_in = {page.text for file in files for page in read(file)}
    cleaned = [page.text for path in shard_paths(tmp_path / "out") for page in read_shard(path)]
    assert len(cleaned) == len(set(cleaned)) > 40
    assert set(cleaned) == read_in


KILLED = """
import os, signal, sys
from pathlib import Path
from scratchlm import storage
from scratchlm.corpus import *

left = int(sys.argv[3])
replace = Path.replace

def last_breath(self, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = last_breath
steps = (GopherQuality(min_words=20, min_stop_words=1), ExactDedup(), GopherRepetition(),
         C4(min_sentences=2), MinHashDedup(), LineDedup(), MaskPII())
Pipeline(steps, 20_000).run([Path(sys.argv[1])], Path(sys.argv[2]))
"""


@pytest.mark.parametrize("files", [3, 12, 40, 70])
def test_killed_in_the_middle_it_resumes_to_the_same_output(crawl, expected, tmp_path, files):
    """Killed with signal 9 when so many files have been written, before the next appears."""
    out = tmp_path / "out"
    script = [sys.executable, "-c", KILLED, str(crawl), str(out), str(files)]
    paths = {**os.environ, "PYTHONPATH": str(Path(storage.__file__).parents[2])}
    assert subprocess.run(script, env=paths, check=False).returncode == -signal.SIGKILL
    assert not (out / "manifest.json").exists()
    assert any((out / ".work").iterdir())
    Pipeline(STEPS, SMALL).run([crawl], out)
    assert contents(out) == expected


def test_finished_files_are_not_made_again(crawl, expected, tmp_path, monkeypatch):
    out = tmp_path / "out"
    full = disk_of(monkeypatch, files=30)
    with pytest.raises(InputError, match="No space left on device; free some space"):
        Pipeline(STEPS, SMALL).run([crawl], out)
    monkeypatch.undo()
    written = [path for path in out.rglob("*") if path.is_file() and path.suffix != ".safetensors"]
    assert len(written) >= 30 - 12  # the rest are signatures
    assert not any(path.name.startswith(".") for path in written)
    for path in out.rglob("*.json*"):  # a full disk leaves whole files only
        content = path.read_bytes()
        lines = content.splitlines() if path.suffix == ".jsonl" else [content]
        assert all(json.loads(line) for line in lines)
    again = disk_of(monkeypatch, files=10_000)
    Pipeline(STEPS, SMALL).run([crawl], out)
    assert contents(out) == expected
    monkeypatch.undo()
    straight = disk_of(monkeypatch, files=10_000)
    Pipeline(STEPS, SMALL).run([crawl], tmp_path / "straight")
    # All that is made twice are a shard's rows, signatures and documents, if its notes are missing.
    assert 0 <= len(again) + len(full) - len(straight) <= 3


def disk_of(monkeypatch, files):
    """A disk that is full after so many files; returns those that it took."""
    taken = []

    def force(descriptor):
        if len(taken) == files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken.append(descriptor)

    monkeypatch.setattr(os, "fsync", force)
    return taken


def test_a_finished_folder_is_left_alone(crawl, expected, tmp_path):
    out = tmp_path / "out"
    first = Pipeline(STEPS, SMALL).run([crawl], out)
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert Pipeline(STEPS, SMALL).run([crawl], out) == first
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times


def test_a_folder_of_another_run_is_refused(crawl, tmp_path):
    out = tmp_path / "out"
    Pipeline((MaskPII(),)).run([crawl], out)
    with pytest.raises(InputError, match=r"out: expected a folder of the same run.*other steps"):
        Pipeline((MaskPII("*"),)).run([crawl], out)
    with pytest.raises(InputError, match="other inputs"):
        Pipeline((MaskPII(),)).run([crawl / "a.jsonl"], out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(InputError, match="mine: expected a new or an empty folder"):
        Pipeline((MaskPII(),)).run([crawl], tmp_path / "mine")


def test_inputs_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="expected a file or a folder, found nothing"):
        Pipeline(()).run([tmp_path / "none"], tmp_path / "out")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError, match="expected a document in 1 files, found none"):
        Pipeline(()).run([tmp_path / "empty.jsonl"], tmp_path / "out")
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(InputError, match="expected at least 1 worker, found 0"):
        Pipeline(()).run([tmp_path / "in.jsonl"], tmp_path / "other", workers=0)


def test_when_every_document_is_dropped_the_pipeline_still_ends(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "too short"}\n' * 3)
    steps = (GopherQuality(), ExactDedup(), LineDedup(), MinHashDedup(), MaskPII())
    manifest = Pipeline(steps).run([tmp_path / "in.jsonl"], tmp_path / "out")
    assert manifest.documents == 0
    assert [step.documents_in for step in manifest.stats] == [3, 0, 0, 0, 0]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=12),
    sizes=st.lists(st.integers(1, 400), min_size=2, max_size=2),
)
def test_the_size_of_shards_changes_nothing_but_the_files(tmp_path_factory, texts, sizes):
    folder = tmp_path_factory.mktemp("sizes")
    texts.append("What is blank is left out when it is read, and something has to stay.")
    (folder / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    steps = (LineDedup(min_characters=1), ExactDedup(), MinHashDedup(2, 2, 1))
    outputs = []
    for number, size in enumerate(sizes):
        Pipeline(steps, size).run([folder / "in.jsonl"], folder / str(number))
        paths = shard_paths(folder / str(number))
        outputs.append(b"".join(path.read_bytes() for path in paths))
    assert outputs[0] == outputs[1]


def test_what_was_cleaned_before_keeps_its_source_and_its_license(tmp_path):
    """The shards of one run, some of them empty, are the input of the next."""
    inputs = [tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    for path, text in zip(inputs, ("One.", "One.", "Two."), strict=True):
        path.write_text(json.dumps({"text": text, "source": "wiki", "license": "CC0"}) + "\n")
    Pipeline((ExactDedup(),)).run(inputs, tmp_path / "one")
    assert min(path.stat().st_size for path in shard_paths(tmp_path / "one")) == 0
    manifest = Pipeline(()).run(shard_paths(tmp_path / "one"), tmp_path / "two")
    assert [(o["source"], o["license"], o["documents"]) for o in manifest.origins] == [
        ("wiki", "CC0", 2)
    ]


def test_half_a_surrogate_pair_does_no_harm(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a \\\\ud83d b"}\n'.replace("\\\\", "\\"))
    Pipeline((ExactDedup(), MinHashDedup())).run([tmp_path / "in.jsonl"], tmp_path / "out")
    (document,) = read_shard(shard_paths(tmp_path / "out")[0])
    assert document.text == "a \ufffd b"


@pytest.mark.parametrize("line", [b"no\n", b"{}\n", b'{"text": "a"}\n', b"\xff\n"])
def test_a_damaged_shard_is_named(tmp_path, line):
    file = tmp_path / "00000-00000.jsonl"
    file.write_bytes(to_line(Document("Good.", id="1", source="web", end=1)) + line)
    shard = read_shard(file)
    assert next(shard).text == "Good."
    with pytest.raises(InputError, match="expected a document in line 2"):
        next(shard)
