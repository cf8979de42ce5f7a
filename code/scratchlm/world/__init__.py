"""A village whose every story has a known probability and a known truth.

* `write`, `stories`, `corpus` tell stories; each carries its exact probability and its facts.
* `read` finds out which draws told a story; `check` judges any text.
* `questions` asks about a story, and knows the answers.
* `scratchlm.world.dumps` publishes the village as a crawl, an encyclopedia and a forum.
"""

from scratchlm.world.check import Verdict, check, vocabulary, words
from scratchlm.world.narrator import NotAStory
from scratchlm.world.questions import Question, questions
from scratchlm.world.story import SEEDS, Story, corpus, read, stories, write

__all__ = [
    "SEEDS",
    "NotAStory",
    "Question",
    "Story",
    "Verdict",
    "check",
    "corpus",
    "questions",
    "read",
    "stories",
    "vocabulary",
    "words",
    "write",
]
