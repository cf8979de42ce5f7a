"""Is this a story of the village, and is it true to itself?"""

import re
from dataclasses import dataclass
from functools import cache

from scratchlm.world.grammar import grammar
from scratchlm.world.narrator import NotAStory, Reader
from scratchlm.world.plots import tell
from scratchlm.world.state import Impossible
from scratchlm.world.village import village

WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


@dataclass(frozen=True)
class Verdict:
    """What `check` found.

    Attributes:
        grammatical: Every sentence is one that the village could say at that point.
        consistent: And every name, pronoun and thing is the right one.
        position: Where the story first fails (its length, if it does not).
        parsed: How far it could be read at all, inconsistencies forgiven.
        reason: Why it fails, in words; empty if it does not.
    """

    grammatical: bool
    consistent: bool
    position: int
    parsed: int
    reason: str


def check(text: str) -> Verdict:
    """Judge a text as a story of the village.

    A wrong name, pronoun, place or thing is an *inconsistency*: the story stays grammatical, but is
    not consistent. Anything else that the village could not say there ends the reading.

    >>> from scratchlm.world.story import write_story
    >>> text = write_story(seed=0, index=3).text
    >>> check(text).consistent
    True
    >>> check(text.replace("Who", "Whom").replace("the", "teh", 1)).grammatical
    False
    """
    reader = Reader(text)
    failure: NotAStory | None = None
    try:
        tell(reader)
        if reader.position < len(text):
            raise NotAStory(reader.position, "expected the end of the story")
    except NotAStory as caught:
        failure = caught
    except Impossible:
        # Only an inconsistency can lead a plot there: the reader keeps it, it is reported below.
        pass
    grammatical = failure is None
    if reader.inconsistencies:
        first = reader.inconsistencies[0]
        return Verdict(grammatical, False, first.position, reader.position, first.reason)
    if failure is not None:
        return Verdict(False, False, failure.position, reader.position, failure.reason)
    return Verdict(True, True, len(text), reader.position, "")


@cache
def vocabulary() -> frozenset[str]:
    """Every word that a story can contain, in lower case.

    >>> "ferryman" in vocabulary(), "frryman" in vocabulary()
    (True, False)
    """
    literals = (
        part
        for rule in grammar().values()
        for option in rule.options
        for part in option.parts
        if isinstance(part, str)
    )
    forms = (form for entity in village().entities for form in entity.forms.values())
    text = "\n".join([*literals, *forms])
    return frozenset(story_words(text))


def story_words(text: str) -> list[str]:
    """The words of a text, in lower case; a possessive ``'s`` does not count as part of one.

    >>> story_words("The smith's boy, Otto!")
    ['the', 'smith', 'boy', 'otto']
    """
    return [re.sub("'s$", "", word) for word in WORD.findall(text.lower())]
