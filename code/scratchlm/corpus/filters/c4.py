"""The rules of the Colossal Clean Crawled Corpus: keep the lines that are sentences."""

import re
from dataclasses import dataclass, replace
from functools import cache

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.filters.words import count_sentences
from scratchlm.corpus.step import Step

TERMINALS = (".", "?", "!", '"', "'")
CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
POLICIES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)


@dataclass(frozen=True)
class C4(Step):
    r"""Keeps lines that end like sentences, and pages with enough of them.

    Raffel et al. (2020), section 2.2; the limit on a word's length, the marks of citations and
    the phrases of policies are only in the code that was published with it. The two smallest
    numbers are those of `datatrove`; that code asks for 3 sentences, and 5 words in a line.

    Attributes:
        min_sentences: Sentences that must be left in a document.
        min_line_words: Words in a line, between whitespace.
        max_word_length: Characters; a line with a longer word goes.
        policies: A line with one of these phrases goes, whatever its case.
        bad_words: A document with one of these words goes; lower case.

    >>> step = C4(min_sentences=1)
    >>> page = Document("Home | About\nIt rained all day.\n", id="1", source="web", end=30)
    >>> step(page).text
    'It rained all day.'
    """

    min_sentences: int = 5
    min_line_words: int = 3
    max_word_length: int = 1000
    policies: tuple[str, ...] = POLICIES
    bad_words: tuple[str, ...] = ()

    def __call__(self, document: Document) -> Document | Dropped:
        """Give back what is left of the document, or say why nothing is."""
        if self.bad_words and _flanked(self.bad_words).search(document.text.lower()):
            return Dropped("bad words", "a word of the list")
        lines = []
        for raw in document.text.splitlines():
            line = CITATION.sub("", raw.strip())
            if not self._reads_like_text(line, raw.split()):
                continue
            if "lorem ipsum" in line.lower():
                return Dropped("lorem ipsum", "a page that waits for its text")
            if "javascript" in line.lower():
                continue
            if "{" in line:
                return Dropped("curly bracket", "a page of code")
            if not any(phrase in line.lower() for phrase in self.policies):
                lines.append(line)
        sentences = sum(map(count_sentences, lines))
        if sentences < self.min_sentences:
            return Dropped("sentences", f"{sentences} left, at least {self.min_sentences} wanted")
        return replace(document, text="\n".join(lines).strip())

    def _reads_like_text(self, line: str, words: list[str]) -> bool:
        return (
            line.endswith(TERMINALS)
            and not line.endswith("...")
            and len(words) >= self.min_line_words
            and all(len(word) <= self.max_word_length for word in words)
        )


@cache
def _flanked(listed: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, with no letter, digit or underscore at either side."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)")
