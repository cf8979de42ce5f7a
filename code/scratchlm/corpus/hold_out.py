"""Keeping some text back: what a model is measured on, it must not have learned from."""

from collections.abc import Sequence

from scratchlm.errors import InputError


def hold_out(documents: Sequence[str], share: float = 0.1) -> tuple[list[str], list[str]]:
    """Hold out the end: of the list of documents, or of the text where there is only one.

    Args:
        documents: All the text there is, in order.
        share: How much of it is held out, between 0 and 1.

    Returns:
        What may be learned from, and what is held out.

    Raises:
        InputError: The share is impossible, or there is too little text to fill both parts.

    >>> hold_out(["0123456789"])
    (['012345678'], ['9'])
    >>> hold_out(["a", "b", "c"], 0.34)
    (['a', 'b'], ['c'])
    """
    if not 0 < share < 1:
        raise InputError(f"hold out: expected a share between 0 and 1, found {share}")
    if len(documents) == 1:
        cut = round(len(documents[0]) * (1 - share))
        learned, held_out = [documents[0][:cut]], [documents[0][cut:]]
    else:
        cut = min(len(documents) - 1, round(len(documents) * (1 - share)))
        learned, held_out = list(documents[:cut]), list(documents[cut:])
    if not any(map(str.strip, learned)) or not any(map(str.strip, held_out)):
        raise InputError(
            f"hold out: expected enough text to hold out {share:.0%}, found "
            f"{sum(map(len, documents))} characters in {len(documents)} documents; give more text"
        )
    return learned, held_out
