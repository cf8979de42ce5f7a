"""The phrase files: rules whose options are what a storyteller may say next.

A phrase file is plain text. ``[name]`` starts a rule, each line below it is one option::

    [greeting]
    3* "Good morning, {f}," said {h}.     weight 3 (1 unless said)
    @cold {h} only nodded.                a label, which the plot can read
    {h} waved to {f=} <from_afar>.        {f=} picks who f is; <from_afar> is another rule

``{h}`` writes something the story already knows (who h is); ``{h.he}`` is another form of it.
``_`` at the edge of a line stands for a space. Neither draws a random number. ``{f=}`` and
``<rule>`` do. The part of an option before its first draw is its *head*: the heads of a rule
must be prefix-free, so that whoever reads a story knows which option was taken.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from scratchlm.errors import InputError

PART = re.compile(r"\{(\w+)(=?)(?:\.?(\w+))?\}|<(\w+)>")
OPTION = re.compile(r"(?:(\d+)\*\s*)?(?:@(\w+)\s+)?(.+)")


@dataclass(frozen=True, slots=True)
class Slot:
    """Something the story knows already: role ``key`` in the given form."""

    key: str
    form: str


@dataclass(frozen=True, slots=True)
class Pick:
    """A draw: who or what takes the role ``key``; written in the given form."""

    key: str
    form: str


@dataclass(frozen=True, slots=True)
class Call:
    """A draw: an option of another rule."""

    rule: str


Part = str | Slot | Pick | Call


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be said, and how often it is."""

    label: str
    weight: int
    parts: tuple[Part, ...]

    @property
    def head(self) -> tuple[str | Slot, ...]:
        """The parts before the first draw: what tells this option from its siblings."""
        fixed: list[str | Slot] = []
        for part in self.parts:
            if not isinstance(part, str | Slot):
                break
            fixed.append(part)
        return tuple(fixed)


class Rule:
    """A weighted set of options, one of which is drawn.

    Attributes:
        name: The rule's name in its phrase file.
        options: What may be said.
        table: Each option as often as its weight, so that a draw is one lookup.
        nats: For each option, minus the natural logarithm of its probability.
    """

    def __init__(self, name: str, options: list[Option]) -> None:
        self.name = name
        self.options = options
        self.table = [option for option in options for _ in range(option.weight)]
        total = len(self.table)
        self.nats = {id(option): math.log(total / option.weight) for option in options}
        self.labels = frozenset(option.label for option in options)


def parse_option(line: str) -> Option:
    """Read one line of a phrase file.

    >>> parse_option("2*@cold {h} only nodded<end>").parts
    (Slot(key='h', form='name'), ' only nodded', Call(rule='end'))
    """
    match = OPTION.fullmatch(line)
    if match is None:
        raise InputError(f"phrase file: cannot read the option {line!r}")
    weight, label, text = match.groups()
    text = re.sub("^_|_$", " ", text)
    parts: list[Part] = []
    end = 0
    for found in PART.finditer(text):
        if literal := text[end : found.start()]:
            parts.append(literal)
        key, pick, form, rule = found.groups()
        form = form or "name"
        parts.append(Call(rule) if rule else Pick(key, form) if pick else Slot(key, form))
        end = found.end()
    if literal := text[end:]:
        parts.append(literal)
    return Option(label or "", int(weight or 1), tuple(parts))


def parse_rules(text: str) -> Iterator[Rule]:
    r"""Read the rules of one phrase file.

    >>> [rule.name for rule in parse_rules("[day]\nmorning\nnoon\n[night]\nmidnight")]
    ['day', 'night']
    """
    name, options = "", list[Option]()
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            if options:
                yield Rule(name, options)
            name, options = line[1:-1], []
        elif line and not line.startswith("#"):
            options.append(parse_option(line))
    if options:
        yield Rule(name, options)


@cache
def grammar() -> dict[str, Rule]:
    """All rules of the village, by name (read once, on first use).

    Raises:
        InputError: A rule is defined twice, or an option calls a rule that does not exist.

    >>> "opening" in grammar()
    True
    """
    rules: dict[str, Rule] = {}
    folder = files("scratchlm.world") / "phrases"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for rule in parse_rules(file.read_text(encoding="utf-8")):
            if rule.name in rules:
                raise InputError(f"{file.name}: rule [{rule.name}] is defined twice")
            rules[rule.name] = rule
    for rule in rules.values():
        for option in rule.options:
            for part in option.parts:
                if isinstance(part, Call) and part.rule not in rules:
                    raise InputError(f"rule [{rule.name}] calls <{part.rule}>, which is missing")
    return rules
