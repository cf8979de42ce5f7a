"""Articles of the encyclopedia: wikitext with all that surrounds prose, and the prose alone."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scratchlm.world.dumps.content import story_title
from scratchlm.world.dumps.describe import article_title, at_home, describe_entity, link, plain
from scratchlm.world.dumps.phrases import choices, say
from scratchlm.world.dumps.stream import story_stream
from scratchlm.world.story import write_story
from scratchlm.world.village import Entity, village


@dataclass(frozen=True)
class Article:
    """A page of wikitext, and what a reader should get out of it.

    Attributes:
        title: Of the page.
        kind: ``person``, ``animal``, ``place``, ``thing``, ``village``, ``list`` or ``tale``; or
            ``redirect``, ``talk``, ``category``, ``template``.
        wikitext: The page.
        prose: Its paragraphs of running text, without markup, tables, lists and references.
        truth: Facts that the page states.
        target: Where a redirect leads.
    """

    title: str
    kind: str
    wikitext: str
    prose: tuple[str, ...]
    truth: Mapping[str, object] = field(default_factory=dict)
    target: str | None = None


def infobox(name: str, rows: Mapping[str, str]) -> str:
    """A template with named arguments.

    >>> print(infobox("villager", {"name": "Ada", "home": "[[bakery]]"}))
    {{Infobox villager
    | name = Ada
    | home = [[bakery]]
    }}
    """
    lines = [f"| {key} = {value}" for key, value in rows.items()]
    return "\n".join([f"{{{{Infobox {name}", *lines, "}}"])


def wiki_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table.

    >>> print(wiki_table(["Who", "Where"], [["Ada", "bakery"]]))
    {| class="wikitable sortable"
    ! Who !! Where
    |-
    | Ada || bakery
    |}
    """
    lines = ['{| class="wikitable sortable"', "! " + " !! ".join(heads)]
    for row in rows:
        lines += ["|-", "| " + " || ".join(row)]
    return "\n".join([*lines, "|}"])


def reference(rng: random.Random) -> str:
    """A footnote: a citation template, plain words with a link, or a name used twice.

    >>> reference(random.Random(0)).startswith("<ref")
    True
    """
    source, page = rng.choice(choices("wiki", "source")), rng.randint(1, 300)
    forms = (
        f"<ref>{{{{cite book |title={source} |page={page} |publisher=Larkwell Press}}}}</ref>",
        f"<ref>''{source}'', p.&nbsp;{page}. [https://larkwell.example/{page} Online]</ref>",
        f'<ref name="s{page}">{source}</ref><ref name="s{page}" />',
    )
    return rng.choice(forms)


def about(entity: Entity, rng: random.Random) -> Article:
    """The article about a person, an animal, a place or a thing of the village.

    >>> "[[Category:Larkwell]]" in about(village().people[0], random.Random(0)).wikitext
    True
    """
    title, sentences = article_title(entity), describe_entity(entity, rng)
    first, rest = sentences[0], " ".join(sentences[1:])
    box = {"name": title, "kind": entity.kind}
    if entity.home is not None:
        box |= {"role": entity.forms["role"], "home": link(entity.home)}
    parts = [f"{{{{Short description|A {entity.kind} of Larkwell}}}}", infobox("entry", box)]
    parts.append(f"[[File:{title}.jpg|thumb|left|upright=0.8|{link(entity)} in spring]]")
    parts.append(f"{first}{reference(rng)}\n\n{rest}{reference(rng)}")
    if neighbors := [being for being in _neighbors(entity) if being is not entity]:
        rows = [[link(being), being.forms["role"]] for being in neighbors]
        parts.append("== Neighbors ==\n" + wiki_table(["Name", "Role"], rows))
    parts.append("== See also ==\n* [[Larkwell]]\n* ''[[List of " + LISTS[entity.kind] + "]]''")
    prose = tuple(plain(text) for text in (first, rest) if text)
    truth = {
        "home": entity.home.name if entity.home else None,
        "role": entity.forms.get("role"),
        "traits": sorted(entity.traits - {"he", "she"}),
    }
    return Article(title, entity.kind, _finish(parts, [LISTS[entity.kind].title()]), prose, truth)


