"""Posts.xml: the same rows as ElementTree, answers joined as a dictionary would join them."""

import random
import xml.etree.ElementTree as ET
from collections import defaultdict

import lxml.html
import py7zr
import pytest
from scratchlm.corpus import (
    Document,
    ErrorPolicy,
    join_answers,
    preferences,
    read_posts,
    thread_document,
)
from scratchlm.errors import InputError


@pytest.fixture
def posts(real_file):
    return list(read_posts(real_file("stackexchange/Posts.xml")))


def test_the_same_rows_as_elementtree(real_file, posts):
    root = ET.parse(real_file("stackexchange/Posts.xml")).getroot()
    rows = [row for row in root if row.get("PostTypeId") in ("1", "2")]
    assert len(posts) == len(rows) > 1000
    for post, row in zip(posts, rows, strict=True):
        meta = post.meta
        assert (post.id, meta["score"]) == (row.get("Id"), row.get("Score"))
        assert meta["type"] == {"1": "question", "2": "answer"}[row.get("PostTypeId")]
        assert meta.get("question") == row.get("ParentId")
        assert meta.get("accepted") == row.get("AcceptedAnswerId")
        assert meta.get("tags") == row.get("Tags")
        assert post.text.startswith(row.get("Title", ""))


def test_no_word_of_a_body_is_lost(real_file, posts):
    root = ET.parse(real_file("stackexchange/Posts.xml")).getroot()
    bodies = {row.get("Id"): row.get("Body") for row in root}
    for post in posts[:200]:
        words = lxml.html.fromstring(bodies[post.id]).text_content().split()
        assert set(words) <= set(post.text.split())


def test_resuming_behind_any_post_gives_the_rest(real_file, posts):
    path = real_file("stackexchange/Posts.xml")
    for number in (1, 2, 700, len(posts) - 1, len(posts)):
        assert list(read_posts(path, posts[number - 1].end)) == posts[number:]


def test_the_archive_gives_the_same_posts(real_file, posts, tmp_path):
    packed = tmp_path / "site.7z"
    with py7zr.SevenZipFile(packed, "w", filters=[{"id": py7zr.FILTER_BZIP2}]) as archive:
        archive.write(real_file("stackexchange/Posts.xml"), "Posts.xml")
    assert list(read_posts(packed)) == posts


def test_bombs_and_crowded_archives_are_refused(tmp_path):
    for name, files in {"bomb": [bytes(50_000_000)], "crowd": [b"<posts/>", b"<users/>"]}.items():
        with py7zr.SevenZipFile(tmp_path / f"{name}.7z", "w") as archive:
            for number, content in enumerate(files):
                archive.writestr(content, f"{number}.xml")
    with pytest.raises(InputError, match=r"bomb\.7z: .*grows at most 100-fold"):
        list(read_posts(tmp_path / "bomb.7z"))
    with pytest.raises(InputError, match=r"crowd\.7z: expected an archive of one file, found 2"):
        list(read_posts(tmp_path / "crowd.7z"))


ROW = '<row Id="{}" PostTypeId="{}" Score="1" Body="{}" />\n'


@pytest.mark.parametrize(
    "bad",
    [
        ROW.format("x", 1, "t"),
        ROW.format(2, 1, "&bomb;"),
        ROW.format(2, 1, "a < b"),
        ROW.format(2, 1, "t")[:-4],
        ROW.format(2, 1, "t").replace('Score="1"', 'Score="many"'),
        ROW.format(2, 1, "t").replace('Id="2" ', ""),
    ],
)
def test_a_broken_row_costs_no_other(tmp_path, bad):
    path, on_error = tmp_path / "Posts.xml", ErrorPolicy("skip")
    good = [ROW.format(1, 1, "One."), ROW.format(3, 1, "Three.")]
    path.write_text(f"<posts>{good[0]}{bad}{good[1]}</posts>")
    assert [post.id for post in read_posts(path, on_error=on_error)] == ["1", "3"]
    assert on_error.items() == [("broken XML", 1)]
    with pytest.raises(InputError, match=r"Posts\.xml: row at byte \d+: expected a whole <row"):
        list(read_posts(path))


def threads_by_dictionary(posts):
    answers = defaultdict(list)
    for post in posts:
        answers[post.meta.get("question")].append(post)
    for question in sorted(answers[None], key=lambda post: int(post.id)):
        best = question.meta.get("accepted")
        found = sorted(answers[question.id], key=lambda post: int(post.id))
        found.sort(key=lambda post: int(post.meta["score"]), reverse=True)
        found.sort(key=lambda post: post.id != best)
        yield question, tuple(found)


def test_threads_are_those_a_dictionary_gives_in_any_order(posts):
    slow = list(threads_by_dictionary(posts))
    random.Random(3).shuffle(posts)
    threads = list(join_answers(posts))
    assert [(thread.question, thread.answers) for thread in threads] == slow
    assert sum(len(thread.answers) for thread in threads) > 1000
    documents = [thread_document(thread, 2) for thread in threads]
    for number in (1, 100):
        resumed = join_answers(posts, documents[number - 1].end)
        assert [thread_document(thread, 2) for thread in resumed] == documents[number:]


def test_answers_without_a_question_are_counted():
    lone = Document("So.", "5", "x", 9, {"type": "answer", "question": "4", "score": "1"})
    on_error = ErrorPolicy("skip")
    assert list(join_answers([lone], on_error=on_error)) == []
    assert on_error.items() == [("answer without question", 1)]


def test_preferences_follow_the_score_and_leave_out_what_is_disputed(posts):
    pairs = 0
    for thread in join_answers(posts):
        rank = {answer.text: answer for answer in thread.answers}
        for pair in preferences(thread):
            chosen, rejected = rank[pair.chosen], rank[pair.rejected]
            assert int(chosen.meta["score"]) >= int(rejected.meta["score"])
            assert pair.prompt == thread.question.text
            pairs += 1
    assert pairs > 500
