"""Phrase files of the dumps: the same plain format as the village's stories, one file a language.

A story must be readable back to its draws; what surrounds it in a dump need not be, so these
rules may overlap, and a slot ``{name}`` holds any text.
"""

import random
from functools import cache
from importlib.resources import files

from scratchlm.world.grammar import Call, Pick, Rule, parse_rules


@cache
def phrases(name: str) -> dict[str, Rule]:
    """Read one phrase file (once, on first use).

    Args:
        name: A language (``en``, ``de``, ``fr``, ``es``), ``wiki`` or ``forum``.

    >>> "cookies" in phrases("fr")
    True
    """
    file = files("scratchlm.world.dumps") / "phrases" / f"{name}.txt"
    return {rule.name: rule for rule in parse_rules(file.read_text(encoding="utf-8"))}


def say(name: str, rule: str, rng: random.Random, /, **slots: str) -> str:
    """Draw an option of a rule, and of every rule that it calls.

    Args:
        name: The phrase file.
        rule: The rule; options are drawn by weight.
        rng: Where the draws come from.
        slots: What stands for ``{key}``.

    >>> say("en", "contact", random.Random(1), it="a@b.example")
    'You can reach the editor at a@b.example on weekdays.'
    """
    return say_labelled(name, rule, rng, **slots)[1]


def say_labelled(name: str, rule: str, rng: random.Random, /, **slots: str) -> tuple[str, str]:
    """Like `say`, with the label of the option that was drawn in front.

    >>> say_labelled("en", "contact", random.Random(1), it="a@b.example")[0]
    'email'
    """
    table = phrases(name)[rule].table
    option = table[int(rng.random() * len(table))]
    parts = []
    for part in option.parts:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Call):
            parts.append(say(name, part.rule, rng, **slots))
        elif isinstance(part, Pick):
            raise AssertionError(f"{name}.txt: [{rule}] picks {part.key!r}; nothing is cast here")
        else:
            parts.append(slots[part.key])
    return option.label, "".join(parts)


def sentence(name: str, rule: str, rng: random.Random, /, **slots: str) -> str:
    """Like `say`, with a capital letter in front.

    >>> sentence("es", "cuando", random.Random(0))[0].isupper()
    True
    """
    text = say(name, rule, rng, **slots)
    return text[:1].upper() + text[1:]


@cache
def choices(name: str, rule: str) -> tuple[str, ...]:
    """All options of a rule that are fixed text, such as the entries of a menu.

    >>> choices("de", "menu")[0]
    'Startseite'
    """
    options = phrases(name)[rule].options
    return tuple(part for option in options for part in option.parts if isinstance(part, str))
