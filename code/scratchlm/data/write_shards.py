"""From texts to a folder of shards: a run that may be killed at any moment and resumed."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from scratchlm.data.encode import Row, encode_documents
from scratchlm.data.shard_header import read_header
from scratchlm.data.shard_index import INDEX, ShardIndex
from scratchlm.data.shard_writer import ShardWriter
from scratchlm.errors import InputError
from scratchlm.tokenizer import Tokenizer

SHARD_TOKENS = 100_000_000  # 200 MB of two-byte ids


def write_shards(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    folder: Path,
    shard_tokens: int = SHARD_TOKENS,
    *,
    workers: int = 1,
) -> ShardIndex:
    """Tokenize documents into shards; killed and run again, it ends with the same bytes.

    In memory are a few documents at a time. A resumed run reads the texts of the finished shards
    once more, to see that they are the same, but does not tokenize them again.

    Args:
        texts: The documents, the same ones in the same order whenever the run is resumed.
        tokenizer: What cuts them.
        folder: Takes ``00000.shard`` and so on, and ``index.json``.
        shard_tokens: Most tokens in a shard; a document is never cut, and one that is longer has
            a shard to itself.
        workers: Processes that tokenize; the bytes are the same.

    Returns:
        The index of the finished folder.

    Raises:
        InputError: There is no text, the folder belongs to other texts or settings, or the disk
            is full.

    >>> import tempfile
    >>> index = write_shards(["ab", "c"], Tokenizer([]), Path(tempfile.mkdtemp()), 3)
    >>> [(entry.name, entry.tokens) for entry in index.shards]
    [('00000.shard', 3), ('00001.shard', 2)]
    """
    index = _begin(tokenizer, folder, shard_tokens)
    seen, rest = TextSum(), iter(texts)
    _skip(rest, index, seen, folder)
    rows = encode_documents(rest, tokenizer, workers=workers, first=index.documents)
    row = next(rows, None)
    _check_full(index, row, folder)
    while row is not None:
        with ShardWriter(folder / index.next_name, tokenizer) as writer:
            row = _fill(writer, row, rows, shard_tokens, seen)
        index = index.add(writer.header, seen.hexdigest())
        index.save(folder)
    return _finish(index, folder)


class TextSum:
    """The sha256 of a sequence of texts.

    >>> one, other = TextSum(), TextSum()
    >>> one.add("ab"); other.add("a"); other.add("b"); one.hexdigest() == other.hexdigest()
    False
    """

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, text: str) -> None:
        """Go on with the next text."""
        content = text.encode("utf-8", "surrogatepass")
        self._sum.update(len(content).to_bytes(8, "little") + content)

    def hexdigest(self) -> str:
        """The sum of all texts so far."""
        return self._sum.hexdigest()


def _begin(tokenizer: Tokenizer, folder: Path, shard_tokens: int) -> ShardIndex:
    """The index of what is finished, which is none in a new folder."""
    if shard_tokens < 1:
        raise InputError(f"shard tokens: expected at least 1, found {shard_tokens}")
    fresh = ShardIndex(tokenizer.fingerprint, tokenizer.vocab_size, shard_tokens)
    if not (folder / INDEX).exists():
        return fresh
    index = ShardIndex.load(folder)
    if replace(index, complete=False, shards=()) != fresh:
        raise InputError(
            f"{folder}: expected shards of {shard_tokens:,} tokens by the tokenizer "
            f"{tokenizer.fingerprint[:12]}, found {index.shard_tokens:,} by "
            f"{index.tokenizer[:12]}; use the settings of the run that began here, or another "
            "folder"
        )
    for entry in index.shards:
        if read_header(folder / entry.name).body_sha256 != entry.sha256:
            raise InputError(
                f"{folder / entry.name}: expected the shard that {INDEX} names, found another; "
                "write the shards again, into an empty folder"
            )
    return index


def _skip(texts: Iterator[str], index: ShardIndex, seen: TextSum, folder: Path) -> None:
    """Pass over the texts of the finished shards."""
    for entry in index.shards:
        for _, text in zip(range(entry.documents), texts, strict=False):
            seen.add(text)
        if seen.hexdigest() != entry.text_sha256:
            raise InputError(
                f"{folder / entry.name}: expected the text that this shard was made of, found "
                "another; give the text that the run began with, or use another folder"
            )


def _check_full(index: ShardIndex, row: Row | None, folder: Path) -> None:
    """Refuse text after a shard that would have taken more: it was the end, and has moved."""
    if row and index.shards and index.shards[-1].tokens + len(row[1]) <= index.shard_tokens:
        raise InputError(
            f"{folder}: expected the text to end where it ended in the last run, found more; "
            "write the longer text to another folder"
        )


def _fill(
    writer: ShardWriter, row: Row | None, rows: Iterator[Row], shard_tokens: int, seen: TextSum
) -> Row | None:
    """Write documents until the shard is full, and return the first one that has no room."""
    while row is not None:
        text, ids = row
        if writer.tokens and writer.tokens + len(ids) > shard_tokens:
            break
        writer.append(ids)
        seen.add(text)
        row = next(rows, None)
    return row


def _finish(index: ShardIndex, folder: Path) -> ShardIndex:
    """Say in the index that nothing is missing."""
    if not index.shards:
        raise InputError(f"{folder}: expected at least one document to write, found none")
    index = replace(index, complete=True)
    index.save(folder)
    return index
