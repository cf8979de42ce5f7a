"""Many documents to token ids, over processes."""

from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import Pool

import numpy as np
from jaxtyping import Int

from scratchlm.data.documents import encode_document
from scratchlm.data.header import id_dtype
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer
from scratchlm.tokenizer.counting import batches

BATCH = 300_000  # characters that a process encodes before it reports
Row = tuple[str, Int[np.ndarray, "length"]]  # a text and its ids


def encode_documents(
    texts: Iterable[str], tokenizer: Tokenizer, *, workers: int = 1, first: int = 0
) -> Iterator[Row]:
    """Turn documents into rows, in their order, whatever the number of processes.

    Args:
        texts: Documents; they are read a few batches ahead, never all at once.
        tokenizer: What cuts them.
        workers: Processes that encode; 1 encodes in this one.
        first: The number of the first document, for errors.

    Yields:
        Each text, and its ids as `encode_document` gives them.

    Raises:
        InputError: A text cannot be written in UTF-8, the tokenizer has no separator, or
            `workers` is less than 1.

    >>> [(text, ids.tolist()) for text, ids in encode_documents(["ab", "c"], Tokenizer([]))]
    [('ab', [256, 97, 98]), ('c', [256, 99])]
    """
    if workers < 1:
        raise InputError(f"workers: expected at least 1 process, found {workers}")
    encode = partial(_encode, tokenizer=tokenizer)
    if workers == 1:
        for number, text in enumerate(texts, first):
            yield from encode((number, [text]))
        return
    with Pool(workers) as pool:
        for rows in pool.imap(encode, _numbered(texts, first)):
            yield from rows


def _numbered(texts: Iterable[str], first: int) -> Iterator[tuple[int, list[str]]]:
    """Batches, each with the number of its first document."""
    for batch in batches(texts, BATCH):
        yield first, batch
        first += len(batch)


def _encode(numbered: tuple[int, list[str]], tokenizer: Tokenizer) -> list[Row]:
    number, texts = numbered
    dtype = id_dtype(tokenizer.vocab_size)  # few bytes to send between processes
    rows: list[Row] = []
    for text in texts:
        try:
            rows.append((text, np.array(encode_document(text, tokenizer), dtype)))
        except InputError as error:
            raise InputError(f"document {number + len(rows)}: {error}") from error
    return rows
