"""All three dumps: the same for a seed, as large as asked for, whole or not there, streamed."""

import bz2
import errno
import gzip
import hashlib
import json
import subprocess
import sys
import tracemalloc
from importlib.resources import files

import pytest
from scratchlm.errors import InputError
from scratchlm.world.dumps import (
    CrawlConfig,
    EncyclopediaConfig,
    Extent,
    ForumConfig,
    write_crawl,
    write_encyclopedia,
    write_forum,
)
from scratchlm.world.dumps.phrases import phrases
from scratchlm.world.dumps.stream import DUMPS, story_stream
from scratchlm.world.grammar import Call, Pick, parse_rules
from scratchlm.world.story import SEEDS

WRITE = {
    "crawl": (write_crawl, CrawlConfig),
    "encyclopedia": (write_encyclopedia, EncyclopediaConfig),
    "forum": (write_forum, ForumConfig),
}
OPEN = {".gz": gzip.decompress, ".bz2": bz2.decompress}
BIGGEST = 60_000  # bytes of the largest item: a bunch of eight threads


def content(file):
    return OPEN.get(file.suffix, bytes)(file.read_bytes())


def write(kind, folder, seed=0, **extent):
    function, config = WRITE[kind]
    return function(folder, config(seed), Extent(**extent))


@pytest.mark.parametrize("kind", WRITE)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(kind, tmp_path):
    first, again, other = (
        write(kind, tmp_path / name, seed, size=600_000)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]
    assert not {content(file) for file in first} & {content(file) for file in other}


@pytest.mark.parametrize("kind", WRITE)
def test_the_same_seed_gives_the_same_records_on_every_machine(kind, tmp_path):
    digest = hashlib.sha256()
    for file in write(kind, tmp_path, items=300 if kind != "forum" else 20):
        digest.update(content(file))
    assert digest.hexdigest() == SHA256[kind]


def test_the_order_of_sets_and_hashes_does_not_matter(tmp_path):
    """Another process, whose strings have other hashes, writes the same files."""
    program = (
        "import sys, pathlib; from scratchlm.world.dumps import *;"
        "write_crawl(pathlib.Path(sys.argv[1]), CrawlConfig(), Extent(items=100));"
        "write_forum(pathlib.Path(sys.argv[1]), ForumConfig(), Extent(items=5))"
    )
    for seed in ("1", "2"):
        folder, path = tmp_path / seed, ":".join(filter(None, sys.path))
        subprocess.run(
            [sys.executable, "-c", program, folder],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            check=True,
        )
    written = sorted(file.relative_to(tmp_path / "1") for file in (tmp_path / "1").rglob("*.*"))
    assert len(written) == 5
    for file in written:
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes()


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("size", [1, 10_000, 700_000])
def test_as_large_as_asked_for_and_at_most_an_item_larger(kind, size, tmp_path):
    dump = content(write(kind, tmp_path, size=size)[0])
    assert size <= len(dump) <= size + BIGGEST


@pytest.mark.parametrize("kind", WRITE)
def test_a_larger_dump_begins_with_the_smaller_one(kind, tmp_path):
    small, large = (
        write(kind, tmp_path / str(size), size=size)[-1].read_bytes() for size in (50_000, 400_000)
    )
    assert large.startswith(small)
    assert len(large) > len(small)


@pytest.mark.parametrize("kind", WRITE)
def test_memory_stays_flat_while_the_dump_grows(kind, tmp_path):
    write(kind, tmp_path, size=300_000)  # fills the caches of phrases and sites
    peaks = []
    for size in (200_000, 2_000_000):
        tracemalloc.start()
        write(kind, tmp_path, size=size)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 0.1 * 1_800_000  # the largest item seen may be larger
    assert peaks[1] < 10_000_000  # most of it is bzip2's block


@pytest.mark.parametrize("kind", WRITE)
def test_a_disk_that_fills_up_leaves_the_old_files_and_no_half_ones(kind, tmp_path):
    before = {file: file.read_bytes() for file in write(kind, tmp_path, items=2)}
    written = []

    def fill(size):
        written.append(size)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match="No space left on device"):
        write(kind, tmp_path, items=9, report=fill)
    left = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert left == before


@pytest.mark.parametrize("kind", WRITE)
def test_what_cannot_be_written_is_refused_in_one_sentence(kind, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="expected a folder that can be written"):
        write(kind, tmp_path / "file", items=1)
    with pytest.raises(InputError, match=f"{kind}: expected a seed of at least 0, found -1"):
        write(kind, tmp_path, seed=-1, items=1)
    with pytest.raises(InputError, match="expected a size of at least 1, found 0"):
        write(kind, tmp_path, size=0)
    with pytest.raises(InputError, match="found neither"):
        write(kind, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_no_two_dumps_tell_the_same_stories():
    streams = [story_stream(dump, seed) for dump in DUMPS for seed in range(50)]
    assert len(set(streams)) == len(streams)
    assert not set(streams) & set(SEEDS.values())


@pytest.mark.parametrize("name", ["en", "de", "fr", "es", "wiki", "forum"])
def test_phrase_files_call_only_rules_that_they_have(name):
    rules = phrases(name)
    for rule in rules.values():
        for option in rule.options:
            assert not any(isinstance(part, Pick) for part in option.parts)
            assert {part.rule for part in option.parts if isinstance(part, Call)} <= rules.keys()
    file = files("scratchlm.world.dumps") / "phrases" / f"{name}.txt"
    assert len(list(parse_rules(file.read_text(encoding="utf-8")))) == len(rules)


@pytest.mark.parametrize("kind", WRITE)
def test_labels_are_a_line_of_json_for_each_item(kind, tmp_path):
    lines = write(kind, tmp_path, size=100_000)[-1].read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    assert len(set(ids)) == len(ids) > 10


SHA256 = {
    "crawl": "a1620bd80fe04086b2f491abf16282e58fee4f8e94e2acbf5d08a66bf793c1e4",
    "encyclopedia": "89ddbabed7ffc110f6fb4b87c9305e032dc527da4003d6e3f2d77a663af6c80d",
    "forum": "a65c6d186820cc8bcb75877f7c69f3639b697a70418ab0ca5938386392486863",
}
