"""Text by name or by path: registry, downloads, readers; then a pipeline that cleans it.

* `readers`: `read` gives the `Document`s of any file (WARC, WET, MediaWiki XML, Stack Exchange's
  `Posts.xml`, JSON Lines, Parquet, text); an `ErrorPolicy` counts what it leaves out, `Limits`
  bound it. `read_texts` gives the texts of a file or a folder; `hold_out` keeps their end back.
* `extract`: `extract_text` and `main_text` take the text out of web pages, `strip_wikitext` out
  of wikitext.
* `filters`: each `Step` looks at one document, and may say why it is `Dropped`.
* `dedup`: each `Deduplicator` compares a document with all the others.
* `pipeline`: a `Pipeline` passes documents through both; `mix` draws from several cleaned corpora.
* `get` fetches a public text by name, checked and cached; `registry` lists them.
"""

from scratchlm.corpus.dedup import ExactDedup, LineDedup, MinHashDedup, s_curve
from scratchlm.corpus.document import Document, Dropped
from scratchlm.corpus.download import cache_folder, fetch, get
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.extract import (
    TextBlock,
    decode_page,
    extract_text,
    html_text,
    is_content,
    main_text,
    strip_gutenberg,
    strip_wikitext,
    text_blocks,
)
from scratchlm.corpus.filters import (
    C4,
    Classifier,
    Decontaminate,
    GopherQuality,
    GopherRepetition,
    Language,
    MaskPII,
    Quality,
    choose_ngram,
    evaluation_ngrams,
    find_pii,
    train_language,
    train_quality,
)
from scratchlm.corpus.hold_out import hold_out
from scratchlm.corpus.limits import LIMITS, Limits
from scratchlm.corpus.pipeline import (
    Manifest,
    Pipeline,
    StepStats,
    WeightedCorpus,
    mix,
    read_shard,
    shard_paths,
    stats_table,
)
from scratchlm.corpus.readers import (
    SEPARATOR,
    Preference,
    Record,
    Revision,
    Thread,
    join_answers,
    preferences,
    read,
    read_jsonl,
    read_mediawiki,
    read_parquet,
    read_plain,
    read_posts,
    read_records,
    read_revisions,
    read_texts,
    read_warc,
    text_files,
    thread_document,
    write_line,
)
from scratchlm.corpus.registry import RegistryEntry, entry, registry
from scratchlm.corpus.step import Deduplicator, Step

__all__ = [
    "C4",
    "LIMITS",
    "SEPARATOR",
    "Classifier",
    "Decontaminate",
    "Deduplicator",
    "Document",
    "Dropped",
    "ErrorPolicy",
    "ExactDedup",
    "GopherQuality",
    "GopherRepetition",
    "Language",
    "Limits",
    "LineDedup",
    "Manifest",
    "MaskPII",
    "MinHashDedup",
    "Pipeline",
    "Preference",
    "Quality",
    "Record",
    "RegistryEntry",
    "Revision",
    "Step",
    "StepStats",
    "TextBlock",
    "Thread",
    "WeightedCorpus",
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
    "stats_table",
    "strip_gutenberg",
    "strip_wikitext",
    "text_blocks",
    "text_files",
    "thread_document",
    "train_language",
    "train_quality",
    "write_line",
]
