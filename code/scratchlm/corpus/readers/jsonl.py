"""JSON Lines: one object a line, plain or compressed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import LIMITS, Limits, admit
from scratchlm.corpus.readers.chunks import Broken, Progress, collection, read_chunks
from scratchlm.corpus.readers.lines import Line, split_lines
from scratchlm.errors import quote


def read_jsonl(
    path: Path,
    start: int = 0,
    *,
    text: str = "text",
    on_error: ErrorPolicy | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document]:
    r"""Read documents from JSON Lines (``.jsonl``, ``.jsonl.gz``, ``.jsonl.zst``).

    The fields ``id`` and ``source`` are taken where they are there; other strings, numbers and
    truth values, and those of an object ``meta``, become the document's `meta`.

    Args:
        path: The file.
        start: Bytes of decompressed JSON to pass over: the `end` of a document read before.
        text: The field that holds the text.
        on_error: Counts lines that are no object with a text; without it they stop the reader.
        limits: Longest line and longest text.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "two.jsonl"
    >>> _ = path.write_text('{"text": "One.", "id": "a"}\n{"text": "Two.", "stars": 4}\n')
    >>> first, second = read_jsonl(path)
    >>> second.id, second.meta, [d.text for d in read_jsonl(path, start=first.end)]
    ('28', {'stars': '4'}, ['Two.'])
    """
    on_error = on_error or ErrorPolicy()
    begin = start
    try:
        for line in split_lines(read_chunks(path, start, progress), start, limits.record):
            if line.data.strip():
                document = _parse(line, path, begin, text, limits, on_error)
                if document is not None:
                    yield document
            begin = line.end
    except Broken as error:
        on_error.report("stream cut", f"{path}: after byte {begin:,}", "more data", str(error))


def write_line(document: Document) -> str:
    """A document as a line that `read_jsonl` reads back.

    >>> write_line(Document("Zoë.", id="a", source="files", end=4))
    '{"id": "a", "source": "files", "end": 4, "meta": {}, "text": "Zoë."}'
    """
    fields = {
        "id": document.id,
        "source": document.source,
        "end": document.end,
        "meta": dict(document.meta),
        "text": document.text,
    }
    return json.dumps(fields, ensure_ascii=False)


def document_from_fields(
    fields: Mapping[str, object], text: str, number: int, end: int, name: str
) -> Document:
    """Make a document of a record's fields.

    Args:
        fields: All of them.
        text: The text, as it was admitted.
        number: What the document is called where it has no ``id``.
        end: Where the next record begins.
        name: The collection where no ``source`` is given.

    >>> document_from_fields({"id": 7, "url": "example.org"}, "Hi.", 0, 9, "a")
    Document(text='Hi.', id='7', source='a', end=9, meta={'url': 'example.org'})
    """
    known = dict(fields)
    own = known.pop("id", None)
    source = known.pop("source", None)
    known.pop("end", None)
    nested = known.pop("meta", None)
    meta = {**known, **(nested if isinstance(nested, dict) else {})}
    return Document(
        text,
        id=str(number if own is None else own),
        source=str(source or name),
        end=end,
        meta={
            str(key): value if isinstance(value, str) else json.dumps(value)
            for key, value in meta.items()
            if isinstance(value, str | int | float)
        },
    )


def _found(fields: object, text: str) -> str:
    if not isinstance(fields, dict):
        return quote(fields)
    return quote(fields[text]) if text in fields else "fields " + ", ".join(list(fields)[:8])


def _parse(
    line: Line, path: Path, begin: int, text: str, limits: Limits, on_error: ErrorPolicy
) -> Document | None:
    where = f"{path}: line at byte {begin:,}"
    if not line.whole:
        on_error.report(
            "record too long", where, f"at most {limits.record:,} bytes", "a longer line"
        )
        return None
    try:
        fields = json.loads(line.data)
    except (ValueError, RecursionError) as error:
        on_error.report("not JSON", where, "one JSON object", f"{quote(line.data)} ({error})")
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get(text), str):
        found = _found(fields, text)
        named = isinstance(fields, dict) and text in fields
        remedy = "" if named else "name the field that holds the text (--field)"
        on_error.report("no text", where, f"an object with a string {text!r}", found, remedy)
        return None
    body = admit(fields.pop(text), where, limits, on_error)
    return (
        None
        if body is None
        else document_from_fields(fields, body, begin, line.end, collection(path))
    )
