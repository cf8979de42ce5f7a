"""Text by name or by path: registry, downloads, readers; then a pipeline that cleans it.

* `read_texts` reads the documents of a file or a folder; `hold_out` keeps their end back.
* `read` gives the `Document`s of any other file: WARC, WET, MediaWiki XML, Stack Exchange's
  `Posts.xml`, JSON Lines, Parquet, text; `Damage` counts what it leaves out, `Limits` bound it.
* `extract_text` and `main_text` take the text out of web pages, `strip_wikitext` out of
  wikitext; `join_answers` brings questions and answers together.
* `get` fetches a public text by name, checked and cached; `registry` lists them.
* A `Pipeline` passes a `Document` through steps, each of which may say why it is `Dropped`, and
  through comparisons with all the others; `mix` draws from several cleaned corpora.
"""

from scratchlm.corpus.blocks import Block, is_content, main_text, text_blocks
from scratchlm.corpus.c4 import C4
from scratchlm.corpus.classifier import Classifier
from scratchlm.corpus.damage import Damage
from scratchlm.corpus.decontamination import Decontaminate, choose_ngram, evaluation_ngrams
from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.download import cache_folder, fetch, get
from scratchlm.corpus.duplicates import SameDocument, SameLine
from scratchlm.corpus.gopher import GopherQuality
from scratchlm.corpus.gutenberg import strip_gutenberg
from scratchlm.corpus.hold_out import hold_out
from scratchlm.corpus.html import decode_page, extract_text, html_text
from scratchlm.corpus.jsonl import read_jsonl, write_line
from scratchlm.corpus.language import Language, train_language
from scratchlm.corpus.limits import LIMITS, Limits
from scratchlm.corpus.manifest import Manifest
from scratchlm.corpus.mediawiki import Revision, read_mediawiki, read_revisions
from scratchlm.corpus.minhash import NearDuplicate, s_curve
from scratchlm.corpus.mix import Share, mix
from scratchlm.corpus.parquet import read_parquet
from scratchlm.corpus.pii import MaskPII, find_pii
from scratchlm.corpus.pipeline import Pipeline
from scratchlm.corpus.plain import read_plain
from scratchlm.corpus.quality import Quality, train_quality
from scratchlm.corpus.read import read
from scratchlm.corpus.registry import Entry, entry, registry
from scratchlm.corpus.repetition import GopherRepetition
from scratchlm.corpus.shards import read_shard, shard_paths
from scratchlm.corpus.stackexchange import read_posts
from scratchlm.corpus.step import Comparison, Step
from scratchlm.corpus.text import SEPARATOR, read_texts, text_files
from scratchlm.corpus.threads import Preference, Thread, join_answers, preferences, thread_document
from scratchlm.corpus.warc import Record, read_records, read_warc
from scratchlm.corpus.wikitext import strip_wikitext
from scratchlm.corpus.yields import Yield, yield_table

__all__ = [
    "C4",
    "LIMITS",
    "SEPARATOR",
    "Block",
    "Classifier",
    "Comparison",
    "Damage",
    "Decontaminate",
    "Document",
    "Dropped",
    "Entry",
    "GopherQuality",
    "GopherRepetition",
    "Language",
    "Limits",
    "Manifest",
    "MaskPII",
    "NearDuplicate",
    "Pipeline",
    "Preference",
    "Quality",
    "Record",
    "Revision",
    "SameDocument",
    "SameLine",
    "Share",
    "Step",
    "Thread",
    "Yield",
    "cache_folder",
    "choose_ngram",
    "decode_page",
    "entry",
    "evaluation_ngrams",
    "extract_text",
    "fetch",
    "find_pii",
    "get",
    "hold_out",
    "html_text",
    "is_content",
    "join_answers",
    "main_text",
    "mix",
    "preferences",
    "read",
    "read_jsonl",
    "read_mediawiki",
    "read_parquet",
    "read_plain",
    "read_posts",
    "read_records",
    "read_revisions",
    "read_shard",
    "read_texts",
    "read_warc",
    "registry",
    "s_curve",
    "shard_paths",
    "strip_gutenberg",
    "strip_wikitext",
    "text_blocks",
    "text_files",
    "thread_document",
    "train_language",
    "train_quality",
    "write_line",
    "yield_table",
]
