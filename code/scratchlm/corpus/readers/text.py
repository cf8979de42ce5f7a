"""Plain text: a file or a folder becomes texts."""

from collections.abc import Iterator
from pathlib import Path

from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.readers.chunks import Progress, uncompressed_name
from scratchlm.corpus.readers.inputs import input_files
from scratchlm.corpus.readers.plain import Errors, check_separator, no_limits, read_plain
from scratchlm.errors import InputError

SUFFIXES = (".txt", ".md")


def read_texts(
    path: Path,
    *,
    errors: Errors = "strict",
    separator: str | None = None,
    progress: Progress | None = None,
) -> Iterator[str]:
    r"""Read the texts of a file, or of all ``*.txt`` and ``*.md`` files below a folder.

    Files may be compressed (``a.txt.gz``). Text is kept as it is (line ends too), except that a
    byte order mark at the beginning of a file is dropped, and so are NUL characters. Documents of
    nothing but whitespace are left out. Folders are walked in sorted order, so the documents come
    in the same order on every machine.

    Args:
        path: A file with any name, or a folder.
        errors: What to do with bytes that are not UTF-8: refuse, naming the place, or put U+FFFD
            in their place.
        separator: A line that ends a document, usually `SEPARATOR`; without it each file is one
            document.
        progress: Is told the bytes of the files as they are read.

    Raises:
        InputError: The path does not exist or cannot be read, a file is not UTF-8, or there is
            no text in it at all. A missing path is reported by the call itself, the rest when
            the documents are read.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "two.txt"
    >>> _ = file.write_bytes(b"One.\n<|endoftext|>\nTwo.\n")
    >>> list(read_texts(file, separator="<|endoftext|>"))
    ['One.\n', 'Two.\n']
    """
    files = text_files(path)
    check_separator(separator)
    return _texts(path, files, errors, separator, progress)


def _texts(
    path: Path,
    files: list[Path],
    errors: Errors,
    separator: str | None,
    progress: Progress | None,
) -> Iterator[str]:
    found = False
    for file in files:
        for document in read_plain(
            file,
            separator=separator,
            errors=errors,
            on_error=ErrorPolicy("stop", otherwise=""),
            limits=no_limits(),
            progress=progress,
        ):
            found = True
            yield document.text
    if not found:
        raise InputError(
            f"{path}: expected text, found none in {len(files)} file{'s' * (len(files) != 1)}; "
            "give a file that holds some"
        )


def is_text_name(path: Path) -> bool:
    """Whether a file's name says that it holds plain text, compressed or not.

    >>> is_text_name(Path("a.TXT")), is_text_name(Path("a.md.gz")), is_text_name(Path("a.csv"))
    (True, True, False)
    """
    return uncompressed_name(path).suffix.lower() in SUFFIXES


def text_files(path: Path) -> list[Path]:
    """List the files that `read_texts` reads, in its order.

    Raises:
        InputError: The path does not exist, or is a folder without a text file, or with a folder
            that cannot be read.

    >>> text_files(Path("no/file.txt"))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: no/file.txt: expected a file or a folder, found nothing there
    """
    if path.exists() and not path.is_dir():  # a pipe is as good as a file
        return [path]
    files = list(filter(is_text_name, input_files([path], ErrorPolicy("stop", otherwise=""))))
    if not files:
        raise InputError(
            f"{path}: expected at least one file ending in {' or '.join(SUFFIXES)} in this folder, "
            "found none; name a single file to read it whatever its ending"
        )
    return files
