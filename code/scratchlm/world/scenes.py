"""Scenes that many plots share: a visitor, a promise, a journey, a thing that changes hands."""

from functools import cache

from scratchlm.world.narrator import Narrator
from scratchlm.world.state import Promise, State
from scratchlm.world.village import Entity, village


@cache
def usual_offers() -> dict[str, list[Entity]]:
    """Who and what may take each role, unless a plot narrows it.

    >>> sorted(usual_offers())
    ['a', 'b', 'f', 'h', 'k', 'm', 'p', 'q', 's', 'w']
    """
    world = village()
    offers = {role: list(world.people) for role in "hfkm"}
    offers["a"] = [animal for animal in world.animals if "thief" not in animal.traits]
    offers["b"] = [animal for animal in world.animals if "thief" in animal.traits]
    # Where nobody lives, so that nobody is sent to where they are.
    offers |= {role: [place for place in world.places if "public" in place.traits] for role in "pq"}
    return offers | {"w": list(world.fixtures), "s": list(world.plans)}


class Stage:
    """One story in the making: its narrator, its state, and the scenes both go through.

    Roles, by the letters that the phrase files use: ``h`` hero, ``f`` friend, ``k`` and ``m``
    two more people, ``a`` and ``b`` animals, ``t u v`` things, ``p q`` places, ``w`` a fixture,
    ``s`` a plan, ``x y`` who gives and who takes, ``o`` who has it in the end.
    """

    def __init__(self, narrator: Narrator) -> None:
        self.n = narrator
        self.say = narrator.say
        self.cast = narrator.cast
        self.s = State()
        self.promised: Promise | None = None
        narrator.offers.update(usual_offers())

    def offer_things(self, roles: str, trait: str) -> None:
        """Only things with a trait may take these roles."""
        for role in roles:
            self.n.offers[role] = [thing for thing in village().things if trait in thing.traits]

    def visit(self) -> None:
        """The friend comes to where the hero is."""
        self.say("visit")
        self.s.go(self.cast["f"], self.s.where(self.cast["h"]))

    def ask_promise(self) -> None:
        """The hero promises the friend, or only says that it will be tried."""
        if self.say("promise") == "promise":
            self.promised = self.s.promise(self.cast["h"], self.cast["f"])

    def hand_over(self, giver: str, taker: str, thing: str = "t") -> None:
        """A thing changes hands, and the text says so. The thing told of is ``t``."""
        cast = self.cast
        cast["x"], cast["y"] = cast[giver], cast[taker]
        self.s.give(cast["x"], cast[thing], cast["y"])
        if thing == "t":
            self.say("hand_over")
            return
        kept, cast["t"] = cast["t"], cast[thing]
        self.say("hand_over")
        cast["t"] = kept

    def thank(self) -> None:
        """Who took is glad and says so."""
        self.say("thanks")
        self.s.feel(self.cast["y"], "glad")

    def go_to(self, role: str, rule: str = "go_on") -> None:
        """The hero walks to where somebody is."""
        self.cast["p"] = self.s.where(self.cast[role])
        self.say(rule)
        self.s.go(self.cast["h"], self.cast["p"])

    def end(self, thing: str | None = "t") -> None:
        """What became of the thing and of the promise; good night."""
        self.n.paragraph()
        if thing is not None:
            self.whereabouts(thing)
        if self.promised is not None and self.promised.kept is not None:
            mood = self.say("promise_kept" if self.promised.kept else "promise_broken")
            if mood == "sad":
                self.s.feel(self.cast["f"], "sad")
        self.say("night")
        self.say("moral")

    def whereabouts(self, thing: str) -> None:
        """Who has a thing in the end."""
        holder = self.s.holder[self.cast[thing]]
        self.cast["o"] = holder
        rule = {"person": "has_thing", "animal": "thing_animal", "place": "lost_thing"}
        self.say(rule[holder.kind])
