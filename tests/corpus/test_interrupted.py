"""Changed between two runs, interrupted, killed: nothing is mixed up, nothing lives on."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from inputs import SENTENCE
from scratchlm import storage
from scratchlm.corpus import (
    Pipeline,
    Step,
    WeightedCorpus,
    mix,
    read,
    read_shard,
    shard_paths,
)
from scratchlm.corpus.readers import chunks
from scratchlm.errors import InputError


def test_a_text_that_has_changed_is_not_taken_for_the_old_one(tmp_path, monkeypatch):
    file, out = tmp_path / "a.txt", tmp_path / "out"
    file.write_text(SENTENCE)
    first = Pipeline(()).run([file], out)
    os.utime(file)  # touched, and the same
    assert Pipeline(()).run([file], out) == first
    file.write_text(SENTENCE.swapcase())
    with pytest.raises(InputError, match=r"a\.txt: expected the file that .*out was made of"):
        Pipeline(()).run([file], out)


def test_a_text_that_changes_before_the_end_is_read_again(tmp_path):
    """Stopped between the reading and the end: what was read is not what is there now."""
    file, out = tmp_path / "a.txt", tmp_path / "out"
    file.write_text(SENTENCE)

    def cut_off(path, start=0, *, on_error=None):
        yield from read(path, start, on_error=on_error)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline((), shard_bytes=1).run([file], out, read=cut_off)
    assert list((out / ".work" / "00").glob("*.jsonl"))
    file.write_text(SENTENCE.swapcase())
    Pipeline((), shard_bytes=1).run([file], out)
    assert [page.text for path in shard_paths(out) for page in read_shard(path)] == [
        SENTENCE.swapcase()
    ]


@dataclass(frozen=True)
class Interrupting(Step):
    """Stops at a text, as long as there is a file."""

    file: str

    def __call__(self, document):
        if document.text == "Two." and Path(self.file).exists():
            raise KeyboardInterrupt
        return document


def test_a_text_that_changes_between_two_steps_is_refused(tmp_path):
    stop, out = tmp_path / "stop", tmp_path / "out"
    one, two = tmp_path / "1.txt", tmp_path / "2.txt"
    for file, text in ((stop, ""), (one, "One."), (two, "Two.")):
        file.write_text(text)
    pipeline = Pipeline((Interrupting(str(stop)),))
    with pytest.raises(KeyboardInterrupt):
        pipeline.run([one, two], out)
    one.write_text("Another.")
    with pytest.raises(InputError, match=r"1\.txt: expected the file as it was when this run"):
        pipeline.run([one, two], out)
    one.write_text("One.")  # touched, and the same
    stop.unlink()
    pipeline.run([one, two], out)
    assert [page.text for path in shard_paths(out) for page in read_shard(path)] == ["One.", "Two."]


def test_what_is_left_out_is_counted_once_however_often_it_is_interrupted(tmp_path):
    file, out = tmp_path / "a.jsonl", tmp_path / "out"
    file.write_text('{"text": "One."}\n{}\n{"text": "Two."}\nno\n{"text": "Three."}\n' * 5)
    straight = Pipeline((), shard_bytes=100).run([file], tmp_path / "straight")
    left = 0

    def stopping(path, start=0, *, on_error=None):
        for number, page in enumerate(read(path, start, on_error=on_error)):
            if number == left:
                raise KeyboardInterrupt
            yield page

    while True:
        left += 1
        try:
            manifest = Pipeline((), shard_bytes=100).run([file], out, read=stopping)
            break
        except KeyboardInterrupt:
            pass
    assert manifest == straight
    assert [entry[:2] for entry in manifest.left_out] == [("no text", 5), ("not JSON", 5)]


def test_a_giant_document_is_counted(tmp_path):
    (tmp_path / "giant.txt").write_text("word " * 4_000_000)
    (tmp_path / "good.txt").write_text(SENTENCE)
    manifest = Pipeline(()).run([tmp_path], tmp_path / "out")
    assert ("document too long", 1) in [entry[:2] for entry in manifest.left_out]


def test_folders_and_files_without_permission_are_counted(tmp_path, monkeypatch):
    """Root may read everything, so the refusal is played."""
    (tmp_path / "in" / "locked").mkdir(parents=True)
    (tmp_path / "in" / "good.txt").write_text(SENTENCE)
    (tmp_path / "in" / "secret.txt").write_text(SENTENCE)

    def guarded(allowed, name):
        def call(*arguments):
            if name in str(arguments):
                raise PermissionError(13, "Permission denied", name)
            return allowed(*arguments)

        return call

    monkeypatch.setattr(os, "scandir", guarded(os.scandir, "locked"))
    monkeypatch.setattr(chunks, "Metered", guarded(chunks.Metered, "secret.txt"))
    manifest = Pipeline(()).run([tmp_path / "in"], tmp_path / "out")
    counts = {reason: (count, first) for reason, count, first in manifest.left_out}
    assert counts["folder that cannot be read"][0] == 1
    assert "Permission denied" in counts["folder that cannot be read"][1]
    assert "secret.txt" in counts["file that cannot be read"][1]
    assert manifest.documents == 1


@pytest.mark.parametrize("made", ["clean", "mix"])
def test_killed_before_the_plan_is_named_the_folder_is_still_its_own(tmp_path, made):
    file = tmp_path / "a.txt"
    file.write_text(SENTENCE)
    out = tmp_path / made
    (out / ".work").mkdir(parents=True)
    (out / ".work" / ".plan.json.draft").write_bytes(b"{")
    if made == "clean":
        Pipeline(()).run([file], out)
    else:
        Pipeline(()).run([file], tmp_path / "one")
        mix([WeightedCorpus(tmp_path / "one", 1)], out, 10)
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".jsonl"]


def test_workers_end_with_the_process_that_started_them(tmp_path):
    script = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from scratchlm.corpus.pipeline.executors import run_tasks\n"
        "if __name__ == '__main__':\n"
        "    run_tasks(time.sleep, [60, 60], title='sleep', workers=2)\n"
    )
    (tmp_path / "sleep.py").write_text(script)
    env = {**os.environ, "PYTHONPATH": str(Path(storage.__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "sleep.py")], env=env)
    try:
        workers = wait_for(lambda: children(parent.pid), lambda found: len(found) >= 3)
        parent.kill()
        parent.wait()
        assert wait_for(lambda: [pid for pid in workers if alive(pid)], lambda left: not left) == []
    finally:
        parent.kill()


def wait_for(ask, enough):
    for _ in range(300):
        if enough(found := ask()):
            break
        time.sleep(0.1)
    return found


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("needs /proc, to see the processes")
    return [int(child) for child in found.read_text().split()]


def alive(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
