"""Questions about a story, with answers taken from what happened in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from scratchlm.world.story import Story
from scratchlm.world.village import Entity, village

CHOICES = 4  # answers to choose from, at the least, where the question is not yes or no


@dataclass(frozen=True)
class Question:
    """A question about a story.

    Attributes:
        kind: ``holder``, ``giver``, ``owner``, ``promise``, ``plan`` or ``feeling``.
        text: The question.
        answer: The right answer.
        wrong: Wrong answers of the same kind: one to a question with two possible answers, at
            least three to any other.
    """

    kind: str
    text: str
    answer: str
    wrong: tuple[str, ...]


def questions(story: Story) -> list[Question]:
    """All questions that the story answers.

    >>> from scratchlm.world.story import write_story
    >>> ask = questions(write_story(seed=0, index=0))
    >>> all(question.answer not in question.wrong for question in ask)
    True
    """
    return [
        question
        for kind in (_holders, _givers, _owners, _promises, _plans, _feelings)
        for question in kind(story)
    ]


def _others(story: Story, right: Entity) -> tuple[str, ...]:
    """Everybody else in the story; where they are few, villagers who are not in it join them."""
    beings = [being for being in story.cast.values() if being.kind in ("person", "animal")]
    others = [being for being in dict.fromkeys(beings) if being is not right]
    strangers = (person for person in village().people if person not in beings)
    return tuple(map(str, [*others, *islice(strangers, max(0, CHOICES - 1 - len(others)))]))


def _holders(story: Story) -> Iterator[Question]:
    for thing, holder in story.state.holder.items():
        if holder.kind != "place":
            text = f"Who has {thing} in the end?"
            yield Question("holder", text, str(holder), _others(story, holder))


def _givers(story: Story) -> Iterator[Question]:
    gifts = [event for event in story.state.events if event.action == "give"]
    for event in gifts:
        same = [e for e in gifts if e.thing is event.thing and e.other is event.other]
        if len(same) == 1:
            text = f"Who gave {event.thing} to {event.other}?"
            yield Question("giver", text, str(event.actor), _others(story, event.actor))


def _owners(story: Story) -> Iterator[Question]:
    for event in story.state.events:
        if event.action == "own":
            text = f"Who had {event.thing} in the beginning?"
            yield Question("owner", text, str(event.actor), _others(story, event.actor))


def _promises(story: Story) -> Iterator[Question]:
    for promise in story.state.promises:
        if promise.kept is not None:
            answer, wrong = ("yes", "no") if promise.kept else ("no", "yes")
            text = f"Did {promise.by} keep the promise made to {promise.to}?"
            yield Question("promise", text, answer, (wrong,))


def _plans(story: Story) -> Iterator[Question]:
    for being, facts in story.state.knows.items():
        for plan in facts:
            if plan.kind == "plan" and being is story.cast["f"]:
                text = f"Who is going to {plan}?"
                yield Question("plan", text, str(being), _others(story, being))


def _feelings(story: Story) -> Iterator[Question]:
    for being, feeling in story.state.feeling.items():
        if feeling in ("glad", "sad"):
            wrong = "sad" if feeling == "glad" else "glad"
            yield Question("feeling", f"Is {being} glad or sad?", feeling, (wrong,))
