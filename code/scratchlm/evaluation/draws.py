"""Where in a story the village chose something, and how surprising each choice was."""

from collections.abc import Collection
from dataclasses import dataclass
from math import log

from scratchlm.world.grammar import Option, Pick, Rule
from scratchlm.world.narrator import Reader
from scratchlm.world.story import follow


@dataclass(frozen=True)
class Draw:
    """A choice that the village made.

    Attributes:
        position: The letter of the story from which on the choice can be seen.
        bits: Its surprise; what is certain is left out.
    """

    position: int
    bits: float


def draws(text: str) -> list[Draw]:
    """List the choices that made a story, in order; their bits add up to the story's.

    Args:
        text: a consistent story of the village.

    Raises:
        NotAStory: it is none.

    >>> from scratchlm.world import write_story
    >>> story = write_story(seed=0, index=7)
    >>> abs(sum(draw.bits for draw in draws(story.text)) * log(2) - story.nats) < 1e-9
    True
    """
    listener = _Listener(text)
    follow(listener)
    return listener.draws


class _Listener(Reader):
    """A reader that notes where it learned how much."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.draws: list[Draw] = []

    def choose(self, rule: Rule, only: Collection[str] | None) -> Option:
        """Note the choice of a phrase."""
        before, position = self.nats, self.position
        option = super().choose(rule, only)
        self._note(position, self.nats - before)
        return option

    def pick(self, part: Pick) -> None:
        """Note the choice of a name."""
        before, position = self.nats, self.position
        super().pick(part)
        self._note(position, self.nats - before)

    def _note(self, position: int, nats: float) -> None:
        if nats:
            self.draws.append(Draw(position, nats / log(2)))
