"""Words and sentences, as the rules of the filters count them."""

import re

# A word with its apostrophes and hyphens' halves apart, or a run of other signs.
WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")
SENTENCE_END = re.compile(r"[.!?…]+[\"'’”)\]]*(?=\s+\S)")


def words(text: str) -> list[str]:
    """Cut a text into words and runs of other signs; white space is left out.

    Args:
        text: Any text.

    >>> words("Don't stop -- the well-known 3.")
    ["Don't", 'stop', '--', 'the', 'well', '-', 'known', '3', '.']
    """
    return WORD.findall(text)


def count_sentences(text: str) -> int:
    """Count sentences: marks that end one and have text behind them, and the last one.

    Args:
        text: Any text, such as a line.

    >>> count_sentences('"Who is it?" she asked. Nobody... answered.'), count_sentences(" ")
    (4, 0)
    """
    stripped = text.strip()
    return len(SENTENCE_END.findall(stripped)) + 1 if stripped else 0
