"""The forum: lxml reads every row, threads hold together, and votes follow the truth."""

import json
import math
import random
import statistics
from datetime import datetime

import lxml.etree
import lxml.html
import pytest
from scratchlm.world import questions, write_story
from scratchlm.world.dumps import Extent, ForumConfig, write_forum
from scratchlm.world.dumps.stream import story_stream
from scratchlm.world.dumps.thread import make_thread

BUNCHES = 60


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_forum(tmp_path_factory.mktemp("forum"), ForumConfig(), Extent(items=BUNCHES))


@pytest.fixture(scope="module")
def labels(files):
    return [json.loads(line) for line in files[1].read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def rows(files):
    return [dict(row.attrib) for _, row in lxml.etree.iterparse(str(files[0]), tag="row")]


def answers(labels, **wanted):
    found = [a for a in labels if a["kind"] == "answer" and wanted.items() <= a.items()]
    assert len(found) > 30
    return found


def test_lxml_reads_every_row_with_its_label(rows, labels):
    for number, (row, label) in enumerate(zip(rows, labels, strict=True), start=1):
        assert int(row["Id"]) == label["id"] == number
        assert row["PostTypeId"] == {"question": "1", "answer": "2"}[label["kind"]]
        assert int(row["Score"]) == label["score"]
        assert int(row.get("ParentId", 0)) == label.get("parent", 0)
    dates = [datetime.fromisoformat(row["CreationDate"]) for row in rows]
    assert dates == sorted(dates)


def test_bodies_are_html_whose_text_is_that_of_the_label(rows, labels):
    tags = set()
    for row, label in zip(rows, labels, strict=True):
        tree = lxml.html.fragment_fromstring(row["Body"], create_parent=True)
        tags |= {element.tag for element in tree.iter()}
        assert tree.text_content().split() == label["text"].split()
    assert {"p", "pre", "code", "a", "blockquote", "strong", "em"} <= tags


def test_threads_hold_together(rows):
    posts = {int(row["Id"]): row for row in rows}
    found = {id: [] for id, row in posts.items() if row["PostTypeId"] == "1"}
    mingled = 0
    for id, row in posts.items():
        if row["PostTypeId"] == "2":
            parent = int(row["ParentId"])
            assert parent < id
            found[parent].append(id)
            mingled += parent != id - 1 and posts[id - 1].get("ParentId") != str(parent)
    for id, replies in found.items():
        assert int(posts[id]["AnswerCount"]) == len(replies)
        accepted = posts[id].get("AcceptedAnswerId")
        assert accepted is None or int(accepted) in replies
    assert mingled > 100
    assert len(found) == 8 * BUNCHES


def test_questions_and_answers_are_as_true_as_their_labels_say(labels):
    stream, posts = story_stream("forum", 0), {label["id"]: label for label in labels}
    for label in labels:
        if label["kind"] == "question":
            story = write_story(stream, label["story"])
            assert story.text in label["text"]
            asked = {q.text: q for q in questions(story)}
            assert asked[label["question"]].answer == label["answer"]
            if label["accepted"]:
                assert posts[label["accepted"]]["accepted"]
            continue
        question = posts[label["parent"]]
        story = write_story(stream, question["story"])
        (asked,) = {q.text: q for q in questions(story) if q.text == question["question"]}.values()
        assert label["right"] == (label["claim"] == asked.answer)
        assert label["right"] or label["claim"] in asked.wrong
        assert label["claim"].lower() in label["text"].lower()


def test_votes_follow_truth_and_tone_but_with_noise(labels):
    def mean(**wanted):
        return statistics.fmean(answer["score"] for answer in answers(labels, **wanted))

    for tone in ("friendly", "plain", "rude"):
        assert mean(right=True, tone=tone) > mean(right=False, tone=tone) + 3
    for right in (True, False):
        assert mean(right=right, tone="friendly") > mean(right=right, tone="rude") + 3
    assert min(answer["score"] for answer in answers(labels, right=True)) < 0
    assert max(answer["score"] for answer in answers(labels, right=False)) > 0


def test_scores_have_the_mean_and_spread_that_the_worth_predicts(labels):
    """With n votes, n uniform from 0 to N, the mean is N/2 times (2w - 1)."""
    most = ForumConfig().voters
    for worth in {answer["worth"] for answer in answers(labels)}:
        scores = [a["score"] for a in labels if a.get("worth") == worth]
        drift = 2 * worth - 1
        variance = most / 2 * (1 - drift**2) + drift**2 * most * (most + 2) / 12
        slack = 4 * math.sqrt(variance / len(scores))
        assert abs(statistics.fmean(scores) - most / 2 * drift) < slack


def test_right_answers_are_accepted_more_often_but_not_always(labels):
    accepted = answers(labels, accepted=True)
    right = sum(answer["right"] for answer in accepted) / len(accepted)
    base = statistics.fmean(answer["right"] for answer in answers(labels))
    assert base + 0.05 < right < 1
    assert abs(base - ForumConfig().right) < 4 * math.sqrt(0.25 / len(answers(labels)))


def test_a_story_without_a_question_makes_no_thread():
    stream = story_stream("forum", 0)
    for number in range(400):
        made = make_thread(ForumConfig(), number, 0, 10)
        assert (made is None) == (not questions(write_story(stream, number)))


def test_answers_come_after_their_question_and_before_the_end():
    rng = random.Random(0)
    for number in range(100):
        start = rng.randrange(1000)
        thread = make_thread(ForumConfig(), number, start, start + 50)
        if thread is not None:
            minutes = [post.minute for post in (thread.question, *thread.answers)]
            assert minutes == sorted(minutes)
            assert minutes[0] == start
            assert minutes[-1] < start + 50


def test_rows_have_the_attributes_of_a_real_site(real_file, rows):
    file = str(real_file("stackexchange/Posts.xml"))
    real = {key for _, row in lxml.etree.iterparse(file, tag="row") for key in row.attrib}
    assert {key for row in rows for key in row} - real <= {"ContentLicense"}  # since 2018
