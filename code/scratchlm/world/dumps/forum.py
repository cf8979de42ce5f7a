"""The village's forum: a Stack Exchange ``Posts.xml``, and the truth.

Rows are numbered in the order of their dates, so questions and answers of several threads mingle:
the threads of one bunch. A bunch is in memory as a whole, and never more than one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape

from scratchlm.world.dumps.output import Extent, encode_label, whole_files
from scratchlm.world.dumps.thread import ForumConfig, ForumThread, Post, make_thread

FILES = ("Posts.xml", "labels/Posts.jsonl")
BUNCH = 8  # threads
PERIOD = 600  # minutes in which all posts of a bunch are written
FOUNDED = datetime(2014, 3, 13, 20, 32, 4)
HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
TAIL = b"</posts>\n"


@dataclass(frozen=True)
class Bunch:
    """The posts of some threads by date: rows of XML, and a label for each."""

    rows: tuple[bytes, ...]
    labels: tuple[dict[str, object], ...]

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return sum(map(len, self.rows))


def write_forum(folder: Path, config: ForumConfig, extent: Extent) -> list[Path]:
    """Write a forum: ``Posts.xml`` and ``labels/Posts.jsonl``.

    Args:
        folder: Made where it is missing.
        config: How people write and vote.
        extent: How much; its items are bunches of `BUNCH` threads, which are never cut.

    Returns:
        The two files. A label has the post's ``id``, ``kind``, ``text`` and ``score``. That of a
        question has the number of its ``story`` in the forum's stream, the ``question`` with its
        kind (``asks``) and right ``answer``, and the id of the ``accepted`` answer or None. That
        of an answer has its ``parent``, its ``claim``, whether that is ``right`` and whether it is
        ``accepted``, its ``tone``, and its ``worth``: how likely a vote on it is up.

    Raises:
        InputError: The folder cannot be written.

    >>> import tempfile
    >>> posts, labels = write_forum(Path(tempfile.mkdtemp()), ForumConfig(), Extent(items=1))
    >>> posts.read_text(encoding="utf-8").count('PostTypeId="1"')
    8
    """
    with whole_files(folder, *FILES) as (posts, labels):
        posts.write(HEAD)
        for bunch in extent.of(bunches(config)):
            posts.writelines(bunch.rows)
            labels.writelines(map(encode_label, bunch.labels))
        posts.write(TAIL)
    return [folder / name for name in FILES]


def bunches(config: ForumConfig) -> Iterator[Bunch]:
    """All posts, without end.

    >>> len(next(bunches(ForumConfig())).rows) > 8
    True
    """
    story, first_id = 0, 1
    for number in count():
        end = PERIOD * (number + 1)
        threads = list[ForumThread]()
        while len(threads) < BUNCH:
            start = PERIOD * number + len(threads) * (PERIOD // BUNCH)
            if (made := make_thread(config, story, start, end)) is not None:
                threads.append(made)
            story += 1
        bunch = _number(threads, first_id)
        first_id += len(bunch.rows)
        yield bunch


def _number(threads: list[ForumThread], first_id: int) -> Bunch:
    """Give the posts of some threads numbers by date, and write them down."""
    # The second key keeps a question before its answers, the third answers of a minute in order.
    places = [(thread.question.minute, 0, t, -1) for t, thread in enumerate(threads)]
    for t, thread in enumerate(threads):
        places += [(answer.minute, 1, t, a) for a, answer in enumerate(thread.answers)]
    ids = {place[2:]: id for id, place in enumerate(sorted(places), start=first_id)}
    rows, labels = [], []
    for (t, a), id in ids.items():
        thread = threads[t]
        if a < 0:
            accepted = None if thread.accepted is None else ids[t, thread.accepted]
            rows.append(_row(id, thread.question, **_asked(thread, accepted)))
            label = {"id": id, "kind": "question", "accepted": accepted}
            labels.append(label | _truth(thread.question))
        else:
            answer, parent = thread.answers[a], ids[t, -1]
            rows.append(_row(id, answer, PostTypeId="2", ParentId=str(parent)))
            label = {"id": id, "kind": "answer", "parent": parent}
            labels.append(label | {"accepted": a == thread.accepted} | _truth(answer))
    return Bunch(tuple(rows), tuple(labels))


def _truth(post: Post) -> dict[str, object]:
    return {**post.truth, "score": post.score, "text": post.text}


def _asked(thread: ForumThread, accepted: int | None) -> dict[str, str]:
    """What only the row of a question has."""
    fields = {"PostTypeId": "1"}
    if accepted is not None:
        fields["AcceptedAnswerId"] = str(accepted)
    return fields | {
        "ViewCount": str(20 + 13 * abs(thread.question.score) + 5 * len(thread.answers)),
        "Title": thread.title,
        "Tags": "".join(f"<{tag}>" for tag in thread.tags),
        "AnswerCount": str(len(thread.answers)),
    }


def _row(id: int, post: Post, **special: str) -> bytes:
    """One post as an element; every value is an attribute, and HTML is escaped once more."""
    date = FOUNDED + timedelta(minutes=post.minute)
    fields = {
        "Id": str(id),
        **special,
        "CreationDate": f"{date:%Y-%m-%dT%H:%M:%S}.{id % 1000:03}",
        "Score": str(post.score),
        "Body": post.body,
        "OwnerUserId": str(post.author),
        "LastActivityDate": f"{date:%Y-%m-%dT%H:%M:%S}.{id % 1000:03}",
        "CommentCount": str(post.author % 4),
        "ContentLicense": "CC BY-SA 4.0",
    }
    attributes = " ".join(f'{key}="{_attribute(value)}"' for key, value in fields.items())
    return f"  <row {attributes} />\n".encode()


def _attribute(value: str) -> str:
    return escape(value, {'"': "&quot;", "\n": "&#xA;"})
