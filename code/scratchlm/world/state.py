"""What is true at a moment of a story, and the actions that change it.

Every action states what must hold before it and what holds after it. A plot that asks for an
impossible action is a mistake in the plot, and says so at once.
"""

from dataclasses import dataclass, field

from scratchlm.world.village import Entity


class Impossible(RuntimeError):
    """A plot asked for an action whose precondition does not hold."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: who did what, with what, to whom or where."""

    action: str
    actor: Entity
    thing: Entity | None = None
    other: Entity | None = None


@dataclass(slots=True)
class Promise:
    """What somebody promised; ``kept`` is None until the story decides."""

    by: Entity
    to: Entity
    kept: bool | None = None


@dataclass(slots=True)
class State:
    """Who is where, who has what, who knows, feels and promised what.

    Attributes:
        place: Where each being is; those not in it are at home.
        holder: Who has each thing, or where it lies.
        feeling: How a being feels, once the story has said so.
        knows: Which plan or whereabouts each being has learned.
        promises: In the order they were made.
        events: Everything that happened, in order.
    """

    place: dict[Entity, Entity] = field(default_factory=dict)
    holder: dict[Entity, Entity] = field(default_factory=dict)
    feeling: dict[Entity, str] = field(default_factory=dict)
    knows: dict[Entity, set[Entity]] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def where(self, being: Entity) -> Entity:
        """Where a being is: where it last went, or else at home.

        >>> from scratchlm.world.village import village
        >>> ada = village().people[0]
        >>> State().where(ada).name
        'bakery'
        """
        place = self.place.get(being, being.home)
        if place is None:
            raise Impossible(f"{being} is nowhere")
        return place

    def go(self, being: Entity, place: Entity) -> None:
        """A being walks to a place, with all it carries."""
        self.place[being] = place
        self.events.append(Event("go", being, other=place))

    def own(self, owner: Entity, thing: Entity) -> None:
        """The story mentions that somebody has a thing that nobody had before."""
        if thing in self.holder:
            raise Impossible(f"{thing} is with {self.holder[thing]} already")
        self.holder[thing] = owner
        self.events.append(Event("own", owner, thing))

    def give(self, giver: Entity, thing: Entity, taker: Entity) -> None:
        """The giver has the thing, both are in one place; after it the taker has the thing."""
        if self.holder.get(thing) is not giver:
            raise Impossible(f"{giver} cannot give {thing}: {self.holder.get(thing)} has it")
        if self.where(giver) is not self.where(taker):
            raise Impossible(f"{giver} and {taker} are not in one place")
        self.holder[thing] = taker
        self.events.append(Event("give", giver, thing, taker))

    def lose(self, owner: Entity, thing: Entity, to: Entity) -> None:
        """A thing leaves its holder: an animal takes it, or it falls somewhere."""
        if self.holder.get(thing) is not owner:
            raise Impossible(f"{owner} cannot lose {thing}: {self.holder.get(thing)} has it")
        self.holder[thing] = to
        self.events.append(Event("lose", owner, thing, to))

    def use_up(self, holder: Entity, thing: Entity) -> None:
        """The holder has the thing; after it nobody has: it was eaten, say."""
        if self.holder.get(thing) is not holder:
            raise Impossible(f"{holder} cannot use {thing}: {self.holder.get(thing)} has it")
        del self.holder[thing]
        self.events.append(Event("use_up", holder, thing))

    def take(self, taker: Entity, thing: Entity) -> None:
        """A thing that lies where the taker is, or is with an animal there, is taken."""
        holder = self.holder.get(thing)
        if holder is None or (
            holder.kind != "place" and self.where(holder) is not self.where(taker)
        ):
            raise Impossible(f"{taker} cannot reach {thing}")
        if holder.kind == "place" and holder is not self.where(taker):
            raise Impossible(f"{thing} is at {holder}, but {taker} at {self.where(taker)}")
        self.holder[thing] = taker
        self.events.append(Event("take", taker, thing, holder))

    def learn(self, being: Entity, fact: Entity) -> None:
        """A being learns of a plan, or where or with whom something is."""
        self.knows.setdefault(being, set()).add(fact)
        self.events.append(Event("learn", being, other=fact))

    def tell(self, speaker: Entity, fact: Entity, listener: Entity) -> None:
        """The speaker knows the fact; after it the listener knows it too."""
        if fact not in self.knows.get(speaker, ()):
            raise Impossible(f"{speaker} cannot tell what {speaker} does not know")
        self.learn(listener, fact)

    def promise(self, by: Entity, to: Entity) -> Promise:
        """Somebody gives their word."""
        made = Promise(by, to)
        self.promises.append(made)
        self.events.append(Event("promise", by, other=to))
        return made

    def feel(self, being: Entity, feeling: str) -> None:
        """From now on a being feels like this."""
        self.feeling[being] = feeling
        self.events.append(Event("feel:" + feeling, being))
