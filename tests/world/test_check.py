"""What the village finds wrong with a text, and where."""

import random
import re

import pytest
from scratchlm.world import check, questions, write_story
from scratchlm.world.state import Impossible, State
from scratchlm.world.village import village


def test_every_true_story_passes():
    for index in range(500):
        text = write_story(4, index).text
        verdict = check(text)
        assert verdict.grammatical
        assert verdict.consistent
        assert verdict.position == verdict.parsed == len(text)


def test_a_wrong_name_is_found_where_it_stands():
    """Replace one mention of a person, after the first, by somebody who is not in the story."""
    rng = random.Random(0)
    for index in range(300):
        story = write_story(5, index)
        hero = story.cast["h"].name
        stranger = next(p.name for p in village().people if p not in story.cast.values())
        starts = [i for i in range(len(story.text)) if story.text.startswith(hero, i)]
        place = rng.choice(starts[1:])
        wrong = story.text[:place] + stranger + story.text[place + len(hero) :]
        verdict = check(wrong)
        assert not verdict.consistent
        assert verdict.position == place
        assert verdict.grammatical or verdict.parsed >= place


def test_a_wrong_pronoun_is_a_slip_not_bad_grammar():
    for index in range(300):
        story = write_story(6, index)
        if " because " in story.text and "For a moment he " in story.text:
            verdict = check(story.text.replace("For a moment he ", "For a moment she ", 1))
            assert verdict.grammatical
            assert not verdict.consistent
            assert "'he'" in verdict.reason
            return
    raise AssertionError("no story with the sentence looked for")


def test_a_misspelled_word_is_bad_grammar():
    rng = random.Random(0)
    for index in range(300):
        text = write_story(7, index).text
        place = rng.randrange(len(text))
        wrong = text[:place] + "#" + text[place + 1 :]
        verdict = check(wrong)
        assert not verdict.grammatical
        assert verdict.position <= place
        assert verdict.reason


@pytest.mark.parametrize("text", ["", " ", "Hello.", "One", "\x00", "😊" * 50])
def test_texts_that_are_no_stories(text):
    verdict = check(text)
    assert not verdict.grammatical
    assert not verdict.consistent
    assert verdict.position <= len(text)


def test_answers_are_right_and_wrong_answers_are_wrong():
    for index in range(1000):
        story = write_story(8, index)
        holders = {str(thing): str(holder) for thing, holder in story.state.holder.items()}
        for question in questions(story):
            assert question.answer
            assert question.answer not in question.wrong
            binary = question.kind in ("promise", "feeling")
            assert len(set(question.wrong)) == len(question.wrong) >= (1 if binary else 3)
            if question.kind == "holder":
                thing = question.text.removeprefix("Who has ").removesuffix(" in the end?")
                assert holders[thing] == question.answer
                assert question.answer in story.text


def test_nobody_has_what_was_eaten():
    for index in range(300):
        story = write_story(8, index)
        for event in story.state.events:
            if event.action == "use_up":
                asked = f"Who has {event.thing} in the end?"
                assert asked not in {question.text for question in questions(story)}


def test_who_is_last_said_to_be_sad_is_asked_about_as_sad():
    said = re.compile(r"(\w+) was (sad|unhappy|gloomy|heartbroken|sorry), for \w+ had promised")
    found = 0
    for index in range(3000):
        story = write_story(8, index)
        for name, _ in said.findall(story.text):
            answers = {q.text: q.answer for q in questions(story)}
            assert answers[f"Is {name} glad or sad?"] == "sad"
            found += 1
    assert found > 20


def test_every_kind_of_question_occurs():
    kinds = {question.kind for index in range(300) for question in questions(write_story(8, index))}
    assert kinds == {"holder", "giver", "owner", "promise", "plan", "feeling"}


def test_impossible_actions_are_refused():
    ada, bruno = village().people[:2]
    pie = village().things[0]
    state = State()
    with pytest.raises(Impossible, match="cannot give"):
        state.give(ada, pie, bruno)
    state.own(ada, pie)
    with pytest.raises(Impossible, match="not in one place"):
        state.give(ada, pie, bruno)
    with pytest.raises(Impossible, match="already"):
        state.own(bruno, pie)
    with pytest.raises(Impossible, match="cannot reach"):
        state.take(bruno, pie)
    with pytest.raises(Impossible, match="does not know"):
        state.tell(ada, pie, bruno)
    state.go(bruno, state.where(ada))
    state.give(ada, pie, bruno)
    assert state.holder[pie] is bruno
    with pytest.raises(Impossible, match="cannot use"):
        state.use_up(ada, pie)
    state.use_up(bruno, pie)
    assert pie not in state.holder
