"""Which stories a dump tells: none that a split, another dump or another seed tells."""

from scratchlm.errors import InputError
from scratchlm.world.story import SEEDS

DUMPS = ("crawl", "encyclopedia", "forum")


def story_stream(dump: str, seed: int) -> int:
    """The seed of a dump's stream of stories, for `write`.

    Args:
        dump: One of `DUMPS`.
        seed: Of the dump.

    Raises:
        InputError: The seed is negative.

    >>> story_stream("crawl", 0), story_stream("forum", 0), story_stream("crawl", 1)
    (3, 5, 6)
    """
    if seed < 0:
        raise InputError(f"{dump}: expected a seed of at least 0, found {seed}")
    return len(SEEDS) + DUMPS.index(dump) + len(DUMPS) * seed
