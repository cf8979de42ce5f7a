"""Telling a story and reading it back: one plot, run with two narrators.

A plot (see `plots.py`) asks its narrator to say things. The `Writer` answers every question
with a random draw and writes it down. The `Reader` has a finished text in front of it and
answers the same questions by looking: because the heads of a rule are prefix-free, at most one
answer fits. So the same plot that tells a story also parses it, and both add up the same
probabilities in the same order.
"""

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from scratchlm.world.grammar import Call, Option, Pick, Rule, Slot, grammar
from scratchlm.world.village import Entity, village


class NotAStory(ValueError):
    """The text is not a story of the village.

    Attributes:
        position: The first character that no continuation of the story could have.
        reason: What could have stood there.
    """

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"character {position}: {reason}")
        self.position = position
        self.reason = reason


@dataclass(frozen=True)
class Inconsistency:
    """A word that is good English but not true in this story: the wrong name, say."""

    position: int
    reason: str


class Narrator(ABC):
    """What a plot talks to.

    Attributes:
        nats: Minus the natural logarithm of the probability of all draws so far.
        cast: Who and what the story has named, by role.
    """

    def __init__(self) -> None:
        self.nats = 0.0
        self.rules = grammar()
        self.cast: dict[str, Entity] = {}
        self.offers: dict[str, Sequence[Entity]] = {}
        self._fresh = True

    def say(self, rule: str, only: Collection[str] | None = None) -> str:
        """Say a sentence of a rule; returns the label of the option that was taken.

        Args:
            rule: The rule's name.
            only: The labels that are possible as things stand; all, unless given.
        """
        if not self._fresh:
            self.emit(" ")
        self._fresh = False
        return self.tell(self.rules[rule], only)

    def paragraph(self) -> None:
        """Begin a new paragraph."""
        self.emit("\n\n")
        self._fresh = True

    def tell(self, rule: Rule, only: Collection[str] | None = None) -> str:
        """Draw an option of a rule and tell its parts, one after the other."""
        option = self.choose(rule, only)
        for part in option.parts:
            kind = type(part)
            if kind is str:
                self.emit(part)  # type: ignore[arg-type]
            elif kind is Slot:
                self.refer(part)  # type: ignore[arg-type]
            elif kind is Call:
                self.tell(self.rules[part.rule])  # type: ignore[union-attr]
            else:
                self.pick(part)  # type: ignore[arg-type]
        return option.label

    def candidates(self, role: str) -> list[Entity]:
        """Who or what may take a role: those on offer that have no other role yet."""
        taken = set(self.cast.values())
        return [entity for entity in self.offers[role] if entity not in taken]

    @abstractmethod
    def choose(self, rule: Rule, only: Collection[str] | None) -> Option:
        """Which option of the rule comes next."""

    @abstractmethod
    def pick(self, part: Pick) -> None:
        """Who or what of those on offer takes a role."""

    @abstractmethod
    def refer(self, part: Slot) -> None:
        """Write something that the story already knows."""

    @abstractmethod
    def emit(self, text: str) -> None:
        """Write fixed text."""


def allowed(rule: Rule, only: Collection[str]) -> list[Option]:
    """The options of a rule whose labels are possible, each as often as its weight."""
    return [option for option in rule.table if option.label in only]


