"""Keeping the questions out of the lessons: what a model is measured on, it must not learn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64, UInt64

from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.ngrams import WORD, ngram_hashes
from scratchlm.corpus.step import Step
from scratchlm.errors import InputError


@dataclass(frozen=True, eq=False)
class Decontaminate(Step):
    r"""Cuts n-grams of evaluation sets out of documents (Brown et al., 2020, appendix C).

    A shared n-gram goes together with the text around it; what is left on both sides are pieces
    of their own, joined by a blank line. Short pieces go too, and a document that would fall into
    too many is dropped.

    Attributes:
        known: From `evaluation_ngrams`.
        ngram: Words in an n-gram; the same as for `known`.
        window: Characters that go at either side.
        min_piece: Characters in a piece that stays.
        max_pieces: Pieces that a document may fall into.

    >>> known = evaluation_ngrams(["Who carried the red basket home?"], ngram=5)
    >>> step = Decontaminate(known, ngram=5, window=0, min_piece=1)
    >>> page = Document("So: who carried the red basket? I forgot.", id="1", source="web", end=41)
    >>> step(page).text
    'So: \n\n? I forgot.'
    """

    known: UInt64[np.ndarray, "ngrams"]
    ngram: int = 13
    window: int = 200
    min_piece: int = 200
    max_pieces: int = 10

    def __call__(self, document: Document) -> Document | Dropped:
        """Give back what is left of the document."""
        hits = self._hits(document.text)
        if not len(hits):
            return document
        pieces = self._pieces(document.text, hits)
        if len(pieces) > self.max_pieces:
            return Dropped("contaminated", f"{len(hits)} n-grams of an evaluation set, far apart")
        long = [piece for piece in pieces if len(piece) >= self.min_piece]
        if not long:
            return Dropped("contaminated", f"{len(hits)} n-grams of an evaluation set")
        return replace(document, text="\n\n".join(long))

    def _hits(self, text: str) -> Int64[np.ndarray, "hits"]:
        """Numbers of the words at which a known n-gram begins."""
        hashes = np.concatenate(list(ngram_hashes(text, self.ngram)))
        places = np.searchsorted(self.known, hashes).clip(max=len(self.known) - 1)
        return np.flatnonzero(self.known[places] == hashes)

    def _pieces(self, text: str, hits: Int64[np.ndarray, "hits"]) -> list[str]:
        spans = [match.span() for match in WORD.finditer(text)]
        pieces, end = [], 0
        for hit in hits.tolist():
            last = min(hit + self.ngram, len(spans)) - 1
            if (start := spans[hit][0] - self.window) > end:
                pieces.append(text[end:start])
            end = max(end, spans[last][1] + self.window)
        return [*pieces, text[end:]] if end < len(text) else pieces


def evaluation_ngrams(texts: Iterable[str], ngram: int = 13) -> UInt64[np.ndarray, "ngrams"]:
    """Hash the n-grams of an evaluation set, sorted, each once.

    Args:
        texts: Questions, with or without their answers.
        ngram: Words in an n-gram. A shorter text can only be found as a whole document;
            `choose_ngram` says what suits a set.

    Raises:
        InputError: There is no text.

    >>> len(evaluation_ngrams(["To be or not to be"], ngram=2))
    4
    """
    blocks = [hashes for text in texts for hashes in ngram_hashes(text, ngram)]
    if not blocks:
        raise InputError("decontamination: expected texts to keep out, found none; name a file")
    return np.unique(np.concatenate(blocks))


def choose_ngram(texts: Iterable[str]) -> int:
    """How many words an n-gram should have: the fifth percentile of the lengths, from 8 to 13.

    Brown et al. (2020), appendix C: shorter n-grams would hit by chance, longer ones are not
    needed.

    Args:
        texts: An evaluation set.

    Raises:
        InputError: There is no text.

    >>> choose_ngram(["one two three four five six seven eight nine"])
    9
    """
    lengths = sorted(len(WORD.findall(text)) for text in texts)
    if not lengths:
        raise InputError("decontamination: expected texts to keep out, found none; name a file")
    return min(13, max(8, lengths[len(lengths) // 20]))
