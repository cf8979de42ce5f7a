"""Files: written whole or not at all, read with distrust, in one envelope."""

from scratchlm.storage.envelope import Envelope, fingerprint
from scratchlm.storage.files import (
    AtomicFile,
    append,
    cannot_read,
    read_file,
    sha256,
    write_atomically,
)
from scratchlm.storage.records import convert, from_fields, parse_json, read_json
from scratchlm.storage.tensors import open_tensors, pack_tensors, seal_tensors, unpack_tensors

__all__ = [
    "AtomicFile",
    "Envelope",
    "append",
    "cannot_read",
    "convert",
    "fingerprint",
    "from_fields",
    "open_tensors",
    "pack_tensors",
    "parse_json",
    "read_file",
    "read_json",
    "seal_tensors",
    "sha256",
    "unpack_tensors",
    "write_atomically",
]
