"""A document as the model reads it."""

from scratchlm.tokenizer import END_OF_TEXT, Tokenizer


def encode_document(text: str, tokenizer: Tokenizer) -> list[int]:
    """Turn a text into a row: the separator, then its tokens.

    The separator opens the document, and so closes the one before it.

    Args:
        text: Any text; nothing in it becomes a control token.
        tokenizer: What cuts it.

    >>> from scratchlm.tokenizer import train_bpe
    >>> encode_document("ab", train_bpe(["ab"], 257))
    [256, 97, 98]
    """
    return [tokenizer.specials[END_OF_TEXT], *tokenizer.encode(text)]
