"""A shard gives back what was written, and refuses to be anything else."""

import hashlib
import json
import pickle
import resource
import signal
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.data import Shard, Shards, read_header, verify_shard
from scratchlm.data.shard_header import HEADER_BYTES
from scratchlm.data.shard_writer import ShardWriter
from scratchlm.errors import InputError
from scratchlm.storage import fingerprint
from scratchlm.tokenizer import Tokenizer

documents = st.lists(st.lists(st.integers(0, 256), max_size=12), min_size=1).filter(any)


@given(documents, st.booleans())
@settings(max_examples=25, deadline=None)
def test_documents_come_back_from_disk(tmp_path_factory, bytewise, wide, rows, large):
    path = tmp_path_factory.mktemp("shard") / "a.shard"
    tokenizer = wide if large else bytewise
    rows = [[*row, tokenizer.vocab_size - 1] for row in rows] if large else rows
    header = Shard.of(rows).save(path, tokenizer)
    shard = Shard.load(path, tokenizer.fingerprint)
    assert [shard.document(index).tolist() for index in range(len(shard))] == rows
    assert shard.tokens.dtype == ("uint32" if large else "uint16")
    assert isinstance(shard.tokens, np.memmap)
    assert verify_shard(path) == read_header(path) == header


def test_any_program_can_read_the_file(tmp_path, bytewise):
    """The format in four lines, without the package."""
    Shard.of([[1, 2, 256], [3, 4]]).save(tmp_path / "a.shard", bytewise)
    content = (tmp_path / "a.shard").read_bytes()
    header, body = json.loads(content[:512]), content[512:]
    assert np.frombuffer(body, header["dtype"], header["tokens"]).tolist() == [1, 2, 256, 3, 4]
    assert np.frombuffer(body, "<i8")[-header["documents"] - 1 :].tolist() == [0, 3, 5]
    assert header["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert header.pop("sha256") == fingerprint(header)
    assert (header["format"], header["version"]) == ("scratchlm shard", 2)
    assert (header["tokenizer"], header["vocab_size"]) == (bytewise.fingerprint, 257)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=20).filter(any), st.integers(1, 5), st.data()
)
@settings(max_examples=100, deadline=None)
def test_many_shards_are_one_text(numbered, lengths, parts, data):
    shards = numbered(lengths, parts)
    assert shards.lengths.sum() == shards.tokens
    ends = np.cumsum(shards.lengths)
    for index, end in enumerate(ends):
        assert shards.document(index).tolist() == list(range(end - shards.lengths[index], end))
    with pytest.raises(IndexError):
        shards.document(len(shards))
    last = data.draw(st.integers(1, shards.tokens))
    first = data.draw(st.integers(0, last - 1))
    assert shards.read(first, last).tolist() == list(range(first, last))


def test_another_process_is_told_the_name_and_not_the_tokens(tmp_path, bytewise):
    path = tmp_path / "a.shard"
    Shard.of([range(257)] * 500).save(path, bytewise)
    message = pickle.dumps(Shards([Shard.load(path)]))
    assert len(message) < 1000 < path.stat().st_size
    assert pickle.loads(message).read(300, 303).tolist() == [43, 44, 45]
    in_memory = pickle.loads(pickle.dumps(Shard.of([[1, 2], [3]])))
    assert [in_memory.document(index).tolist() for index in range(2)] == [[1, 2], [3]]


def test_memory_does_not_grow_with_the_tokens(tmp_path, bytewise):
    row = np.arange(200_000) % 257
    tracemalloc.start()
    with ShardWriter(tmp_path / "a.shard", bytewise) as writer:
        writer.append(row)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            writer.append(row)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert peak < 3_000_000 < 20_000_000 < (tmp_path / "a.shard").stat().st_size


def write(path, tokenizer=None, rows=((1, 2, 3), (4, 5))):
    return Shard.of(rows).save(path, tokenizer or Tokenizer([]))


def rewrite_header(path, **changes):
    content = path.read_bytes()
    header = {**json.loads(content[:HEADER_BYTES]), **changes}
    header = {name: value for name, value in header.items() if value is not None}
    header["sha256"] = fingerprint({name: header[name] for name in header if name != "sha256"})
    line = json.dumps(header)
    path.write_bytes(line.encode().ljust(HEADER_BYTES) + content[HEADER_BYTES:])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, "expected a scratchlm shard of version 2, found 1; use the release"),
        ({"format": "other"}, "found another kind of file"),
        ({"tokens": 9}, "expected 560 bytes, as its header says, found 552"),
        ({"documents": 3}, "expected 560 bytes"),
        ({"dtype": "uint32"}, "expected uint16 for 257 ids, found uint32"),
        ({"tokens": None}, "expected the field tokens, found none"),
        ({"tokens": "5"}, "tokens: expected int, found '5'"),
        ({"tokens": 6}, "expected documents from token 0 to 6, found them from 0 to 5"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, change, message):
    write(path := tmp_path / "a.shard")
    rewrite_header(path, **change)
    with pytest.raises(InputError, match=message) as error:
        Shard.load(path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize("size", [0, 10, 511, 512, 530, 551])
def test_a_truncated_shard_is_refused(tmp_path, size):
    write(path := tmp_path / "a.shard")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match=r"a\.shard: expected"):
        Shard.load(path)


def test_a_missing_and_a_foreign_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="found No such file"):
        Shard.load(tmp_path / "a.shard")
    (tmp_path / "a.shard").write_bytes(b"PK\x03\x04" * 1000)
    with pytest.raises(InputError, match="another kind of file"):
        Shard.load(tmp_path / "a.shard")


def test_a_shard_of_another_tokenizer_is_refused(tmp_path, bytewise, wide):
    write(path := tmp_path / "a.shard", bytewise)
    with pytest.raises(InputError, match=f"those of {bytewise.fingerprint[:12]}"):
        Shard.load(path, wide.fingerprint)


def test_every_flipped_bit_is_found(tmp_path):
    write(path := tmp_path / "a.shard")
    content = path.read_bytes()
    for place in range(HEADER_BYTES, len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(InputError, match="expected"):
            verify_shard(path)


def test_an_id_that_does_not_exist_is_refused(tmp_path, bytewise, wide):
    path = tmp_path / "a.shard"
    for wrong in (257, 60_000):
        with pytest.raises(InputError, match=f"1: expected ids from 0 to 256, found {wrong}"):
            write(path, bytewise, [[1], [2, wrong, 3]])
    assert not list(tmp_path.iterdir())
    # A program that writes shards of its own can get the sum right and the ids wrong.
    write(path, wide, [[65_792]])
    rewrite_header(path, vocab_size=65_700)
    with pytest.raises(InputError, match="expected ids below 65700, found 65792"):
        verify_shard(path)
    with pytest.raises(InputError, match="expected ids from 0 on, found -3"):
        Shard.of([[1, -3]])
    with pytest.raises(InputError, match=r"below 2\*\*32"):
        Shard.of([[2**32]])


def test_nothing_is_not_a_shard(tmp_path, bytewise):
    with (
        pytest.raises(InputError, match="is the text empty"),
        ShardWriter(tmp_path / "a", bytewise),
    ):
        pass
    with pytest.raises(InputError, match="expected at least one, found none"):
        Shards([])
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_what_was_there(tmp_path, bytewise):
    """The system refuses to write more than 4 KiB to a file, as a full disk would."""
    write(path := tmp_path / "a.shard")
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        for count in (1, 200):  # refused when it is closed, and while it is written
            with pytest.raises(InputError, match="free some space"):
                write(path, bytewise, [range(256)] * 10 * count)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
