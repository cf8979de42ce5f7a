"""What `import scratchlm` gives: everything that a reader begins with, and nothing that waits."""

import subprocess
import sys

import pytest
import scratchlm


def test_the_import_itself_is_instant():
    program = "import sys, scratchlm; print('torch' in sys.modules, 'load' in dir(scratchlm))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"], done.stderr


def test_every_name_is_there_and_no_other():
    for name in scratchlm.__all__:
        assert callable(getattr(scratchlm, name))
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        _ = scratchlm.lode


def test_a_model_of_the_zoo_writes():
    text = scratchlm.load("base").generate("One rainy morning", max_new_tokens=8)
    assert text.startswith("One rainy morning")
    assert len(text) > len("One rainy morning")


def test_a_text_becomes_a_folder_that_load_takes(tmp_path, monkeypatch, capsys):
    """With paths that are strings, as a notebook has them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "novel.txt").write_text("It was a dark and stormy night. " * 60)
    settings = {"size": "mini", "steps": 2, "seq_len": 16, "batch_size": 2}
    trained = scratchlm.train("novel.txt", out="model", **settings)
    assert "bits per byte" in capsys.readouterr().out
    loaded = scratchlm.load("model")
    assert loaded.notes == trained.notes
    assert loaded.notes["bits_per_byte"] > 0
    written = loaded.generate("It was", max_new_tokens=5, seed=3)
    assert written == trained.generate("It was", max_new_tokens=5, seed=3)
