"""Personal data to be found and masked, and what only looks like it.

Addresses are ones that nobody has: mail below ``.example`` (RFC 2606), telephone numbers kept for
fiction (555-01xx in North America, 01632 960 in Britain), IP addresses of a range for examples
(233.252.0.0/24, RFC 6676), which filters for public addresses do not pass over.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scratchlm.world.dumps.phrases import say_labelled
from scratchlm.world.village import village


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a page's main text.

    Attributes:
        kind: ``email``, ``phone`` or ``ip``; or what else it is.
        start: Its first character in the main text.
        text: What stands there.
    """

    kind: str
    start: int
    text: str


def plant(
    paragraphs: Sequence[str], rule: str, rng: random.Random
) -> tuple[tuple[str, ...], tuple[Span, ...]]:
    r"""Add a sentence or two with data in them, each at the end of a paragraph.

    Args:
        paragraphs: The main text, whose paragraphs are joined by empty lines.
        rule: ``contact`` for personal data, ``decoy`` for what only looks like it.
        rng: Where the draws come from.

    Returns:
        The paragraphs with the new sentences, and where in the main text the data stand.

    >>> text, spans = plant(["One.", "Two."], "contact", random.Random(1))
    >>> all("\n\n".join(text)[s.start :].startswith(s.text) for s in spans)
    True
    """
    places = sorted(rng.sample(range(len(paragraphs)), min(len(paragraphs), rng.randint(1, 2))))
    planted, spans = list(paragraphs), list[Span]()
    for place in places:
        kind, sentence = say_labelled("en", rule, rng, it="\0")
        value = DATA[kind](rng)
        before = sum(len(text) + 2 for text in planted[:place]) + len(planted[place]) + 1
        spans.append(Span(kind, before + sentence.index("\0"), value))
        planted[place] += " " + sentence.replace("\0", value)
    return tuple(planted), tuple(spans)


def _email(rng: random.Random) -> str:
    name = rng.choice([person.name.lower() for person in village().people if person.name.isascii()])
    box = rng.choice((name, f"{name}.{rng.choice('abcdefgh')}", f"{name}{rng.randint(1, 99)}"))
    return f"{box}@{rng.choice(('post', 'mail', 'larkwell', 'ferry-inn'))}.example"


def _phone(rng: random.Random) -> str:
    line = rng.randint(100, 199)
    forms = (
        f"(212) 555-0{line}",
        f"+1 212 555 0{line}",
        f"212-555-0{line}",
        f"+44 1632 960{line}",
        f"01632 960{line}",
    )
    return rng.choice(forms)


def _number(rng: random.Random) -> str:
    return f"{rng.randint(1, 99):03}-{rng.choice('ABCX')}{rng.randint(1000, 9999)}"


DATA: dict[str, Callable[[random.Random], str]] = {
    "email": _email,
    "phone": _phone,
    "ip": lambda rng: f"233.252.0.{rng.randint(1, 254)}",
    "version": lambda rng: f"{rng.randint(1, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
    "number": _number,
    "date": lambda rng: (
        f"{rng.randint(2001, 2023)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    ),
    "time": lambda rng: f"{rng.randint(6, 21)}:{rng.choice(('05', '20', '45'))}",
    "local": lambda rng: f"192.168.{rng.randint(0, 9)}.{rng.randint(1, 254)}",
    "handle": lambda rng: f"{rng.choice(('larkwell', 'millpond', 'ferry'))}_{rng.randint(1, 99)}",
}
