"""Text by name or by path: registry, downloads, readers; then a pipeline that cleans it.

* `read_texts` reads the documents of a file or a folder; `hold_out` keeps their end back.
* `get` fetches a public text by name, checked and cached; `registry` lists them.
* A `Pipeline` passes a `Document` through steps, each of which may say why it is `Dropped`, and
  through comparisons with all the others; `mix` draws from several cleaned corpora.
"""

from scratchlm.corpus.c4 import C4
from scratchlm.corpus.classifier import Classifier
from scratchlm.corpus.decontamination import Decontaminate, choose_ngram, evaluation_ngrams
from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.download import cache_folder, fetch, get
from scratchlm.corpus.duplicates import SameDocument, SameLine
from scratchlm.corpus.gopher import GopherQuality
from scratchlm.corpus.gutenberg import strip_gutenberg
from scratchlm.corpus.hold_out import hold_out
from scratchlm.corpus.language import Language, train_language
from scratchlm.corpus.manifest import Manifest
from scratchlm.corpus.minhash import NearDuplicate, s_curve
from scratchlm.corpus.mix import Share, mix
from scratchlm.corpus.pii import MaskPII, find_pii
from scratchlm.corpus.pipeline import Pipeline
from scratchlm.corpus.quality import Quality, train_quality
from scratchlm.corpus.registry import Entry, entry, registry
from scratchlm.corpus.repetition import GopherRepetition
from scratchlm.corpus.shards import read_shard, shard_paths
from scratchlm.corpus.step import Comparison, Step
from scratchlm.corpus.text import SEPARATOR, read_texts, text_files
from scratchlm.corpus.yields import Yield, yield_table

__all__ = [
    "C4",
    "SEPARATOR",
    "Classifier",
    "Comparison",
    "Decontaminate",
    "Document",
    "Dropped",
    "Entry",
    "GopherQuality",
    "GopherRepetition",
    "Language",
    "Manifest",
    "MaskPII",
    "NearDuplicate",
    "Pipeline",
    "Quality",
    "SameDocument",
    "SameLine",
    "Share",
    "Step",
    "Yield",
    "cache_folder",
    "choose_ngram",
    "entry",
    "evaluation_ngrams",
    "fetch",
    "find_pii",
    "get",
    "hold_out",
    "mix",
    "read_shard",
    "read_texts",
    "registry",
    "s_curve",
    "shard_paths",
    "strip_gutenberg",
    "text_files",
    "train_language",
    "train_quality",
    "yield_table",
]