class Writer(Narrator):
    """Draws, and writes down what it drew.

    >>> writer = Writer(random.Random(0))
    >>> writer.emit("Once."); "".join(writer.text)
    'Once.'
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.random = rng.random
        self.text: list[str] = []

    def choose(self, rule: Rule, only: Collection[str] | None) -> Option:
        """A random option, by weight."""
        table = rule.table if only is None else allowed(rule, only)
        option = table[int(self.random() * len(table))]
        self.nats += surprise(len(table), option.weight)
        return option

    def pick(self, part: Pick) -> None:
        """A random entity of those on offer, all equally likely."""
        candidates = self.candidates(part.key)
        entity = candidates[int(self.random() * len(candidates))]
        self.nats += surprise(len(candidates), 1)
        self.cast[part.key] = entity
        self.text.append(entity.forms[part.form])

    def refer(self, part: Slot) -> None:
        """Look up and write."""
        self.text.append(self.cast[part.key].forms[part.form])

    def emit(self, text: str) -> None:
        """Write fixed text."""
        self.text.append(text)


class Reader(Narrator):
    """Finds out what was drawn, from the text alone.

    Attributes:
        inconsistencies: Words that contradict the story, in order; reading goes on after each.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.position = 0
        self.inconsistencies: list[Inconsistency] = []

    def choose(self, rule: Rule, only: Collection[str] | None) -> Option:
        """The option whose head stands at this place of the text."""
        options = [option for option in rule.options if self._known(option)]
        fits = [option for option in options if self._exact(option.head)]
        if not fits and len(rule.options) > 1:
            fits = [self._closest(rule.name, options)]
        if len(fits) > 1:
            raise AssertionError(f"rule [{rule.name}] is not prefix-free here: {fits}")
        option = fits[0] if fits else rule.options[0]
        table = rule.table if only is None else allowed(rule, only)
        if only is not None and option.label not in only:
            self._report(self.position, f"this cannot happen here ({rule.name}: {option.label})")
        else:
            self.nats += surprise(len(table), option.weight)
        return option

    def _known(self, option: Option) -> bool:
        """Whether the story has cast all roles that the option's head names."""
        return all(isinstance(part, str) or part.key in self.cast for part in option.head)

    def _exact(self, head: Sequence[str | Slot]) -> bool:
        """Whether the head stands here, word for word."""
        position = self.position
        for part in head:
            expected = part if isinstance(part, str) else self.cast[part.key].forms[part.form]
            if not self.text.startswith(expected, position):
                return False
            position += len(expected)
        return True

    def _closest(self, rule: str, options: Sequence[Option]) -> Option:
        """The option whose head stands here but for wrong names; the longest of them."""
        found = [(end, option) for option in options if (end := self._end(option.head)) is not None]
        if not found:
            heads = " | ".join(sorted({self._show(option) for option in options})[:4])
            raise NotAStory(self.position, f"expected [{rule}], such as: {heads}")
        return max(found, key=lambda pair: pair[0])[1]

    def _end(self, head: Sequence[str | Slot]) -> int | None:
        """Where the head ends if any name of the right kind will do; None if it is not here."""
        position = self.position
        for part in head:
            if isinstance(part, str):
                found = part if self.text.startswith(part, position) else None
            else:
                entity = self._entity(self.cast[part.key].kind, part.form, position)
                found = entity.forms[part.form] if entity else None
            if found is None:
                return None
            position += len(found)
        return position

    def _show(self, option: Option) -> str:
        """The head of an option in words."""
        parts = (
            part if isinstance(part, str) else self.cast[part.key].forms[part.form]
            for part in option.head
        )
        return "".join(parts) or "…"

    def _entity(self, kind: str, form: str, position: int) -> Entity | None:
        """The entity of a kind (people and animals count as one) that is written here."""
        beings = ("person", "animal")
        kinds = beings if kind in beings else (kind,)
        fits = [
            entity
            for entity in village().entities
            if entity.kind in kinds
            and form in entity.forms
            and self.text.startswith(entity.forms[form], position)
        ]
        return max(fits, key=lambda entity: len(entity.forms[form]), default=None)

    def pick(self, part: Pick) -> None:
        """The entity on offer whose name stands here."""
        candidates = self.candidates(part.key)
        entity = self._entity(candidates[0].kind, part.form, self.position)
        if entity is None:
            raise NotAStory(self.position, f"expected a {candidates[0].kind} of the village")
        if entity in candidates:
            self.nats += surprise(len(candidates), 1)
        else:
            self._report(self.position, f"{entity} cannot be meant here")
        self.cast[part.key] = entity
        self.position += len(entity.forms[part.form])

    def refer(self, part: Slot) -> None:
        """Expect something that the story already knows; note it if another stands here."""
        meant = self.cast[part.key]
        expected = meant.forms[part.form]
        if self.text.startswith(expected, self.position):
            self.position += len(expected)
            return
        other = self._entity(meant.kind, part.form, self.position)
        if other is None:
            raise NotAStory(self.position, f"expected {expected!r}")
        found = other.forms[part.form]
        self._report(self.position, f"expected {expected!r}, not {found!r}")
        self.position += len(found)

    def emit(self, text: str) -> None:
        """Expect fixed text."""
        if not self.text.startswith(text, self.position):
            raise NotAStory(self.position, f"expected {text!r}")
        self.position += len(text)

    def _report(self, position: int, reason: str) -> None:
        self.inconsistencies.append(Inconsistency(position, reason))


@cache
def surprise(total: int, weight: int) -> float:
    """Minus the natural logarithm of ``weight`` chances in ``total``."""
    return math.log(total / weight)
