"""A village whose every story has a known probability and a known truth.

* `write_story`, `stories`, `corpus` tell stories; each carries its exact probability and its facts.
* `read_story` finds out which draws told a story; `check` judges any text.
* `questions` asks about a story, and knows the answers.
* `scratchlm.world.dumps` publishes the village as a crawl, an encyclopedia and a forum.
"""

from scratchlm.world.check import Verdict, check, story_words, vocabulary
from scratchlm.world.narrator import NotAStory
from scratchlm.world.questions import Question, questions
from scratchlm.world.story import SEEDS, Story, corpus, read_story, stories, write_story

__all__ = [
    "SEEDS",
    "NotAStory",
    "Question",
    "Story",
    "Verdict",
    "check",
    "corpus",
    "questions",
    "read_story",
    "stories",
    "story_words",
    "vocabulary",
    "write_story",
]
