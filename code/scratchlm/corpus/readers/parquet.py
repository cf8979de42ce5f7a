"""Parquet: a table with a column of texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import CHUNK, Broken, Progress, collection, open_metered
from scratchlm.corpus.readers.jsonl import document_from_fields
from scratchlm.corpus.require import require
from scratchlm.errors import InputError, quote, shorten

ROWS = 64  # in memory at once; a row group may hold a million


def read_parquet(
    path: Path,
    start: int = 0,
    *,
    text: str = "text",
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    """Read documents from the rows of a Parquet file; fields as in `read_jsonl`.

    `ROWS` of them are in memory at once, and of the packed table one row group at most.

    Args:
        path: The file.
        start: Rows to pass over: the `end` of a document read before.
        text: The column that holds the text.
        on_error: Counts row groups that cannot be read, and rows without a text.
        limits: Longest text.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, has no such column, or damage stops the reader.

    >>> import tempfile, pyarrow.parquet
    >>> path = Path(tempfile.mkdtemp()) / "two.parquet"
    >>> table = pyarrow.table({"text": ["One.", "Two."], "id": ["a", "b"]})
    >>> pyarrow.parquet.write_table(table, path)
    >>> first, second = read_parquet(path)
    >>> first.end, [document.id for document in read_parquet(path, start=first.end)]
    (1, ['b'])
    """
    on_error = on_error or ErrorPolicy()
    arrow = require("pyarrow.parquet")
    with open_metered(path, progress) as file:
        try:
            table = arrow.ParquetFile(file, pre_buffer=False, buffer_size=CHUNK)
        except broken() as error:
            raise InputError(
                f"{path}: expected a Parquet file with its footer, found: {shorten(str(error))}; "
                "it may be cut: fetch it again"
            ) from error
        if text not in table.schema_arrow.names:
            raise InputError(
                f"{path}: expected a column {text!r}, found {', '.join(table.schema_arrow.names)}; "
                "name the column that holds the text (--field)"
            )
        row = 0
        for group in range(table.num_row_groups):
            end = row + table.metadata.row_group(group).num_rows
            try:
                for number, fields in _rows(table, group, row) if start < end else ():
                    if number >= start:
                        document = _document(fields, text, path, number, limits, on_error)
                        if document is not None:
                            yield document
            except Broken as error:
                where = f"{path}: row group {group}, rows {row:,} to {end:,}"
                on_error.report("broken row group", where, "readable columns", str(error))
            row = end


def broken() -> tuple[type[Exception], ...]:
    """What the library raises where bytes are wrong; a few of its errors are none of Python's.

    >>> UnicodeDecodeError in broken() or ValueError in broken()
    True
    """
    return (require("pyarrow").ArrowException, ValueError, OSError, MemoryError)


def _rows(table: Any, group: int, row: int) -> Iterator[tuple[int, dict[str, object]]]:  # noqa: ANN401
    try:
        for batch in table.iter_batches(ROWS, row_groups=[group]):
            yield from enumerate(batch.to_pylist(), row)
            row += batch.num_rows
    except broken() as error:
        raise Broken(str(error)) from error


def _document(
    fields: dict[str, object],
    text: str,
    path: Path,
    number: int,
    limits: Limits,
    on_error: ErrorPolicy,
) -> Document | None:
    where = f"{path}: row {number:,}"
    body = fields.pop(text)
    if not isinstance(body, str):
        on_error.report("no text", where, f"a string in {text!r}", quote(body))
        return None
    body = admit(body, where, limits, on_error)
    return (
        None
        if body is None
        else document_from_fields(fields, body, number, number + 1, collection(path))
    )
