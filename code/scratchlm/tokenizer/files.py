"""The file a tokenizer is kept in: JSON with a name, a version and a fingerprint."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError
from scratchlm.storage import sha256, write_atomically

FORMAT = "scratchlm tokenizer"
VERSION = 1
HEAD = ("format", "version", "sha256")
TOKENIZER_FILE = "tokenizer.json"  # its name in the folder of a model


def fingerprint(parts: Mapping[str, Any]) -> str:
    """The sha256 of a tokenizer's parts, whatever the file around them looks like.

    >>> fingerprint({"merges": []})[:12]
    '5519320c3cfa'
    """
    return sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())


def write(path: Path, parts: Mapping[str, Any]) -> None:
    """Write a tokenizer's parts: pattern, specials, and those of its algorithm.

    Raises:
        OSError: The disk is full or the folder cannot be written; an old file stays as it was.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tokenizer.json"
    >>> parts = {"pattern": ".", "specials": ["<|endoftext|>"], "merges": [[104, 105]]}
    >>> write(path, parts)
    >>> read(path) == parts
    True
    """
    head = {"format": FORMAT, "version": VERSION, "sha256": fingerprint(parts)}
    text = json.dumps({**head, **parts}, ensure_ascii=False, separators=(",", ":"))
    # One merge a line: the file can be read, and compared with another one.
    write_atomically(
        path, (text.replace('"merges":[', '"merges":[\n').replace("],[", "],\n[") + "\n").encode()
    )


def read(path: Path) -> dict[str, Any]:
    """Read the parts back and check them.

    Raises:
        InputError: The file is missing, is something else, is of another version, or was changed.

    >>> read(Path("none.json"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: none.json: expected a tokenizer's file, found No such file...
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path}: expected a tokenizer's file, found {error.strerror}; "
            "make one with scratchlm tokenizer"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected a tokenizer's file, found no JSON ({error}); "
            "make it again with scratchlm tokenizer"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(
            f'{path}: expected "format": "{FORMAT}", found another kind of file; '
            "make one with scratchlm tokenizer"
        )
    if content.get("version") != VERSION:
        raise InputError(
            f"{path}: expected version {VERSION}, found {content.get('version')}; "
            "use the release of scratchlm that wrote it, or make it again"
        )
    parts = {name: part for name, part in content.items() if name not in HEAD}
    if content.get("sha256") != fingerprint(parts):
        raise InputError(
            f"{path}: expected sha256 {content.get('sha256')}, found {fingerprint(parts)}: the "
            "file was changed or damaged; make it again with scratchlm tokenizer"
        )
    return parts
