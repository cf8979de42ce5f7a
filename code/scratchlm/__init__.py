"""Build a large language model from scratch: the package the book builds, chapter by chapter."""

__version__ = "0.1.0"
