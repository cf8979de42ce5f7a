"""A thread of the forum: a question about a story, answers right and wrong, and their votes."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from scratchlm.world.dumps.phrases import say
from scratchlm.world.dumps.stream import story_stream
from scratchlm.world.questions import Question, questions
from scratchlm.world.story import Story, write_story

TONES = ("friendly", "plain", "rude")


@dataclass(frozen=True)
class ForumConfig:
    """How the people of the forum write and vote.

    A vote on an answer is up with the probability ``base``, plus ``truth`` if it is right, plus
    what its tone adds; or else down. That probability is the answer's true worth, and the score
    is a noisy measure of it.

    Attributes:
        seed: Forums of different seeds share no story.
        answers: Most answers of a thread; each number down to 0 is equally likely.
        right: How likely an answer is right.
        tones: How frequent friendly, plain and rude answers are.
        base: See above.
        truth: See above.
        manners: What each tone adds.
        voters: Most votes on a post.
        accepts: How likely the asker accepts an answer, if there is one.
        code: How likely an answer explains itself with a block of code.
    """

    seed: int = 0
    answers: int = 4
    right: float = 0.6
    tones: tuple[float, float, float] = (0.4, 0.4, 0.2)
    base: float = 0.35
    truth: float = 0.4
    manners: tuple[float, float, float] = (0.1, 0.0, -0.25)
    voters: int = 30
    accepts: float = 0.6
    code: float = 0.35

    def __post_init__(self) -> None:
        story_stream("forum", self.seed)  # refuses what is no seed


@dataclass(frozen=True)
class Post:
    """A question or an answer, before it has a number.

    Attributes:
        minute: When it was written, counted from the start of the forum.
        body: HTML.
        text: What can be read of it, paragraphs joined by empty lines.
        score: Votes up less votes down.
        author: A user's number.
        truth: What the label says: for an answer ``right``, ``tone`` and ``worth``.
    """

    minute: int
    body: str
    text: str
    score: int
    author: int
    truth: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ForumThread:
    """A question and its answers; ``accepted`` is the place of one of them, or None."""

    title: str
    tags: tuple[str, ...]
    question: Post
    answers: tuple[Post, ...]
    accepted: int | None


def make_thread(config: ForumConfig, number: int, start: int, end: int) -> ForumThread | None:
    """A thread about story ``number``; None where that story leaves nothing to ask.

    Args:
        config: How people write and vote.
        number: Of the story, in the forum's own stream.
        start: The minute of the question.
        end: The minute before which all answers are written.

    >>> thread = make_thread(ForumConfig(), 0, start=0, end=60)
    >>> thread == make_thread(ForumConfig(), 0, start=0, end=60)
    True
    """
    rng = random.Random(f"forum/{config.seed}/{number}")
    story = write_story(story_stream("forum", config.seed), number)
    asked = questions(story)
    if not asked:
        return None
    chosen = rng.choice(asked)
    intro, outro = say("forum", "ask", rng), say("forum", "ask_end", rng)
    paragraphs = story.text.split("\n\n")
    quote = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs)
    body = (
        f"<p>{intro}</p>\n\n<blockquote>\n{quote}\n</blockquote>\n\n"
        f"<p><strong>{chosen.text}</strong></p>\n\n<p>{outro}</p>\n"
    )
    text = "\n\n".join([intro, *paragraphs, chosen.text, outro])
    truth = {"story": number, "question": chosen.text, "asks": chosen.kind, "answer": chosen.answer}
    score = _votes(0.7, config.voters, rng)
    question = Post(start, body, text, score, rng.randint(1, 500), truth)
    minutes = sorted(rng.randint(start, end - 1) for _ in range(rng.randint(0, config.answers)))
    answers = tuple(_answer(config, story, chosen, minute, rng) for minute in minutes)
    accepted = None
    if answers and rng.random() < config.accepts:
        weights = [float(str(answer.truth["worth"])) ** 3 for answer in answers]
        accepted = rng.choices(range(len(answers)), weights)[0]
    hero = story.cast["h"].name.lower()
    return ForumThread(chosen.text, (chosen.kind, hero), question, answers, accepted)


def _answer(
    config: ForumConfig, story: Story, question: Question, minute: int, rng: random.Random
) -> Post:
    """An answer: greeting, claim, perhaps a trace of what happened, perhaps a link, farewell."""
    right = rng.random() < config.right
    tone = rng.choices(range(3), config.tones)[0]
    claim = question.answer if right else rng.choice(question.wrong)
    rule = {"yes": "answer_yes", "no": "answer_no"}.get(claim, "answer_name")
    if question.kind == "feeling":
        rule = "answer_feeling"
    said = say("forum", rule, rng, it=claim)
    parts = [say("forum", TONES[tone], rng), said[:1].upper() + said[1:]]
    html = [f"<p>{escape(' '.join(parts), quote=False)}</p>"]
    texts = [" ".join(parts)]
    if rng.random() < config.code:
        intro, trace = say("forum", "trace", rng), _trace(story, right)
        html.append(f"<p>{intro}</p>\n\n<pre><code>{escape(trace, quote=False)}\n</code></pre>")
        texts += [intro, trace]
    if rng.random() < 0.3:
        name = story.cast["h"].name
        anchor = f'<a href="https://wiki.larkwell.example/{name}">{name}</a>'
        sentence = say("forum", "see", rng, it="\0")
        html.append(f"<p>{sentence.replace(chr(0), anchor)}</p>")
        texts.append(sentence.replace("\0", name))
    if TONES[tone] != "plain":
        end = say("forum", f"{TONES[tone]}_end", rng)
        html.append(f"<p><em>{end}</em></p>")
        texts.append(end)
    worth = min(0.98, max(0.02, config.base + config.truth * right + config.manners[tone]))
    truth = {"right": right, "claim": claim, "tone": TONES[tone], "worth": round(worth, 6)}
    score = _votes(worth, config.voters, rng)
    author = rng.randint(1, 500)
    return Post(minute, "\n\n".join(html) + "\n", "\n\n".join(texts), score, author, truth)


def _trace(story: Story, whole: bool) -> str:
    """The events of a story, one a line; who is wrong has stopped reading before the end."""
    lines = [
        f"{event.action.replace(':', '_')}({', '.join(map(str, _involved(event)))})"
        for event in story.state.events
    ]
    return "\n".join(lines if whole else lines[: max(1, len(lines) - 2)])


def _involved(event: object) -> Sequence[object]:
    names = ("actor", "thing", "other")
    return [it for name in names if (it := getattr(event, name)) is not None]


def _votes(worth: float, most: int, rng: random.Random) -> int:
    """The score after some votes, each up with the probability ``worth``, or else down."""
    return sum(1 if rng.random() < worth else -1 for _ in range(rng.randint(0, most)))
