"""Stories by number: the same seed and index give the same story on every machine."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice

from scratchlm.errors import InputError
from scratchlm.world.narrator import NotAStory, Reader, Writer
from scratchlm.world.plots import tell
from scratchlm.world.state import State
from scratchlm.world.village import Entity

SEEDS = {"train": 0, "valid": 1, "test": 2}


@dataclass(frozen=True)
class Story:
    """A story, its exact probability, and what was true at its end.

    Attributes:
        text: Three or four paragraphs of English.
        nats: Minus the natural logarithm of the story's probability.
        state: Who is where, has what, knows, feels and promised what at the end.
        cast: Who and what played which role.
    """

    text: str
    nats: float
    state: State = field(repr=False, compare=False)
    cast: dict[str, Entity] = field(repr=False, compare=False)


def write_story(seed: int, index: int) -> Story:
    """Tell story number ``index`` of the stream ``seed``.

    >>> write_story(seed=0, index=7) == write_story(seed=0, index=7)
    True
    """
    writer = Writer(random.Random(f"{seed}/{index}"))
    state = tell(writer)
    return Story("".join(writer.text), writer.nats, state, writer.cast)


def read_story(text: str) -> Story:
    """Find out which draws told this story: the inverse of `write_story`.

    Raises:
        NotAStory: The text is not a consistent story of the village.

    >>> story = write_story(seed=0, index=7)
    >>> read_story(story.text) == story
    True
    """
    reader = Reader(text)
    state = follow(reader)
    return Story(text, reader.nats, state, reader.cast)


def follow(reader: Reader) -> State:
    """Let a reader follow its text from the beginning to the end.

    Args:
        reader: May be one that notes more than a plain reader does.

    Raises:
        NotAStory: The text is not a consistent story of the village.

    >>> follow(Reader(write_story(seed=0, index=7).text)) == write_story(seed=0, index=7).state
    True
    """
    state = tell(reader)
    if reader.position < len(reader.text):
        raise NotAStory(reader.position, "expected the end of the story")
    if reader.inconsistencies:
        raise NotAStory(reader.inconsistencies[0].position, reader.inconsistencies[0].reason)
    return state


def stories(seed: int, start: int = 0) -> Iterator[Story]:
    """An endless stream of stories.

    >>> next(stories(seed=0, start=7)) == write_story(seed=0, index=7)
    True
    """
    return (write_story(seed, index) for index in count(start))


def corpus(split: str, number: int) -> Iterator[Story]:
    """The first stories of a split; no two splits share a stream.

    Raises:
        InputError: The split is unknown.

    >>> len(list(corpus("valid", 3)))
    3
    """
    if split not in SEEDS:
        raise InputError(f"expected one of {', '.join(SEEDS)} as the split, found {split!r}")
    return islice(stories(SEEDS[split]), number)
