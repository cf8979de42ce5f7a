"""Answers joined to their questions, in bounded memory."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import groupby, pairwise

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.errors import InputError

TABLE = "CREATE TABLE posts (question INTEGER, answer INTEGER, post TEXT)"
# All of a question's rows together, itself (answer 0) first, then its answers in any order.
ORDERED = "SELECT question, post FROM posts WHERE question > ? ORDER BY question, answer"


@dataclass(frozen=True, slots=True)
class Thread:
    """A question and its answers.

    Attributes:
        question: The question; its text begins with its title.
        answers: The accepted one first, then by score, then the older.
    """

    question: Document
    answers: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to one question, of which people liked one better.

    Attributes:
        prompt: The question.
        chosen: The better answer.
        rejected: The other.
    """

    prompt: str
    chosen: str
    rejected: str


def join_answers(
    posts: Iterable[Document], start: int = 0, *, on_error: ErrorPolicy | None = None
) -> Iterator[Thread]:
    """Bring questions and answers together, in whatever order they come.

    The posts go into a temporary database on disk, which sorts them by their questions; only one
    thread at a time is in memory. Answers without their question (it was deleted) are counted.

    Args:
        posts: What `read_posts` gives.
        start: Questions up to this number are passed over: the `end` of a `thread_document`.
        on_error: Counts answers that are left alone.

    Returns:
        Threads by the number of their question, those without answers too.

    Raises:
        InputError: The disk is full.

    >>> posts = [
    ...     Document("No.", "3", "x", 9, {"type": "answer", "question": "1", "score": "2"}),
    ...     Document("Why?", "1", "x", 5, {"type": "question", "score": "0"}),
    ... ]
    >>> [(thread.question.text, len(thread.answers)) for thread in join_answers(posts)]
    [('Why?', 1)]
    """
    on_error = on_error or ErrorPolicy()
    with closing(sqlite3.connect("")) as database:  # the empty name: temporary, and on disk
        rows = _in_order(database, posts, start)
        for _, group in groupby(rows, key=lambda row: row[0]):
            first, *others = (Document(**json.loads(post)) for _, post in group)
            if first.meta["type"] == "question":
                yield Thread(first, tuple(sorted(others, key=_rank(first))))
            else:
                for answer in (first, *others):
                    question = answer.meta.get("question", "")
                    on_error.count("answer without question", f"post {answer.id} to {question!r}")


def thread_document(thread: Thread, answers: int = 1) -> Document:
    r"""A question and its best answers as one text to learn from; its `end` is its number.

    Args:
        thread: The thread.
        answers: How many at most.

    >>> question = Document("Why?", "1", "stackexchange", 5, {"type": "question"})
    >>> answer = Document("Because.", "2", "stackexchange", 9, {"type": "answer"})
    >>> thread_document(Thread(question, (answer,))).text
    'Why?\n\nBecause.'
    """
    text = "\n\n".join(post.text for post in (thread.question, *thread.answers[:answers]))
    return replace(thread.question, text=text, end=int(thread.question.id))


def preferences(thread: Thread) -> Iterator[Preference]:
    """Pairs of neighbors in the ranking of a thread's answers, where one is clearly better.

    A pair counts where the better answer is the accepted one or has a higher score, and not a
    lower one: where the asker and the voters disagree, nobody knows which is better.

    Args:
        thread: The thread.

    >>> question = Document("Why?", "1", "x", 5, {"type": "question"})
    >>> good, bad = (Document(t, t, "x", 9, {"score": s}) for t, s in [("So.", "3"), ("Eh.", "0")])
    >>> list(preferences(Thread(question, (good, bad))))
    [Preference(prompt='Why?', chosen='So.', rejected='Eh.')]
    """
    accepted = thread.question.meta.get("accepted")
    for better, worse in pairwise(thread.answers):
        gap = _score(better) - _score(worse)
        if gap > 0 or (gap == 0 and better.id == accepted):
            yield Preference(thread.question.text, better.text, worse.text)


def _in_order(
    database: sqlite3.Connection, posts: Iterable[Document], start: int
) -> Iterator[tuple[int, str]]:
    """The posts after a question, all of a question's together."""
    try:
        database.execute(TABLE)
        database.executemany("INSERT INTO posts VALUES (?, ?, ?)", map(_row, posts))
        yield from database.execute(ORDERED, (start,))
    except sqlite3.OperationalError as error:
        raise InputError(
            f"threads: expected room for all posts on the disk, found: {error}; free some "
            "space, or name another place with SQLITE_TMPDIR"
        ) from error


def _row(post: Document) -> tuple[int, int, str]:
    is_question = post.meta["type"] == "question"
    question = int(post.id if is_question else post.meta.get("question", 0))
    return question, 0 if is_question else int(post.id), json.dumps(asdict(post))


def _score(post: Document) -> int:
    return int(post.meta.get("score", 0))


def _rank(question: Document) -> Callable[[Document], tuple[bool, int, int]]:
    accepted = question.meta.get("accepted")
    return lambda answer: (answer.id != accepted, -_score(answer), int(answer.id))
