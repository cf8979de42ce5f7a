"""Text by name or by path: registry, downloads, readers.

* `read_texts` reads the documents of a file or a folder; `hold_out` keeps their end back.
* `get` fetches a public text by name, checked and cached; `registry` lists them.
"""

from scratchlm.corpus.download import cache_folder, fetch, get
from scratchlm.corpus.gutenberg import strip_gutenberg
from scratchlm.corpus.hold_out import hold_out
from scratchlm.corpus.registry import Entry, entry, registry
from scratchlm.corpus.text import SEPARATOR, read_texts, text_files

__all__ = [
    "SEPARATOR",
    "Entry",
    "cache_folder",
    "entry",
    "fetch",
    "get",
    "hold_out",
    "read_texts",
    "registry",
    "strip_gutenberg",
    "text_files",
]
