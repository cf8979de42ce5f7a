"""Text out of markup: the main text of web pages, wikitext without its markup, books unframed."""

from scratchlm.corpus.extract.blocks import TextBlock, is_content, main_text, text_blocks
from scratchlm.corpus.extract.gutenberg import strip_gutenberg
from scratchlm.corpus.extract.html import decode_page, extract_text, html_text
from scratchlm.corpus.extract.wikitext import strip_wikitext

__all__ = [
    "TextBlock",
    "decode_page",
    "extract_text",
    "html_text",
    "is_content",
    "main_text",
    "strip_gutenberg",
    "strip_wikitext",
    "text_blocks",
]
