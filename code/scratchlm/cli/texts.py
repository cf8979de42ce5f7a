"""The texts that commands are given: plain, or in lines of JSON; compressed or not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from scratchlm.corpus import SEPARATOR, ErrorPolicy, read_jsonl, read_texts, text_files
from scratchlm.corpus.readers.chunks import uncompressed_name
from scratchlm.corpus.readers.inputs import input_files
from scratchlm.corpus.readers.text import is_text_name
from scratchlm.errors import InputError

JSON_LINES = (".jsonl", ".ndjson")


def text_inputs(path: Path) -> tuple[list[Path], bool]:
    """List the files of an input, in the order of their names; true where they are JSON Lines.

    Raises:
        InputError: There is nothing to read, a folder cannot be read, or it holds text of both
            kinds.

    >>> text_inputs(Path("none"))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none: expected a file or a folder, found nothing there
    """
    below: list[Path] = []
    if path.is_dir():
        below = input_files([path], ErrorPolicy("stop", otherwise=""))
    lines = list(filter(_is_json_lines, below))
    if lines and any(map(is_text_name, below)):
        raise InputError(
            f"{path}: expected JSON Lines or plain text in this folder, found both; "
            "name one file, or a folder with one kind"
        )
    if lines or (path.is_file() and _is_json_lines(path)):
        return lines or [path], True
    return text_files(path), False


def _is_json_lines(path: Path) -> bool:
    return uncompressed_name(path).suffix.lower() in JSON_LINES


def read_input(
    path: Path,
    *,
    separator: str = SEPARATOR,
    errors: Literal["strict", "replace"] = "strict",
    field: str = "text",
    on_error: ErrorPolicy | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[str]:
    r"""The documents of an input, one at a time.

    Args:
        path: A file of text or of JSON Lines, plain or compressed, or a folder of one kind.
        separator: The line between the documents of a text file.
        errors: What to do with bytes of a text file that are not UTF-8.
        field: Where the text stands in a line of JSON.
        on_error: Counts lines that hold no text; without it, the first one stops.
        progress: Is told how many bytes were read.

    Raises:
        InputError: The input cannot be read, or a line is not what it should be.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> _ = path.write_text('{"text": "One."}\n{"text": "Two."}\n')
    >>> list(read_input(path))
    ['One.', 'Two.']
    """
    files, json_lines = text_inputs(path)
    if json_lines:
        for file in files:
            for document in read_jsonl(file, text=field, on_error=on_error, progress=progress):
                yield document.text
        return
    yield from read_texts(path, errors=errors, separator=separator, progress=progress)
