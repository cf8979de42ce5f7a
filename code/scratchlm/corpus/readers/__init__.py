"""Files of any kind as a stream of documents: crawls, dumps, JSON Lines, Parquet, text."""

from scratchlm.corpus.readers.inputs import input_files
from scratchlm.corpus.readers.jsonl import read_jsonl, write_line
from scratchlm.corpus.readers.mediawiki import Revision, read_mediawiki, read_revisions
from scratchlm.corpus.readers.parquet import read_parquet
from scratchlm.corpus.readers.plain import SEPARATOR, read_plain
from scratchlm.corpus.readers.read import read
from scratchlm.corpus.readers.stackexchange import read_posts
from scratchlm.corpus.readers.text import read_texts, text_files
from scratchlm.corpus.readers.threads import (
    Preference,
    Thread,
    join_answers,
    preferences,
    thread_document,
)
from scratchlm.corpus.readers.warc import Record, read_records, read_warc

__all__ = [
    "SEPARATOR",
    "Preference",
    "Record",
    "Revision",
    "Thread",
    "input_files",
    "join_answers",
    "preferences",
    "read",
    "read_jsonl",
    "read_mediawiki",
    "read_parquet",
    "read_plain",
    "read_posts",
    "read_records",
    "read_revisions",
    "read_texts",
    "read_warc",
    "text_files",
    "thread_document",
    "write_line",
]
