"""Safetensors files with a hash over all of their header and all of their numbers."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError, quote
from scratchlm.storage.envelope import Envelope, T, fingerprint
from scratchlm.storage.files import cannot_read
from scratchlm.storage.records import parse_json

METADATA, SUM, ENVELOPE = "__metadata__", "sha256", "scratchlm"
LENGTH = 8  # bytes that tell the length of the header
LONGEST = 100_000_000  # bytes of a header, as the format has it
CHUNK = 1 << 20


def seal_tensors(tensors: bytes, metadata: Mapping[str, str]) -> bytes:
    """Put metadata, and a hash over everything, into a safetensors file.

    Args:
        tensors: What ``safetensors`` wrote, without metadata.
        metadata: What to say about it.

    >>> import numpy as np
    >>> from safetensors.numpy import load, save
    >>> sealed = seal_tensors(save({"x": np.ones(2)}), {"note": "two"})
    >>> load(sealed)["x"].tolist()
    [1.0, 1.0]
    """
    length = int.from_bytes(tensors[:LENGTH], "little")
    body = memoryview(tensors)[LENGTH + length :]
    header = {**json.loads(tensors[LENGTH : LENGTH + length]), METADATA: dict(metadata)}
    total = hashlib.sha256(fingerprint(header).encode())
    total.update(body)
    header[METADATA] = {**metadata, SUM: total.hexdigest()}
    line = json.dumps(header).encode()
    line += b" " * (-len(line) % LENGTH)  # the numbers lie at a multiple of eight
    return b"".join((len(line).to_bytes(LENGTH, "little"), line, body))


def open_tensors(path: Path, remedy: str) -> dict[str, str]:
    """Read the metadata of a sealed file, and see that nothing in the file has changed.

    Args:
        path: The file.
        remedy: What to do where it cannot be used.

    Raises:
        InputError: It is missing, no safetensors file, not sealed, cut off, or was changed.

    >>> import tempfile, numpy as np
    >>> from safetensors.numpy import save
    >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> _ = path.write_bytes(seal_tensors(save({"x": np.ones(2)}), {"note": "two"}))
    >>> open_tensors(path, "write it again")
    {'note': 'two'}
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(LENGTH), "little")
            header = _header(file.read(min(length, LONGEST)), path, remedy)
            metadata: dict[str, str] = header.pop(METADATA)
            said = metadata.pop(SUM)
            total = hashlib.sha256(fingerprint({**header, METADATA: metadata}).encode())
            while chunk := file.read(CHUNK):
                total.update(chunk)
    except OSError as error:
        raise cannot_read(path, error, remedy) from error
    if said != total.hexdigest():
        raise InputError(
            f"{path}: expected content with sha256 {quote(said)}, found {total.hexdigest()}: it "
            f"was changed or damaged; {remedy}"
        )
    return metadata


def pack_tensors(envelope: Envelope[T], content: T, tensors: bytes) -> bytes:
    """Put content in its envelope into the metadata of a sealed safetensors file.

    Args:
        envelope: The kind of file.
        content: What it says beside the numbers.
        tensors: What ``safetensors`` wrote, without metadata.
    """
    return seal_tensors(tensors, {ENVELOPE: envelope.pack(content).decode()})


def unpack_tensors(envelope: Envelope[T], path: Path) -> T:
    """Read what `pack_tensors` put beside the numbers, and see that nothing in the file changed.

    Raises:
        InputError: The file is missing, something else, of another version, or was changed.
    """
    metadata = open_tensors(path, envelope.remedy)
    return envelope.unpack(metadata.get(ENVELOPE, "").encode(), path)


def _header(line: bytes, path: Path, remedy: str) -> dict[str, Any]:
    """The header of a sealed file: one entry for each tensor, and the metadata."""
    header: dict[str, Any] = parse_json(line, path, remedy) if line.startswith(b"{") else {}
    metadata = header.get(METADATA)
    if not isinstance(metadata, dict) or SUM not in metadata:
        raise InputError(
            f"{path}: expected a safetensors file that scratchlm wrote, found another; {remedy}"
        )
    if not all(isinstance(value, str) for value in metadata.values()):
        raise InputError(f"{path}: expected texts as {METADATA}, found others; {remedy}")
    return header
