"""What the village says about a text: its entropy floor, and whether a story is true to itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from scratchlm.errors import InputError
from scratchlm.evaluation.intervals import Share
from scratchlm.world import Story, check, story_words, vocabulary


def entropy_floor(stories: Iterable[Story]) -> float:
    """Bits per byte that the village itself needs for its stories.

    It is the code length of the true distribution. A model can only do better on given stories
    by luck: by k bits in all with a probability of at most 2^-k (Barron, 1985; Cover and Thomas,
    2006, section 5.10).

    Args:
        stories: drawn from the village; each carries its exact probability.

    Raises:
        InputError: there are no stories.

    >>> from scratchlm.world import corpus
    >>> round(entropy_floor(corpus("valid", 400)), 4)
    0.1606
    """
    nats, size = 0.0, 0
    for story in stories:
        nats += story.nats
        size += len(story.text.encode())
    if not size:
        raise InputError("entropy_floor: expected at least one story, found none")
    return nats / log(2) / size


@dataclass(frozen=True)
class Grades:
    """What the village found in a number of texts.

    Attributes:
        spelled: Of all words, those that some story may contain.
        followed: Of all letters, those before which reading had not failed (wrong names forgiven).
        grammatical: Of all texts, those whose every sentence could stand where it stands.
        consistent: Of all texts, those that also name the right person, place and thing each time.
    """

    spelled: Share
    followed: Share
    grammatical: Share
    consistent: Share

    def __str__(self) -> str:
        """Four lines, each with its 95 % interval.

        >>> from scratchlm.world import write_story
        >>> print(grade([write_story(0, 1).text]))  # doctest: +ELLIPSIS
        spelled      100.0 % (...)
        followed     100.0 % (...)
        grammatical  100.0 % (20.7 to 100.0)
        consistent   100.0 % (20.7 to 100.0)
        """
        rows = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return "\n".join(f"{name:12} {share}" for name, share in rows.items())


def grade(texts: Iterable[str]) -> Grades:
    """Judge texts as stories of the village.

    Words and letters of one text depend on each other, so the intervals of the first two shares
    are too narrow; those of the last two count whole texts and hold.

    Args:
        texts: what a model wrote, each meant to be one story.

    Raises:
        InputError: there is no text, or not a single word in all of them.

    >>> float(grade(["Onse upon a time."]).spelled)
    0.75
    """
    known = vocabulary()
    all_words, letters, verdicts = list[str](), 0, []
    for text in texts:
        all_words += story_words(text)
        letters += len(text)
        verdicts.append(check(text))
    if not all_words:
        raise InputError("grade: expected at least one text with a word in it, found none")
    return Grades(
        spelled=Share(sum(word in known for word in all_words), len(all_words)),
        followed=Share(sum(verdict.parsed for verdict in verdicts), letters),
        grammatical=Share(sum(verdict.grammatical for verdict in verdicts), len(verdicts)),
        consistent=Share(sum(verdict.consistent for verdict in verdicts), len(verdicts)),
    )
