"""Plain text: a file or a folder becomes documents."""

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from scratchlm.errors import InputError

SEPARATOR = "<|endoftext|>"  # the line that usually ends a document in a file of many
SUFFIXES = (".txt", ".md")
ENCODINGS = {
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"\x1f\x8b": "gzip-compressed",
    b"PK\x03\x04": "a zip archive",
}


def read_texts(
    path: Path,
    *,
    errors: Literal["strict", "replace"] = "strict",
    separator: str | None = None,
) -> Iterator[str]:
    r"""Read the documents of a file, or of all ``*.txt`` and ``*.md`` files below a folder.

    Text is kept byte for byte (line ends too), except that a byte order mark at the beginning of
    a file is dropped. Documents of nothing but whitespace are left out. Folders are walked in
    sorted order, so the documents come in the same order on every machine.

    Args:
        path: a file with any name, or a folder.
        errors: what to do with bytes that are not UTF-8: refuse, naming the place, or put U+FFFD
            in their place.
        separator: a line that ends a document, usually `SEPARATOR`; without it each file is one
            document.

    Raises:
        InputError: the path does not exist or cannot be read, a file is not UTF-8, or there is
            no text in it at all. A missing path is reported by the call itself, the rest when
            the documents are read.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "two.txt"
    >>> _ = file.write_bytes(b"One.\n<|endoftext|>\nTwo.\n")
    >>> list(read_texts(file, separator="<|endoftext|>"))
    ['One.\n', 'Two.\n']
    """
    files = text_files(path)
    if separator is not None and (not separator.strip() or len(separator.splitlines()) != 1):
        raise InputError(f"separator: expected one line of text, found {separator!r}")
    return _read_files(path, files, errors, separator)


def text_files(path: Path) -> list[Path]:
    """List the files that `read_texts` reads, in its order.

    Raises:
        InputError: the path does not exist, or is a folder without a text file.

    >>> text_files(Path("no/file.txt"))
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: no/file.txt: expected a file or a folder, found nothing there
    """
    if not path.exists():
        raise InputError(f"{path}: expected a file or a folder, found nothing there")
    if not path.is_dir():  # a pipe is as good as a file
        return [path]
    texts = (p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    files = sorted(texts, key=Path.as_posix)
    if not files:
        raise InputError(
            f"{path}: expected at least one file ending in {' or '.join(SUFFIXES)} in this folder, "
            "found none; name a single file to read it whatever its ending"
        )
    return files


def decode(
    data: bytes,
    name: str,
    *,
    errors: Literal["strict", "replace"] = "strict",
    offset: int = 0,
) -> str:
    r"""Decode UTF-8, or say exactly where it is not UTF-8.

    Args:
        data: the bytes.
        name: what the message calls them: the file, or the file and the record.
        errors: ``strict`` refuses bad bytes, ``replace`` puts U+FFFD in their place.
        offset: where in the file `data` begins, in bytes.

    Raises:
        InputError: a byte is not UTF-8 and `errors` is ``strict``.

    >>> decode(b"caf\xc3\xa9", "menu.txt")
    'café'
    >>> decode(b"caf\xe9", "menu.txt", errors="replace")
    'caf\ufffd'
    >>> decode(b"caf\xe9", "menu.txt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: menu.txt: expected UTF-8, found byte e9 at offset 3 (unexpected...
    """
    try:
        return data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        kinds = [kind for mark, kind in ENCODINGS.items() if offset == 0 and data.startswith(mark)]
        found = f" (the file looks {kinds[0]})" if kinds else f" ({error.reason})"
        raise InputError(
            f"{name}: expected UTF-8, found byte {data[error.start]:02x} at offset "
            f"{offset + error.start}{found}; convert the file to UTF-8, or replace such bytes "
            'with errors="replace" (--errors replace)'
        ) from error


def _read_files(
    path: Path, files: list[Path], errors: Literal["strict", "replace"], separator: str | None
) -> Iterator[str]:
    found = False
    for file in files:
        for offset, data in _split(file, separator):
            if text := decode(data, str(file), errors=errors, offset=offset):
                document = text.removeprefix("\ufeff") if offset == 0 else text
                if document.strip():
                    found = True
                    yield document
    if not found:
        raise InputError(
            f"{path}: expected text, found none in {len(files)} file{'s' * (len(files) != 1)}; "
            "give a file that holds some"
        )


def _split(file: Path, separator: str | None) -> Iterator[tuple[int, bytes]]:
    """The documents of one file as bytes, each with its offset; one at a time in memory."""
    try:
        with file.open("rb") as lines:
            if separator is None:
                yield 0, lines.read()
            else:
                yield from _split_lines(lines, separator.strip().encode())
    except OSError as error:
        raise InputError(
            f"{file}: expected a file that can be read, found: {error.strerror}; "
            "check its permissions"
        ) from error


def _split_lines(lines: Iterable[bytes], mark: bytes) -> Iterator[tuple[int, bytes]]:
    start = position = 0
    document = bytearray()
    for line in lines:
        position += len(line)
        if line.strip() == mark:
            yield start, bytes(document)
            start, document = position, bytearray()
        else:
            document += line
    yield start, bytes(document)
