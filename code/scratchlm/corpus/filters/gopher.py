"""The quality rules of MassiveText: does a page look like prose at all?"""

from collections.abc import Sequence
from dataclasses import dataclass

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.filters.words import split_words
from scratchlm.corpus.step import Step

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
BULLETS = ("•", "-")
ELLIPSES = ("...", "…")


@dataclass(frozen=True)
class GopherQuality(Step):
    """Drops what does not read like prose (Rae et al., 2021, appendix A.1.1).

    The paper does not say whether a comma is a word. If it is, as in datatrove, dialogs and lists
    with much punctuation have too few words with a letter.

    Attributes:
        min_words, max_words: How many words there must be; punctuation does not count here.
        min_word_length, max_word_length: The mean length of a word, in characters.
        max_symbol_ratio: Hash signs to a word, and ellipses to a word.
        max_bullet_lines: The share of lines that begin with a bullet.
        max_ellipsis_lines: The share of lines that end in an ellipsis.
        min_alphabetic: The share of words with a letter.
        min_stop_words: How many different ones of `stop_words` must be there.
        stop_words: Words that any English text holds.
        count_punctuation: Whether punctuation is a word in the shares above, as in datatrove.

    >>> GopherQuality(min_words=3)(Document("the end.", id="1", source="files", end=8))
    Dropped(rule='short', reason='2 words, at least 3 wanted')
    """

    min_words: int = 50
    max_words: int = 100_000
    min_word_length: float = 3.0
    max_word_length: float = 10.0
    max_symbol_ratio: float = 0.1
    max_bullet_lines: float = 0.9
    max_ellipsis_lines: float = 0.3
    min_alphabetic: float = 0.8
    min_stop_words: int = 2
    stop_words: tuple[str, ...] = STOP_WORDS
    count_punctuation: bool = False

    def __call__(self, document: Document) -> Document | Dropped:
        """Give the document back, or the first rule that it breaks."""
        found = split_words(document.text)
        spoken = [word for word in found if any(map(str.isalnum, word))]
        if not self.count_punctuation:
            found = spoken
        return (
            self._lengths(spoken)
            or self._symbols(document.text, len(found))
            or self._lines(document.text.splitlines())
            or self._vocabulary(found)
            or document
        )

    def _lengths(self, spoken: Sequence[str]) -> Dropped | None:
        count = len(spoken)
        if count < max(1, self.min_words):
            return Dropped("short", f"{count} words, at least {self.min_words} wanted")
        if count > self.max_words:
            return Dropped("long", f"{count} words, at most {self.max_words} wanted")
        mean = sum(map(len, spoken)) / count
        if mean < self.min_word_length:
            return Dropped("short words", f"{mean:.2f} characters a word")
        if mean > self.max_word_length:
            return Dropped("long words", f"{mean:.2f} characters a word")
        return None

    def _symbols(self, text: str, count: int) -> Dropped | None:
        if text.count("#") / count > self.max_symbol_ratio:
            return Dropped("hashes", f"{text.count('#')} hash signs in {count} words")
        ellipses = sum(map(text.count, ELLIPSES))
        if ellipses / count > self.max_symbol_ratio:
            return Dropped("ellipses", f"{ellipses} ellipses in {count} words")
        return None

    def _lines(self, lines: Sequence[str]) -> Dropped | None:
        bullets = sum(line.lstrip().startswith(BULLETS) for line in lines)
        if bullets / len(lines) > self.max_bullet_lines:
            return Dropped("bullets", f"{bullets} of {len(lines)} lines begin with a bullet")
        trailing = sum(line.rstrip().endswith(ELLIPSES) for line in lines)
        if trailing / len(lines) > self.max_ellipsis_lines:
            return Dropped("ellipsis lines", f"{trailing} of {len(lines)} lines end in an ellipsis")
        return None

    def _vocabulary(self, found: Sequence[str]) -> Dropped | None:
        alphabetic = sum(any(map(str.isalpha, word)) for word in found)
        if alphabetic / len(found) < self.min_alphabetic:
            return Dropped("few letters", f"{alphabetic} of {len(found)} words have a letter")
        common = len(set(self.stop_words).intersection(found))
        if common < self.min_stop_words:
            return Dropped("stop words", f"{common} stop words, {self.min_stop_words} wanted")
        return None
