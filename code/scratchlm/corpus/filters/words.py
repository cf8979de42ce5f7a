"""Words and sentences, as the rules of the filters count them."""

import re

# A word, number or address; what follows its apostrophe; dots or dashes in a row; or one mark.
WORD_OR_PUNCTUATION = re.compile(r"\w+(?:[.,:/@]+\w+)*|(?<=\w)['’]\w+|\.{2,}|-{2,}|[^\w\s]")
SENTENCE_END = re.compile(r"[.!?…]+[\"'’”)\]]*(?=\s+\S)")


def split_words(text: str) -> list[str]:
    """Cut a text into words and punctuation, nearly as spaCy does; whitespace is left out.

    Args:
        text: Any text.

    >>> split_words("It's 3.5 km -- a well-known 'road'.")
    ['It', "'s", '3.5', 'km', '--', 'a', 'well', '-', 'known', "'", 'road', "'", '.']
    """
    return WORD_OR_PUNCTUATION.findall(text)


def count_sentences(text: str) -> int:
    """Count sentences: marks that end one and have text after them, and the last one.

    Args:
        text: Any text, such as a line.

    >>> count_sentences('"Who is it?" she asked. Nobody... answered.'), count_sentences(" ")
    (4, 0)
    """
    stripped = text.strip()
    return len(SENTENCE_END.findall(stripped)) + 1 if stripped else 0
