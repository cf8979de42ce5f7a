"""The registry's entries against the files themselves, where this machine has them."""

import hashlib
import shutil

import pytest
from scratchlm.corpus import fetch, read_texts, registry

FILES = {
    "shakespeare": "tinyshakespeare",
    "tinystories": "tinystories-1",
}


@pytest.mark.parametrize("name", registry())
def test_size_hash_and_reading(name, tmp_path, real_file):
    entry = registry()[name]
    source = real_file(f"text/{FILES.get(name, name)}.txt")
    data = source.read_bytes()
    assert len(data) == entry.bytes
    assert hashlib.sha256(data).hexdigest() == entry.sha256
    (tmp_path / name).mkdir()
    shutil.copy(source, tmp_path / name / entry.file)
    (text,) = read_texts(fetch(entry, tmp_path))
    assert len(text) > 0.8 * len(data.decode())
    if entry.prepare == "gutenberg":
        assert "Project Gutenberg" not in text
        assert "\r" not in text
        assert not text.startswith("Produced by")
