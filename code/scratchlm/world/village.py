"""Who lives in Larkwell, what is there, and where: the facts that every story shares."""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

PRONOUNS = {
    "she": {"he": "she", "him": "her", "his": "her", "himself": "herself"},
    "he": {"he": "he", "him": "him", "his": "his", "himself": "himself"},
}


@dataclass(frozen=True, eq=False, slots=True)
class Entity:
    """Anything a story can name.

    Attributes:
        kind: ``person``, ``animal``, ``place``, ``thing``, ``fixture`` or ``plan``.
        name: Unique within its kind.
        forms: How it is written, by form: ``name``, ``he``, ``at``, ``a`` …
        traits: Words that say what it is good for (``food``, ``rescue``, ``child`` …).
        home: Where a grown person works, a child plays, or an animal lives.
    """

    kind: str
    name: str
    forms: dict[str, str] = field(repr=False)
    traits: frozenset[str] = frozenset()
    home: "Entity | None" = field(default=None, repr=False)

    def __str__(self) -> str:
        """The name, with its article where it has one."""
        return self.forms["name"]


def _capitalized(forms: dict[str, str]) -> dict[str, str]:
    """Add ``He`` for ``he``, ``The`` for ``the`` and so on: forms that begin a sentence."""
    return forms | {key.capitalize(): text[:1].upper() + text[1:] for key, text in forms.items()}


def make_place(name: str, at: str, traits: str = "") -> Entity:
    """A place, with the preposition that goes with it; nobody lives where it is ``public``.

    >>> make_place("mill", "by the").forms["at"]
    'by the mill'
    """
    the = f"the {name}"
    forms = {"name": the, "at": f"{at} {name}", "the": the}
    return Entity("place", name, _capitalized(forms), frozenset(traits.split()))


def make_being(kind: str, name: str, pronoun: str, role: str, home: Entity, traits: str) -> Entity:
    """A person or an animal.

    >>> ada = make_being("person", "Ada", "she", "baker", make_place("bakery", "at the"), "")
    >>> ada.forms["role"], ada.forms["His"], ada.forms["at"]
    ('the baker', 'Her', 'at the bakery')
    """
    forms = _capitalized(PRONOUNS[pronoun])
    forms |= {"name": name, "role": f"the {role}", "at": home.forms["at"], "home": str(home)}
    return Entity(kind, name, forms, frozenset({pronoun, *traits.split()}), home)


def make_thing(name: str, traits: str) -> Entity:
    """A thing; its article follows its first letter.

    >>> make_thing("oar", "rescue").forms["a"]
    'an oar'
    """
    article = "an" if name[0] in "aeiou" else "a"
    forms = {"name": f"the {name}", "the": f"the {name}", "a": f"{article} {name}", "bare": name}
    return Entity("thing", name, _capitalized(forms), frozenset(traits.split()))


@dataclass(frozen=True)
class Village:
    """All entities, in the order of ``village.txt``, which is also the order of every draw."""

    people: tuple[Entity, ...]
    animals: tuple[Entity, ...]
    places: tuple[Entity, ...]
    things: tuple[Entity, ...]
    fixtures: tuple[Entity, ...]
    plans: tuple[Entity, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Everything that has a name."""
        return self.people + self.animals + self.places + self.things + self.fixtures + self.plans


@cache
def village() -> Village:
    """Read the village's facts (once, on first use).

    >>> len(village().people) >= 30
    True
    """
    text = (files("scratchlm.world") / "village.txt").read_text(encoding="utf-8")
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, *cells = (cell.strip() for cell in line.split("|"))
            rows.setdefault(kind, []).append(cells)
    places = {cells[0]: make_place(*cells) for cells in rows["place"]}
    beings = {
        kind: tuple(
            make_being(kind, name, pronoun, role, places[home], traits)
            for name, pronoun, role, home, traits in rows[kind]
        )
        for kind in ("person", "animal")
    }
    things = tuple(make_thing(name, traits) for name, traits in rows["thing"])
    fixtures, plans = (
        tuple(Entity(kind, name, {"name": name, "bare": name}) for (name,) in rows[kind])
        for kind in ("fixture", "plan")
    )
    return Village(
        beings["person"], beings["animal"], tuple(places.values()), things, fixtures, plans
    )
