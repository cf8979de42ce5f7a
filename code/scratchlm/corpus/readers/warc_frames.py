"""Where one WARC record ends and the next begins, also in a file that is damaged."""

from __future__ import annotations

import gzip
import io
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from scratchlm.corpus.error_policy import ErrorPolicy
from scratchlm.corpus.limits import Limits
from scratchlm.corpus.readers.chunks import (
    CHUNK,
    HEAD,
    Broken,
    Progress,
    compression,
    open_metered,
    read_chunks,
)
from scratchlm.errors import InputError

MARK = b"WARC/"
TOO_LONG = "record too long"
VERSION = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
NEXT_RECORD = re.compile(VERSION.pattern + rb"[A-Za-z-]{1,40}:")
BLANK_LINE = re.compile(rb"\n\r?\n\Z")
LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
GZIP = b"\x1f\x8b\x08"
PIECE = 1 << 13  # small, so that stepping back after a member stays inside the file's buffer
OVERLAP = 64  # bytes; longer than what `NEXT_RECORD` finds
HEADER = 1 << 16  # bytes; real headers take less than one kilobyte


class Frame(NamedTuple):
    """The bytes of one record.

    Attributes:
        start: Where it begins in the file.
        end: Where the next begins.
        data: Header and content, without the two line ends after them.
    """

    start: int
    end: int
    data: bytes


def warc_frames(
    path: Path, start: int, on_error: ErrorPolicy, limits: Limits, progress: Progress | None = None
) -> Iterator[Frame]:
    r"""Cut a WARC file into its records; skip to the next good one after a bad one.

    Places are bytes of the file itself where it is plain, or compressed record by record, as
    the standard wants it (ISO 28500, annex on compression). Where it is compressed in another
    way, they are bytes of the decompressed stream, and a later start costs its decompression;
    bzip2, Zstandard and 7z are unpacked to a temporary file.

    Args:
        path: The file.
        start: A place where a record begins.
        on_error: Counts what is skipped.
        limits: Longest record.
        progress: Is told the bytes of the file as they are read.

    Raises:
        InputError: The file cannot be read, or damage stops the reader.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wet"
    >>> _ = path.write_text(
    ...     "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.org/\r\n"
    ...     "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nOnce.\r\n\r\n", newline=""
    ... )
    >>> [(frame.start, frame.end) for frame in warc_frames(path, 0, ErrorPolicy(), Limits())]
    [(0, 121)]
    """
    with open_metered(path, progress) as file:
        packed = compression(cast(io.BufferedReader, file).peek(HEAD), path.name)
        if packed not in ("", "gzip"):
            yield from _unpacked_frames(path, start, on_error, limits, progress)
        elif not packed and path.suffix != ".gz":  # the name counts where the first byte is broken
            yield from _plain_frames(file, start, str(path), on_error, limits)
        elif _record_by_record(file, limits):
            yield from _member_frames(file, start, path, on_error, limits)
        else:
            file.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
            try:
                yield from _plain_frames(stream, start, str(path), on_error, limits)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                on_error.report("stream cut", f"{path}", "a whole gzip stream", str(error))


def _unpacked_frames(
    path: Path, start: int, on_error: ErrorPolicy, limits: Limits, progress: Progress | None
) -> Iterator[Frame]:
    """The records of a file in another compression: unpacked to a temporary file first."""
    with tempfile.TemporaryFile() as unpacked:
        try:
            for chunk in read_chunks(path, 0, progress):
                unpacked.write(chunk)
            unpacked.flush()
        except Broken as error:
            on_error.report("stream cut", str(path), "a whole compressed file", str(error))
        except OSError as error:
            raise InputError(
                f"{path}: expected room in {tempfile.gettempdir()} to unpack it, found: "
                f"{error.strerror}; free some space, or name another place with TMPDIR"
            ) from error
        yield from _plain_frames(cast(BinaryIO, unpacked), start, str(path), on_error, limits)


