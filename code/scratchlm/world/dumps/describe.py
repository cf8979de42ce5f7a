"""What `village.txt` says about somebody or something, in sentences with wiki links."""

import random
import re
from collections.abc import Iterator
from functools import cache

from scratchlm.world.dumps.phrases import say, sentence
from scratchlm.world.village import Entity, village

LINK = re.compile(r"\[\[(?:[^|\]]*\|)?([^\]]*)\]\]")
OTHER_NAMES = {"smith": "blacksmith", "fisher": "fisherman"}  # "the smith's boy"


def article_title(entity: Entity) -> str:
    """The title of an article: the name with a capital letter.

    >>> article_title(village().places[0])
    'Mill'
    """
    return entity.name[:1].upper() + entity.name[1:]


def link(entity: Entity, form: str = "name") -> str:
    """A wiki link to an entity, which reads as one of its forms.

    >>> link(village().people[0]), link(village().places[0], "at")
    ('[[Ada]]', 'at the [[mill]]')
    """
    text = entity.forms[form]
    if entity.kind == "place" and form in ("at", "name"):
        return text.removesuffix(entity.name) + f"[[{entity.name}]]"
    title = article_title(entity)
    return f"[[{title}]]" if text == title else f"[[{title}|{text}]]"


def plain(wikitext: str) -> str:
    """Sentences of `describe_entity` as a reader sees them.

    >>> plain("'''Ada''' works [[mill|by the mill]].")
    'Ada works by the mill.'
    """
    return LINK.sub(r"\1", wikitext).replace("'''", "")


def describe_entity(entity: Entity, rng: random.Random) -> list[str]:
    """Sentences about an entity, all of them true.

    >>> describe_entity(village().animals[0], random.Random(0))[0]
    "'''Biscuit''' is an animal of [[Larkwell]]: the dog. He lives in the [[bakery]]."
    """
    tell = {"person": _person, "animal": _animal, "place": _place, "thing": _thing}[entity.kind]
    return list(tell(entity, rng))


@cache
def patron(child: Entity) -> Entity | None:
    """The villager after whose work a child is called: the baker of the baker's boy.

    >>> print(patron(next(p for p in village().people if p.name == "Otto")))
    Dmitri
    """
    work = child.forms["role"].removeprefix("the ").partition("'s ")[0]
    role = f"the {OTHER_NAMES.get(work, work)}"
    found = (p for p in village().people if p.forms["role"] == role and p is not child)
    return next(found, None)


@cache
def at_home(place: Entity) -> tuple[Entity, ...]:
    """Who works or lives at a place.

    >>> [being.name for being in at_home(village().places[1])]
    ['Ada', 'Biscuit']
    """
    world = village()
    return tuple(being for being in world.people + world.animals if being.home is place)


def _slots(being: Entity) -> dict[str, str]:
    assert being.home is not None
    forms = {key: being.forms[key] for key in ("name", "role", "he", "He", "him", "his")}
    return forms | {"at": link(being.home, "at"), "home": link(being.home)}


def _person(person: Entity, rng: random.Random) -> Iterator[str]:
    slots = _slots(person)
    yield say("wiki", "person", rng, **slots)
    yield say("wiki", "play" if "child" in person.traits else "work", rng, **slots)
    if "child" in person.traits and (elder := patron(person)) is not None:
        name = f"{link(elder)} {elder.forms['role']}"
        yield say("wiki", "named_after", rng, patron=name, **slots)


def _animal(animal: Entity, rng: random.Random) -> Iterator[str]:
    slots = _slots(animal)
    yield say("wiki", "animal", rng, **slots)
    for trait in sorted(animal.traits - {"he", "she"}):
        yield say("wiki", trait, rng, **slots)
    assert animal.home is not None
    for being in at_home(animal.home):
        if "grown" in being.traits:
            yield say("wiki", "keeper", rng, patron=link(being), **slots)


def _place(place: Entity, rng: random.Random) -> Iterator[str]:
    yield say("wiki", "place", rng, name=place.name)
    for trait in sorted(place.traits):
        yield say("wiki", trait, rng)
    for being in at_home(place):
        who = f"{link(being)} {being.forms['role']}"
        yield sentence("wiki", "lives", rng, who=who)


def _thing(thing: Entity, rng: random.Random) -> Iterator[str]:
    article = thing.forms["a"]
    start = article[:1].upper() + article[1:]
    text = say("wiki", "thing", rng, a="\0")
    yield text.replace("\0", start if text.startswith("'''") else article)
    for trait in sorted(thing.traits):
        yield say("wiki", "handy" if trait == "small" else trait, rng)
