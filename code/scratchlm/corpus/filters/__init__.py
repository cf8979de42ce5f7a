"""Steps that look at one document: quality filters, language identification, masking of PII."""

from scratchlm.corpus.filters.c4 import C4
from scratchlm.corpus.filters.classifier import Classifier
from scratchlm.corpus.filters.decontamination import Decontaminate, choose_ngram, evaluation_ngrams
from scratchlm.corpus.filters.gopher import GopherQuality
from scratchlm.corpus.filters.language import Language, train_language
from scratchlm.corpus.filters.pii import MaskPII, PIISpan, find_pii
from scratchlm.corpus.filters.quality import Quality, train_quality
from scratchlm.corpus.filters.repetition import GopherRepetition

__all__ = [
    "C4",
    "Classifier",
    "Decontaminate",
    "GopherQuality",
    "GopherRepetition",
    "Language",
    "MaskPII",
    "PIISpan",
    "Quality",
    "choose_ngram",
    "evaluation_ngrams",
    "find_pii",
    "train_language",
    "train_quality",
]
