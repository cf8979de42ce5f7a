"""The main text of a page of the crawl, and what is true about it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from scratchlm.world.dumps.describe import describe_entity, plain
from scratchlm.world.dumps.phrases import choices, say, sentence
from scratchlm.world.dumps.site import SITES, TOP, site
from scratchlm.world.dumps.stream import story_stream
from scratchlm.world.questions import questions
from scratchlm.world.story import SEEDS, Story, write_story
from scratchlm.world.village import village

PER_PAGE = 4  # most stories of a page


@dataclass(frozen=True)
class Content:
    """A title and a main text, before a site wraps them.

    Attributes:
        title: Of the page.
        paragraphs: The main text; empty where a page has none.
        language: ISO 639-1 code.
        truth: What the label says about this text.
        links: Hosts that the page does nothing but point at.
    """

    title: str
    paragraphs: tuple[str, ...]
    language: str = "en"
    truth: Mapping[str, object] = field(default_factory=dict)
    links: tuple[str, ...] = ()


def story_title(story: Story) -> str:
    """A title for a story: its hero, and what or who comes last in it.

    >>> story_title(write_story(0, 0))
    'Nils and Inés'
    """
    hero, *_, last = story.cast.values()
    return f"{hero.name} and {last.forms['name']}"


def tell_stories(seed: int, index: int, rng: random.Random) -> Content:
    """One to three stories that no other page tells; ``nats`` is their exact code length.

    >>> tell_stories(0, 5, random.Random(0)).truth["stories"]
    [20, 21]
    """
    first = PER_PAGE * index
    stream = story_stream("crawl", seed)
    told = [write_story(stream, first + n) for n in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    paragraphs = "\n\n".join(story.text for story in told).split("\n\n")
    truth = {
        "stories": [first + n for n in range(len(told))],
        "nats": round(sum(story.nats for story in told), 6),
    }
    return Content(story_title(told[0]), tuple(paragraphs), truth=truth)


def tell_facts(rng: random.Random) -> Content:
    """What is true in the village, about some of its people, animals, places and things.

    >>> len(tell_facts(random.Random(0)).paragraphs)
    5
    """
    world = village()
    entities = rng.sample(world.people + world.animals + world.places + world.things, 5)
    paragraphs = tuple(plain(" ".join(describe_entity(entity, rng))) for entity in entities)
    truth = {"about": [f"{entity.kind}/{entity.name}" for entity in entities]}
    return Content(f"About {entities[0]} and other things", paragraphs, truth=truth)


def tell_abroad(rng: random.Random) -> Content:
    """Small talk in German, French or Spanish.

    >>> tell_abroad(random.Random(0)).language in ("de", "fr", "es")
    True
    """
    language = rng.choice(("de", "fr", "es"))
    paragraphs = tuple(
        " ".join(sentence(language, "sentence", rng) for _ in range(rng.randint(3, 6)))
        for _ in range(rng.randint(3, 6))
    )
    return Content(say(language, "title", rng), paragraphs, language)


def ask_held_out(rng: random.Random, held_out: int) -> Content:
    """A story of the test split with one of its questions and the answer: contamination.

    >>> ask_held_out(random.Random(0), 10).truth["held_out"][0]["story"] < 10
    True
    """
    number = rng.randrange(held_out)
    story = write_story(SEEDS["test"], number)
    asked = questions(story)
    while not asked:  # a few stories leave nothing to ask
        number = rng.randrange(held_out)
        story = write_story(SEEDS["test"], number)
        asked = questions(story)
    chosen = rng.choice(asked)
    quiz = say("en", "quiz", rng, question=chosen.text, answer=chosen.answer)
    truth = {"held_out": [{"split": "test", "story": number, "question": chosen.text}]}
    return Content(story_title(story), (*story.text.split("\n\n"), quiz), truth=truth)


def repeat_boilerplate(rng: random.Random) -> Content:
    """Nothing but a notice that many pages share.

    >>> len(repeat_boilerplate(random.Random(0)).paragraphs)
    1
    """
    return Content(f"Page {rng.randint(1, 999)}", (rng.choice(choices("en", "stub")),))


def advertise(rng: random.Random) -> Content:
    """Sentences that want to sell something.

    >>> advertise(random.Random(0)).language
    'en'
    """
    paragraphs = tuple(
        " ".join(
            sentence("en", "spam", rng, number=str(rng.choice((3, 7, 20, 50, 99, 500, 10000))))
            for _ in range(rng.randint(2, 5))
        )
        for _ in range(rng.randint(3, 6))
    )
    return Content(sentence("en", "spam_title", rng), paragraphs)


def stuff_keywords(rng: random.Random) -> Content:
    """The same few search words again and again.

    >>> stuff_keywords(random.Random(0)).title.count("cheap")
    1
    """
    ware, other = rng.sample(choices("en", "ware"), 2)
    paragraphs = tuple(
        ", ".join(
            f"{rng.choice(choices('en', 'keyword'))} {rng.choice((ware, ware, other))}"
            for _ in range(rng.randint(20, 60))
        )
        for _ in range(rng.randint(2, 4))
    )
    return Content(f"{ware}, cheap {ware}, {other}", paragraphs)


def farm_links(rng: random.Random) -> Content:
    """Nothing but links to other sites.

    >>> page = farm_links(random.Random(0))
    >>> page.paragraphs, len(page.links) >= 30
    ((), True)
    """
    number = rng.randint(30, 80)
    sites = (site(rng.randrange(SITES), rng.choice(tuple(TOP))) for _ in range(number))
    links = tuple(linked.host for linked in sites)
    return Content(say("en", "farm_title", rng), (), links=links)


MAKERS = {
    "facts": tell_facts,
    "foreign": tell_abroad,
    "stub": repeat_boilerplate,
    "spam": advertise,
    "keywords": stuff_keywords,
    "farm": farm_links,
}
