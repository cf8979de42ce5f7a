"""`scratchlm world`: what it writes, and what it refuses."""

import os
import subprocess
import sys

import pytest
import tyro
from scratchlm.cli.world import World, run_world
from scratchlm.errors import InputError

FILES = {
    "crawl": ["crawl.warc.gz", "crawl.warc.wet.gz", "labels/crawl.jsonl"],
    "encyclopedia": ["labels/pages-articles.jsonl", "pages-articles.xml.bz2"],
    "forum": ["Posts.xml", "labels/Posts.jsonl"],
}


def call(*arguments):
    run_world(tyro.cli(World, args=list(arguments)))


@pytest.mark.parametrize("kind", FILES)
def test_each_dump_is_written_and_named(kind, tmp_path, capsys):
    call(kind, "--out", str(tmp_path), "--size", "30kB", "--seed", "3")
    written = sorted(str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*") if f.is_file())
    assert written == FILES[kind]
    printed = capsys.readouterr().out
    assert all(f"{tmp_path / name}: " in printed for name in written)


@pytest.mark.parametrize("size", ["", "ten", "-3", "3TB", "1e6"])
def test_a_size_that_is_none_is_refused(size, tmp_path):
    with pytest.raises(InputError, match="expected a size such as"):
        call("forum", "--out", str(tmp_path), f"--size={size}")


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """The limit on the size of a file stands for a disk without space."""
    program = f'ulimit -f 8; exec "{sys.executable}" -m scratchlm.cli.main "$@"'
    arguments = ["world", "forum", "--out", str(tmp_path), "--size", "1MB"]
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        ["bash", "-c", program, "bash", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        f"scratchlm world: {tmp_path}: expected a folder"
    )
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
