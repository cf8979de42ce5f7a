"""Texts become shards, whatever happens on the way."""

import errno
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.data import Shard, ShardIndex, Shards, encode_document, verify_shard, write_shards
from scratchlm.data.encode import BATCH, encode_documents
from scratchlm.errors import InputError
from scratchlm.storage import AtomicFile
from scratchlm.tokenizer import Tokenizer

SIZE = 3_000  # tokens in a shard: a few stories


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(st.lists(st.text(max_size=9), min_size=1, max_size=20), st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_shards_hold_every_document_once_and_no_more_than_they_may(
    tmp_path_factory, bytewise, texts, size
):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    folder = tmp_path_factory.mktemp("shards")
    index = write_shards(iter(texts), bytewise, folder, size)
    shards = Shards.load(folder, bytewise.fingerprint)
    rows = [encode_document(text, bytewise) for text in texts]
    assert [shards.document(number).tolist() for number in range(len(shards))] == rows
    assert (index.documents, index.tokens) == (len(rows), sum(map(len, rows)))
    for entry, following in zip(index.shards, [*shards.shards[1:], None], strict=True):
        assert entry.tokens <= size or entry.documents == 1
        assert verify_shard(folder / entry.name).body_sha256 == entry.sha256
        if following is not None:  # no room was left for the next document
            assert entry.tokens + len(following.document(0)) > size
    before = files(folder)
    write_shards(texts, bytewise, folder, size)  # nothing is left to do
    assert files(folder) == before


def test_several_processes_write_the_same_bytes(tmp_path, bytewise, texts):
    many = [text for text in texts for _ in range(40)]  # more than one batch
    assert sum(map(len, many)) > 2 * BATCH
    for workers in (1, 2):
        write_shards(iter(many), bytewise, tmp_path / str(workers), 50_000, workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_a_text_that_a_process_cannot_encode_is_named(bytewise):
    texts = ["fine"] * 3 + ["half a pair: \ud800"]
    for workers in (1, 2):
        with pytest.raises(InputError, match=r"document 13: .*surrogate"):
            list(encode_documents(texts, bytewise, workers=workers, first=10))
    with pytest.raises(InputError, match="workers: expected at least 1"):
        list(encode_documents(texts, bytewise, workers=0))


def test_texts_of_finished_shards_are_not_tokenized_again(tmp_path, bytewise, texts, monkeypatch):
    write_shards(texts, bytewise, tmp_path, SIZE)
    monkeypatch.setattr(type(bytewise), "encode", None)
    assert write_shards(texts, bytewise, tmp_path, SIZE).complete


def killed_at(moment, texts, tokenizer, folder):
    """Write shards in a process that the system kills at a moment; whether it came to that.

    Moments are counted in writes, renames and forced writes, just before and just after each.
    """
    child = os.fork()
    if child == 0:  # pragma: no cover
        passed = 0

        def watched(function):
            def call(*arguments, **options):
                nonlocal passed
                result = None
                for part in (None, function):
                    passed += 1
                    if passed == moment:
                        os.kill(os.getpid(), signal.SIGKILL)
                    result = part and part(*arguments, **options)
                return result

            return call

        AtomicFile.write = watched(AtomicFile.write)
        Path.replace, os.fsync = watched(Path.replace), watched(os.fsync)
        write_shards(texts, tokenizer, folder, SIZE)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_run_killed_at_any_moment_resumes_to_the_same_bytes(tmp_path, bytewise, texts):
    texts = texts[:12]
    whole, cut, copy = tmp_path / "whole", tmp_path / "cut", tmp_path / "copy"
    assert len(write_shards(texts, bytewise, whole, SIZE).shards) > 2
    moment = 1
    while killed_at(moment, texts, bytewise, cut):
        with pytest.raises(InputError):
            Shards.load(cut)  # unfinished, and says so
        if moment % 7 == 0:  # killed again while it resumes
            shutil.copytree(cut, copy)
            killed_at(5, texts, bytewise, copy)
            write_shards(texts, bytewise, copy, SIZE)
            assert files(copy).items() >= files(whole).items()
            shutil.rmtree(copy)
        write_shards(texts, bytewise, cut, SIZE)
        left = files(cut)
        assert {name: left[name] for name in left if not name.startswith(".")} == files(whole)
        shutil.rmtree(cut)
        moment += 1
    assert moment > 40
    assert files(cut) == files(whole)


def test_a_run_that_failed_keeps_its_finished_shards(tmp_path, bytewise, texts):
    def broken():
        yield from texts[:20]
        raise InputError("a.txt: expected UTF-8")

    with pytest.raises(InputError, match="expected UTF-8"):
        write_shards(broken(), bytewise, tmp_path / "a", SIZE)
    index = ShardIndex.load(tmp_path / "a")
    assert len(index.shards) > 1
    assert not index.complete
    assert all((tmp_path / "a" / entry.name).exists() for entry in index.shards)
    with pytest.raises(InputError, match="run the same command again"):
        Shards.load(tmp_path / "a")
    write_shards(texts, bytewise, tmp_path / "a", SIZE)
    write_shards(texts, bytewise, tmp_path / "b", SIZE)
    assert files(tmp_path / "a") == files(tmp_path / "b")


@pytest.mark.parametrize("moment", range(1, 6))
def test_a_disk_that_is_full_for_a_while_costs_nothing(
    tmp_path, bytewise, texts, monkeypatch, moment
):
    """Whatever could not be forced to the disk, a shard or the index, is written once it can be."""
    forced = iter(range(1, 100))

    def force(descriptor):
        if next(forced) == moment:
            raise OSError(errno.ENOSPC, "No space left on device")

    write_shards(texts, bytewise, tmp_path / "whole", SIZE)
    monkeypatch.setattr(os, "fsync", force)
    with pytest.raises(InputError, match=r"found No space left on device; .*free some space"):
        write_shards(texts, bytewise, tmp_path / "cut", SIZE)
    write_shards(texts, bytewise, tmp_path / "cut", SIZE)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_other_texts_and_other_settings_are_refused(tmp_path, bytewise, wide, texts):
    write_shards(texts, bytewise, tmp_path, SIZE)
    before = files(tmp_path)
    for changed in (["other", *texts[1:]], texts[:-1], texts[::-1]):
        with pytest.raises(InputError, match="expected the text that this shard was made of"):
            write_shards(changed, bytewise, tmp_path, SIZE)
    with pytest.raises(InputError, match="expected the text to end where it ended"):
        write_shards([*texts, "x"], bytewise, tmp_path, SIZE)
    with pytest.raises(InputError, match=f"expected shards of {SIZE:,} tokens by the tokenizer"):
        write_shards(texts, wide, tmp_path, SIZE)
    with pytest.raises(InputError, match=f"found {SIZE:,} by"):
        write_shards(texts, bytewise, tmp_path, SIZE + 1)
    assert files(tmp_path) == before


def test_a_folder_that_was_tampered_with_is_refused(tmp_path, bytewise, texts):
    write_shards(texts, bytewise, tmp_path, SIZE)
    Shard.of([[1]]).save(tmp_path / "00001.shard", bytewise)
    for use in (
        lambda: Shards.load(tmp_path),
        lambda: write_shards(texts, bytewise, tmp_path, SIZE),
    ):
        with pytest.raises(InputError, match=r"00001\.shard: expected the shard that index\.json"):
            use()
    (tmp_path / "00001.shard").unlink()
    with pytest.raises(InputError, match="found No such file"):
        Shards.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a scratchlm index of shards, found another kind"),
        (b"[]", "expected a scratchlm index of shards, found another kind"),
        (b'{"format": "scratchlm index of shards", "version": 1}', "of version 2, found 1"),
        (b'{"format": "scratchlm index of shards", "version": 2}', "with sha256 None, found"),
    ],
)
def test_an_index_that_is_none_is_refused(tmp_path, content, message):
    (tmp_path / "index.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Shards.load(tmp_path)


def test_an_index_must_not_lead_out_of_its_folder(tmp_path, bytewise):
    index = write_shards(["ab"], bytewise, tmp_path / "a")
    entry = replace(index.shards[0], name="../b/00000.shard")
    replace(index, shards=(entry,)).save(tmp_path / "a")
    with pytest.raises(InputError, match=r"expected the name 00000\.shard"):
        Shards.load(tmp_path / "a")


def test_what_cannot_be_written_is_refused(tmp_path, bytewise):
    with pytest.raises(InputError, match="expected at least one document"):
        write_shards([], bytewise, tmp_path / "a")
    with pytest.raises(InputError, match="shard tokens: expected at least 1, found 0"):
        write_shards(["a"], bytewise, tmp_path / "a", 0)
    with pytest.raises(InputError, match="document 1: text: expected what UTF-8 can write"):
        write_shards(["a", "b\ud800"], bytewise, tmp_path / "a")
    with pytest.raises(InputError, match=r"expected the special token <\|endoftext\|>, found none"):
        write_shards(["a"], Tokenizer([], special_tokens=()), tmp_path / "a")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="expected a folder, found a file"):
        write_shards(["a"], bytewise, tmp_path / "file")
