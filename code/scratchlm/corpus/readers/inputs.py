"""The files that a pipeline is given: those that are named, and those below a folder."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.errors import InputError


def input_files(
    paths: Sequence[Path], on_error: ErrorPolicy | None = None, *, out: Path | None = None
) -> list[Path]:
    """List the files among the paths, and those below the folders among them, in order.

    What is hidden, no file, or in a folder that cannot be read, is left out and counted.

    Args:
        paths: Files and folders.
        on_error: Counts what is left out.
        out: A folder that is no input, wherever it lies.

    Raises:
        InputError: A path does not exist, is a pipe, or there is no file.

    >>> input_files([Path("no/file")])
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: no/file: expected a file or a folder, found nothing there
    """
    on_error = on_error or ErrorPolicy("skip")
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: expected a file or a folder, found nothing there")
        if path.is_dir():
            files += sorted(_below(path, on_error, out), key=Path.as_posix)
        elif stat.S_ISREG(path.stat().st_mode):
            files.append(path)
        else:
            raise InputError(
                f"{path}: expected a file, found a pipe or a device, which cannot be read again "
                "after a stop; save what it gives to a file"
            )
    if not files:
        raise InputError(
            f"{', '.join(map(str, paths)) or 'corpus'}: expected at least one file to read, found "
            "none; name one"
        )
    return files


def _below(folder: Path, on_error: ErrorPolicy, out: Path | None) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        on_error.report(
            "folder that cannot be read",
            str(error.filename),
            "a folder",
            error.strerror or str(error),
            "check its permissions",
        )

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        for name in [*folders, *names]:
            if name.startswith("."):
                on_error.count("hidden", str(Path(parent, name)))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and (not out or Path(parent, name).resolve() != out.resolve())
        ]
        for file in (Path(parent, name) for name in names if not name.startswith(".")):
            if file.is_file():
                yield file
            else:
                on_error.count("not a file", str(file))
