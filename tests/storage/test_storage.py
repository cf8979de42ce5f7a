"""Files are whole or not there, and what is read is what was written or refused in one line."""

import json
import multiprocessing
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save
from scratchlm.errors import LONGEST, InputError, quote
from scratchlm.storage import (
    AtomicFile,
    Envelope,
    append,
    from_fields,
    open_tensors,
    parse_json,
    read_file,
    read_json,
    seal_tensors,
    write_atomically,
)

REMEDY = "write it again"


def test_a_killed_writer_leaves_the_old_file_and_a_draft_that_the_next_one_takes(tmp_path):
    write_atomically(path := tmp_path / "state", b"old")
    if (child := os.fork()) == 0:
        AtomicFile(path).write(b"a half" * 1000)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2
    write_atomically(path, b"new")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"new"]


def test_a_failed_writer_leaves_nothing(tmp_path):
    def write():
        with AtomicFile(tmp_path / "a") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def write_often(path, letter):
    for _ in range(50):
        write_atomically(path, letter * 5000)


def test_writers_at_once_never_mix_their_bytes(tmp_path):
    context = multiprocessing.get_context("fork")
    path = tmp_path / "shared"
    writers = [context.Process(target=write_often, args=(path, letter)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            assert path.read_bytes() in (b"a" * 5000, b"b" * 5000)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    write_atomically(path := tmp_path / "state", b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        for write in (write_atomically, append):
            with pytest.raises(InputError, match=r"state: .* found File too large; free some"):
                write(path, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes().startswith(b"old")  # what was appended may be there in part


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="file: expected a folder, found a file; name another"):
        write_atomically(tmp_path / "file" / "a", b"content")
    for path, found in (
        (tmp_path / "file" / "a" / "b", "Not a directory"),
        (tmp_path / "folder", "Is a directory"),
        (tmp_path / ("a" * 255), "File name too long"),
    ):
        with pytest.raises(InputError, match=rf"{path}: .*{found}; name another place"):
            write_atomically(path, b"content")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"a": 1', "JSON, found Expecting"),
        (b"", "JSON, found Expecting"),
        (b'{"a": "\xff"}', "JSON, found 'utf-8' codec"),
        (b'{"a": NaN}', "JSON, found NaN"),
        (b'{"a": 1e999}', "JSON, found 1e999"),
        (b'{"a": %s}' % (b"9" * 5000), "JSON, found Exceeds the limit"),
        (b'{"a": 1, "a": 1}', "JSON, found the name 'a' twice"),
        (b"[" * 40 + b"]" * 40, "at most 32 levels, found more"),
        (b"[" * 100_000, "at most 32 levels, found more"),
        (b"[1, 2]", r"a JSON object, found \[1, 2\]"),
        (b" " * 200_001, "at most 200,000 bytes, found 200,001"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path, content, found):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.json: expected .*{found}.*; {REMEDY}$"):
        read_json(tmp_path / "a.json", REMEDY, limit=200_000)


def test_a_byte_order_mark_does_not_matter():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', "a.json", REMEDY) == {"a": 1}


@dataclass(frozen=True)
class Inner:
    kind: Literal["x", "y"]


@dataclass(frozen=True)
class Outer:
    count: int
    share: float
    inner: Inner
    names: tuple[str, ...] = ()
    pair: tuple[int, str] | None = None
    table: dict[str, list[int]] | None = None
    either: float | Literal["auto"] = "auto"
    notes: Any = None

    def __post_init__(self):
        if self.count < 1:
            raise InputError(f"count: expected at least 1, found {self.count}")


WHOLE = {"count": 1, "share": 2, "inner": {"kind": "x"}}


def test_fields_become_a_dataclass_of_their_types():
    found = from_fields(
        Outer,
        {**WHOLE, "names": ["a"], "pair": [1, "b"], "table": {"t": [3]}, "either": 1, "notes": [1]},
        "a.json",
        REMEDY,
    )
    assert found == Outer(1, 2.0, Inner("x"), ("a",), (1, "b"), {"t": [3]}, 1.0, [1])
    assert type(found.share) is type(found.either) is float


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": True}, "count: expected int, found True"),
        ({"count": 1.0}, "count: expected int, found 1.0"),
        ({"count": 0}, "count: expected at least 1, found 0"),
        ({"share": 10**400}, "share: expected float, found 1000"),
        ({"share": None}, "share: expected float, found None"),
        ({"inner": {"kind": "z"}}, "inner.kind: expected 'x' or 'y', found 'z'"),
        ({"inner": {}}, "inner: expected the field kind, found none"),
        ({"inner": [1]}, r"inner: expected an object, found \[1\]"),
        ({"names": ["a", 2]}, r"names\[1\]: expected str, found 2"),
        ({"names": "ab"}, "names: expected a list, found 'ab'"),
        ({"pair": [1]}, "pair: expected 2 values, found 1"),
        ({"table": {"t": [[]]}}, r"table\.t\[0\]: expected int, found \[\]"),
        ({"either": "none"}, "either: expected 'auto', found 'none'"),
        ({"more": 1}, "expected no field 'more', found one"),
    ],
)
def test_a_field_of_another_type_is_refused_and_named(change, message):
    with pytest.raises(InputError, match=rf"^a\.json: {message}.*; {REMEDY}$"):
        from_fields(Outer, {**WHOLE, **change}, "a.json", REMEDY)


@dataclass(frozen=True)
class Note:
    loss: float
    names: dict[str, Any]


NOTES = Envelope("note", 3, Note, REMEDY)


def test_every_change_of_an_envelope_is_refused_or_changes_nothing(tmp_path):
    note = Note(1 / 3, {"10": [1, None], "9": "ä"})
    NOTES.save(path := tmp_path / "note.json", note)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for changed in (whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
                        whole[:place] + whole[place + 1 :]):  # fmt: skip
            with suppress(InputError):
                assert NOTES.unpack(changed, path) == note
    Envelope("note", 4, Note, REMEDY).save(path, note)
    with pytest.raises(InputError, match=r"version 3, found 4; use the release .* or write it"):
        NOTES.load(path)


def test_every_bit_of_sealed_tensors_counts(tmp_path):
    tensors = {"b": np.arange(3, dtype=np.float32), "a": np.ones((2, 2), dtype=np.uint8)}
    whole = seal_tensors(save(tensors), {"note": "two", "more": "ä"})
    (path := tmp_path / "a.safetensors").write_bytes(whole)
    assert open_tensors(path, REMEDY) == {"note": "two", "more": "ä"}
    assert all(np.array_equal(load_file(path)[name], tensors[name]) for name in tensors)
    assert list(load_file(path)) == ["b", "a"]
    for place in range(len(whole)):
        for bit in (1, 32):
            changed = bytearray(whole)
            changed[place] ^= bit
            path.write_bytes(changed)
            if place >= len(whole) - 16:
                with pytest.raises(InputError, match="it was changed or damaged"):
                    open_tensors(path, REMEDY)
            with suppress(InputError):
                assert open_tensors(path, REMEDY) == {"note": "two", "more": "ä"}
                assert list(load_file(path)) == ["b", "a"]


def test_unsealed_tensors_are_told_apart(tmp_path):
    (path := tmp_path / "a.safetensors").write_bytes(save({"x": np.ones(2)}))
    with pytest.raises(InputError, match="file that scratchlm wrote, found another"):
        open_tensors(path, REMEDY)
    with pytest.raises(InputError, match="found No such file"):
        open_tensors(tmp_path / "none", REMEDY)
    with pytest.raises(InputError, match="found Is a directory"):
        read_file(tmp_path, REMEDY)


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(
    st.text(), inner)), st.text())  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_message_is_one_short_line(value, text):
    message = str(InputError(f"a  b.txt: found {quote(value)} and {text * 50}"))
    assert message.startswith("a  b.txt: found")
    assert len(message.splitlines()) == 1
    assert len(message) <= LONGEST + 3
    assert len(quote(json.dumps(value))) <= 60
