"""The files that a pipeline is given, as documents."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.corpus.read import read
from scratchlm.corpus.text import SEPARATOR, SUFFIXES, decode, read_texts
from scratchlm.errors import InputError


def read_documents(path: Path, start: int = 0) -> Iterator[Document]:
    r"""Read a file: ``*.jsonl`` with a field ``text`` in each line, plain text, or any other.

    Plain text is cut at lines of ``<|endoftext|>``. A file of another name is one for `read`: a
    crawl, a dump, a table.

    Args:
        path: The file.
        start: Goes on behind the document that has this `Document.end`.

    Raises:
        InputError: The file cannot be read, or a record is not what it should be.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "two.jsonl"
    >>> _ = file.write_text('{"text": "One."}\n{"text": "Two.", "url": "b.org"}\n')
    >>> [(page.text, dict(page.meta)) for page in read_documents(file)]
    [('One.', {}), ('Two.', {'url': 'b.org'})]
    """
    if path.suffix not in (".jsonl", *SUFFIXES):
        yield from read(path, start)
        return
    if path.suffix != ".jsonl":
        texts = enumerate(read_texts(path, separator=SEPARATOR), start=1)
        for number, text in islice(texts, start, None):
            yield Document(text, id=f"{path.name}:{number}", source=path.stem, end=number)
        return
    with path.open("rb") as lines:
        for number, line in islice(enumerate(lines, start=1), start, None):
            yield _document(path, number, line)


def _document(path: Path, number: int, line: bytes) -> Document:
    name = f"{path}, line {number}"
    try:
        record = json.loads(decode(line, name))
        text = record.pop("text")
    except (json.JSONDecodeError, KeyError, AttributeError) as error:
        raise InputError(
            f'{name}: expected an object of JSON with a field "text", found {line[:60]!r}; '
            "correct the line or take it out"
        ) from error
    meta = {key: value for key, value in record.items() if isinstance(value, str)}
    return Document(text, id=f"{path.name}:{number}", source=path.stem, end=number, meta=meta)


def input_files(paths: list[Path]) -> list[Path]:
    """List the files among the paths, and those below the folders among them, in order.

    Raises:
        InputError: A path does not exist, or there is no file.

    >>> input_files([Path("no/file")])
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: no/file: expected a file or a folder, found nothing there
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: expected a file or a folder, found nothing there")
        below = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        files += sorted(below, key=Path.as_posix)
    if not files:
        raise InputError("corpus: expected at least one file to read, found none; name one")
    return files