def _neighbors(entity: Entity) -> tuple[Entity, ...]:
    place = entity if entity.kind == "place" else entity.home
    return at_home(place) if place else ()


def _finish(parts: Sequence[str], categories: Sequence[str]) -> str:
    """The end that all articles share: footnotes, links to elsewhere, categories."""
    end = (
        "== References ==\n{{reflist|2}}",
        "== External links ==\n* [https://larkwell.example/ The village's own site]",
        "{{Larkwell topics|state=collapsed}}\n<!-- please keep the categories in order -->",
        "\n".join(f"[[Category:{name}]]" for name in ["Larkwell", *categories]),
    )
    return "\n\n".join([*parts, *end])


def whole_village() -> Article:
    """The article about the village itself.

    >>> whole_village().prose[0]
    'Larkwell is a village of 34 people and 14 animals.'
    """
    world = village()
    count = f"{len(world.people)} people and {len(world.animals)} animals"
    sentence = f"'''Larkwell''' is a village of {count}."
    lists = "\n".join(f"* [[List of {name}]]" for name in LISTS.values())
    children = [[link(p), link(p.home)] for p in world.people if "child" in p.traits and p.home]
    parts = [
        "{{about|the village|its clock|Clock tower}}",
        infobox("entry", {"name": "Larkwell", "kind": "village"}),
        sentence + "<ref group=note>Strangers are not counted.</ref>",
        "== Lists ==\n" + lists,
        "== Children ==\n" + wiki_table(["Name", "Where to look"], children),
    ]
    return Article("Larkwell", "village", _finish(parts, []), (plain(sentence),))


def listing(kind: str) -> Article:
    """A list of all people, animals, places or things, as a table.

    >>> "| [[Ada]] || the baker || the [[bakery]]" in listing("person").wikitext
    True
    """
    world = village()
    rows = [
        [
            link(entity),
            entity.forms.get("role", "&mdash;"),
            link(entity.home) if entity.home else "",
        ]
        for entity in world.people + world.animals + world.places + world.things
        if entity.kind == kind
    ]
    sentence = f"This is a '''list of {LISTS[kind]}''' of [[Larkwell]]. It has {len(rows)} entries."
    parts = [sentence, wiki_table(["Name", "Role", "Home"], rows)]
    return Article(f"List of {LISTS[kind]}", "list", _finish(parts, ["Lists"]), (plain(sentence),))


def tale(seed: int, number: int, rng: random.Random) -> Article:
    """The article on a story: who is in it, the whole text, who has what in the end.

    >>> tale(0, 7, random.Random(0)).title
    'Tale 7 (Leo and Lucía)'
    """
    story = write_story(story_stream("encyclopedia", seed), number)
    title = f"Tale {number} ({story_title(story)})"
    hero, *others = [being for being in story.cast.values() if being.kind in ("person", "animal")]
    others = list(dict.fromkeys(being for being in others if being is not hero))
    names = [link(being) for being in others]
    crowd = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    first = say("wiki", "tale", rng, title=title, hero=link(hero), others=crowd)
    paragraphs = story.text.split("\n\n")
    marked = [_linked_once(paragraphs[0], [hero, *others]), *paragraphs[1:]]
    parts = [
        infobox("tale", {"name": title, "hero": link(hero), "number": str(number)}),
        first + reference(rng),
        "== Text ==\n" + "\n\n".join(marked) + reference(rng),
    ]
    if story.state.holder:
        holders = [[str(thing), link(holder)] for thing, holder in story.state.holder.items()]
        parts.append("== In the end ==\n" + wiki_table(["Thing", "Where it is"], holders))
    truth = {"story": number, "nats": round(story.nats, 6)}
    prose = (plain(first), *paragraphs)
    return Article(title, "tale", _finish(parts, ["Tales"]), prose, truth)


def _linked_once(text: str, beings: Iterable[Entity]) -> str:
    """The first mention of each name becomes a link."""
    for being in beings:
        text = re.sub(rf"\b{being.name}\b", f"[[{being.name}]]", text, count=1)
    return text


LISTS = {"person": "people", "animal": "animals", "place": "places", "thing": "things"}
