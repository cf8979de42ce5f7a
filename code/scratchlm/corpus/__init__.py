"""Text by name or by path: registry, downloads, readers."""

from scratchlm.corpus.text import read_texts, text_files

__all__ = ["read_texts", "text_files"]
