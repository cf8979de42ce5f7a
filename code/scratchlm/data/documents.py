"""A document as the model reads it."""

from scratchlm.errors import InputError
from scratchlm.tokenizer import END_OF_TEXT, Tokenizer


def encode_document(text: str, tokenizer: Tokenizer) -> list[int]:
    """Turn a text into a row: the separator, then its tokens.

    The separator opens the document, and so closes the one before it.

    Args:
        text: Any text; nothing in it becomes a control token.
        tokenizer: What cuts it.

    Raises:
        InputError: The tokenizer has no separator, or UTF-8 cannot write the text.

    >>> from scratchlm.tokenizer import train_bpe
    >>> encode_document("ab", train_bpe(["ab"], 257))
    [256, 97, 98]
    """
    if END_OF_TEXT not in tokenizer.special_tokens:
        raise InputError(
            f"tokenizer: expected the special token {END_OF_TEXT}, found "
            f"{', '.join(tokenizer.special_tokens) or 'none'}; train one that has it"
        )
    return [tokenizer.special_tokens[END_OF_TEXT], *tokenizer.encode(text)]
