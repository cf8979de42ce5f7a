"""Tokenizers of two sizes, and texts to cut."""

import pytest
from scratchlm.data import Shard, Shards
from scratchlm.tokenizer import Tokenizer
from scratchlm.world import corpus


@pytest.fixture(scope="session")
def bytewise():
    """257 ids, two bytes each."""
    return Tokenizer([])


@pytest.fixture(scope="session")
def wide():
    """More ids than two bytes can count: every pair of bytes is a token."""
    return Tokenizer([(left, right) for left in range(256) for right in range(256)])


@pytest.fixture(scope="session")
def texts():
    return [story.text for story in corpus("train", 40)]


@pytest.fixture(scope="session")
def numbered():
    """Shards of documents with these lengths, whose tokens are counted through."""

    def make(lengths, parts=1):
        ends, documents = 0, []
        for length in lengths:
            documents.append(range(ends, ends + length))
            ends += length
        size = -(-len(documents) // parts)
        return Shards(
            [
                Shard.of(documents[first : first + size])
                for first in range(0, len(documents), size)
                if any(documents[first : first + size])
            ]
        )

    return make