def _plain_frames(
    stream: BinaryIO, start: int, name: str, on_error: ErrorPolicy, limits: Limits
) -> Iterator[Frame]:
    place: int | None = stream.seek(start)
    while place is not None and (header := _header(stream)):
        where = f"{name}: record at byte {place:,}"
        body = place + len(header)
        length = LENGTH.search(header)
        if not VERSION.match(header.lstrip()) or not BLANK_LINE.search(header) or not length:
            found = f"{header[:40]!r}"
            on_error.report("bad header", where, "a WARC header with its Content-Length", found)
            place = _next_mark(stream, place + 1)
            continue
        size = int(length[1])
        content = stream.read(size) if size <= limits.record else None
        stream.seek(body + size)
        line_ends = b"\r\n\r\n" if b"\r\n" in header else b"\n\n"  # some tools lose the returns
        after = stream.read(len(line_ends))
        at_end = content is not None and len(content) == size and line_ends.startswith(after)
        if after != line_ends and not at_end:
            found = f"{after!r} after {size:,} bytes"
            on_error.report("length that lies", where, "a line end after the content", found)
            place = _next_mark(stream, place + 1)
            continue
        end = body + size + len(after)
        if content is None:
            most = f"at most {limits.record:,} bytes"
            on_error.report(TOO_LONG, where, most, f"{size:,}")
        else:
            yield Frame(place, end, _as_of_1_0(header) + content)
        place = stream.seek(end)


def _as_of_1_0(header: bytes) -> bytes:
    """A header as libraries know it: those before 1.0 have the same fields."""
    lines = re.sub(rb"\r?\n", b"\r\n", header.lstrip())
    return b"WARC/1.0\r\n" + lines.partition(b"\r\n")[2]


def _header(stream: BinaryIO) -> bytes:
    """The lines up to and with the empty one after them, or as many as there are."""
    header = bytearray()
    while len(header) < HEADER and (line := stream.readline(HEADER)):
        header += line
        if not line.strip() and header.strip():
            break
    return bytes(header)


def _next_mark(stream: BinaryIO, place: int) -> int | None:
    """Where the next record seems to begin, at or after a place."""
    stream.seek(place)
    held = b""
    while chunk := stream.read(CHUNK):
        held += chunk
        if found := NEXT_RECORD.search(held):
            return stream.seek(place + found.start())
        place += max(0, len(held) - OVERLAP)
        held = held[-OVERLAP:]
    return None


def _record_by_record(file: BinaryIO, limits: Limits) -> bool:
    """Whether the first gzip member holds exactly one record, or cannot tell."""
    try:
        header = _header(cast(BinaryIO, gzip.GzipFile(fileobj=file)))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return True
    length = LENGTH.search(header)
    if not length or int(length[1]) > limits.record:
        return True
    size = len(header) + int(length[1])
    data, _, problem = _inflate(file, 0, size + 16)
    if problem is None:
        return len(data) >= size
    # Damage in the first member is no proof of another layout; a second record in it is.
    return not data[size:].lstrip().startswith(MARK)


def _member_frames(
    file: BinaryIO, start: int, path: Path, on_error: ErrorPolicy, limits: Limits
) -> Iterator[Frame]:
    place: int | None = start
    while place is not None and file.seek(place) == place and file.read(1):
        data, end, problem = _inflate(file, place, limits.record)
        where = f"{path}: gzip member at byte {place:,}"
        if problem:
            reason, expected, found = problem
            on_error.report(reason, where, expected, found)
            place = _next_member(file, place + 1)
            continue
        frames = list(_plain_frames(io.BytesIO(data), 0, where, on_error, limits))
        for number, frame in enumerate(frames, 1):
            # Should there be several after all, reading again from inside repeats a few.
            yield Frame(place, end if number == len(frames) else place, frame.data)
        place = end


def _inflate(
    file: BinaryIO, place: int, limit: int
) -> tuple[bytes, int, tuple[str, str, str] | None]:
    """One gzip member, the place after it, and why it cannot be used: reason, expected, found."""
    file.seek(place)
    inflater = zlib.decompressobj(wbits=31)
    data = bytearray()
    while not inflater.eof:
        chunk = inflater.unconsumed_tail or file.read(PIECE)
        if not chunk:
            return b"", place, ("stream cut", "a whole gzip member", "the end of the file")
        try:
            data += inflater.decompress(chunk, limit + 1 - len(data))
        except zlib.error as error:
            return b"", place, ("broken gzip member", "gzip data", str(error))
        if len(data) > limit:
            return bytes(data), place, (TOO_LONG, f"at most {limit:,} bytes", "more")
    return bytes(data), file.tell() - len(inflater.unused_data), None


def _next_member(file: BinaryIO, place: int) -> int | None:
    """Where the next gzip member that holds a WARC record begins, at or after a place."""
    held = b""
    while file.seek(place + len(held)) and (chunk := file.read(CHUNK)):
        held += chunk
        for found in re.finditer(re.escape(GZIP), held):
            file.seek(place + found.start())
            with suppress(zlib.error):
                head = zlib.decompressobj(wbits=31).decompress(file.read(PIECE), 16)
                if head.startswith(MARK):
                    return place + found.start()
        place += max(0, len(held) - len(GZIP) + 1)
        held = held[-len(GZIP) + 1 :]
    return None
