"""The files that a pipeline is given, as documents."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from scratchlm.corpus.document import Document
from scratchlm.corpus.readers.jsonl import read_jsonl
from scratchlm.corpus.readers.read import read
from scratchlm.corpus.readers.text import SEPARATOR, SUFFIXES, read_texts
from scratchlm.errors import InputError


def read_documents(path: Path, start: int = 0) -> Iterator[Document]:
    r"""Read a file: plain text, JSON Lines, or anything else that `read` knows.

    Plain text is cut at lines of ``<|endoftext|>``. A file of JSON Lines may be empty, as the
    shards of a corpus may.

    Args:
        path: The file.
        start: Goes on after the document that has this `Document.end`.

    Raises:
        InputError: The file cannot be read, or a record is not what it should be.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "two.txt"
    >>> _ = file.write_text("One.\n<|endoftext|>\nTwo.\n")
    >>> [(page.text, page.id) for page in read_documents(file)]
    [('One.\n', 'two.txt:1'), ('Two.\n', 'two.txt:2')]
    """
    if path.suffix not in SUFFIXES:
        yield from (read_jsonl if path.suffix == ".jsonl" else read)(path, start)
        return
    texts = enumerate(read_texts(path, separator=SEPARATOR), start=1)
    for number, text in islice(texts, start, None):
        yield Document(text, id=f"{path.name}:{number}", source=path.stem, end=number)


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
