"""Many documents to token ids, over processes."""

from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing import Pool

import numpy as np
from jaxtyping import Int

from scratchlm.data.documents import encode_document
from scratchlm.data.shard_header import id_dtype
from scratchlm.errors import InputError
from scratchlm.processes import exit_with_parent
from scratchlm.tokenizer import Tokenizer
from scratchlm.tokenizer.pretokenize import batch_texts

BATCH = 300_000  # characters that a process encodes before it reports
Ids = Int[np.ndarray, "length"]
Row = tuple[str, Ids]  # a text and its ids


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
    if workers == 1:
        for number, text in enumerate(texts, first):
            yield text, _encode(number, [text], tokenizer)[0]
        return
    waiting: deque[list[str]] = deque()  # sent, and not yet come back
    with Pool(workers, _begin, [tokenizer]) as pool:
        for rows in pool.imap(_encode_shared, _tasks(texts, first, waiting)):
            yield from zip(waiting.popleft(), rows, strict=True)


_SHARED: list[Tokenizer] = []  # in a worker: its one tokenizer, which remembers words


def _begin(tokenizer: Tokenizer) -> None:
    exit_with_parent()
    _SHARED.append(tokenizer)


def _tasks(
    texts: Iterable[str], first: int, waiting: deque[list[str]]
) -> Iterator[tuple[int, list[str]]]:
    """Batches, each with the number of its first document."""
    for batch in batch_texts(texts, BATCH):
        waiting.append(batch)
        yield first, batch
        first += len(batch)


def _encode_shared(task: tuple[int, list[str]]) -> list[Ids]:
    return _encode(*task, _SHARED[0])


def _encode(first: int, texts: list[str], tokenizer: Tokenizer) -> list[Ids]:
    dtype = id_dtype(tokenizer.vocab_size)  # few bytes to send between processes
    rows: list[Ids] = []
    for text in texts:
        try:
            rows.append(np.array(encode_document(text, tokenizer), dtype))
        except InputError as error:
            raise InputError(f"document {first + len(rows)}: {error}") from error
    return rows
