"""The zip around a workbook: its directory is judged before any parser opens it, its parts are counted as they unpack.

`zipfile` trusts the archive: it would build an object for each of the 100,000 entries that fit into 5 MB, and it
knows methods whose dictionaries alone take gigabytes. So the end record is read by hand first.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from bizcall.sheets import formats
from bizcall.sheets.limits import MEGABYTE, Limits
from bizcall.sheets.refusals import Refusal, SheetRefused

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_END64_MARK = b"PK\x06\x07"
_LONGEST_COMMENT = 65_535
_ENTRY_BYTES = 1_024
"""Generous room for one directory entry: 46 bytes, its name and its extra fields."""
_RATIO_FROM = MEGABYTE
_CHUNK = 8 * 1024
"""Larger ones read no faster (tried up to 64 KiB) and only let more elements wait in memory."""
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Everything that zipfile and zlib raise on bytes made to break them.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
    LookupError,
)


class Archive:
    """The parts of a workbook, by their names without regard to case, as the format asks."""

    def __init__(self, source: bytes | BinaryIO, limits: Limits, spent: Callable[[], None]) -> None:
        """Judge the directory; `spent` is called for every chunk unpacked and may refuse by raising.

        Raises `SheetRefused` if the file is no archive, or one that must not be unpacked.
        """
        self._limits = limits
        self._spent = spent
        self._unpacked: dict[str, int] = {}
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        _check_file(file, limits)
        with _damage("zip"):
            self._zip = zipfile.ZipFile(file)
        self._parts = _judged(self._zip.infolist(), limits)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def chunks(self, name: str) -> Iterator[bytes]:
        """Unpack a part in pieces of up to 8 KiB; refuses a missing part and whatever unpacks to too much."""
        part = self._parts.get(name.lower())
        if part is None:
            raise SheetRefused(Refusal.DAMAGED, where=name)
        with _damage(name):
            stream = self._zip.open(part)
        done = 0
        with stream:
            while chunk := _read(stream, name):
                done += len(chunk)
                # A part that is read a second time counts once.
                self._unpacked[name] = max(done, self._unpacked.get(name, 0))
                if sum(self._unpacked.values()) > self._limits.unpacked_bytes:
                    raise _too_large(self._limits)
                self._spent()
                yield chunk


def _read(stream: IO[bytes], name: str) -> bytes:
    try:
        return stream.read(_CHUNK)
    except _BROKEN as error:
        raise SheetRefused(Refusal.DAMAGED, where=name) from error


def _check_file(file: BinaryIO, limits: Limits) -> None:
    size = file.seek(0, io.SEEK_END)
    if size > limits.file_bytes:
        raise SheetRefused(Refusal.FILE_TOO_LARGE, limit=limits.file_bytes // MEGABYTE)
    file.seek(0)
    beginning = file.read(4)
    if not beginning.startswith(b"PK\x03\x04"):
        code = formats.refusal(beginning + file.read())
        raise SheetRefused(code or Refusal.NOT_A_WORKBOOK)
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read()
    at = len(tail) - _END.size
    if tail[at : at + 4] != _END_MARK:
        # The same search as zipfile's, so that both read the same record.
        at = tail.rfind(_END_MARK)
    if at < 0 or at + _END.size > len(tail):
        raise SheetRefused(Refusal.DAMAGED, where="zip")
    _, disk, first_disk, here, entries, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if _END64_MARK in tail[max(0, at - 20) : at] or disk or first_disk or here != entries:
        raise SheetRefused(Refusal.DAMAGED, where="zip")
    if entries > limits.parts or directory_bytes > limits.parts * _ENTRY_BYTES:
        raise SheetRefused(Refusal.TOO_MANY_PARTS, limit=limits.parts)
    file.seek(0)


def _judged(entries: list[zipfile.ZipInfo], limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """The parts by lower-case name, once none of them is forbidden."""
    if len(entries) > limits.parts:
        raise SheetRefused(Refusal.TOO_MANY_PARTS, limit=limits.parts)
    parts: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_FLAGS:
            raise SheetRefused(Refusal.ENCRYPTED)
        name = entry.orig_filename
        if _unsafe(name) or stat.S_ISLNK(entry.external_attr >> 16):
            raise SheetRefused(Refusal.UNSAFE_NAME)
        if entry.compress_type not in _METHODS:
            raise SheetRefused(Refusal.DAMAGED, where="zip")
        if name.lower() in parts:
            raise SheetRefused(Refusal.REPEATED_NAME)
        if entry.file_size > max(_RATIO_FROM, entry.compress_size * limits.ratio):
            raise _too_large(limits)
        parts[name.lower()] = entry
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise _too_large(limits)
    _check_kind(parts)
    return parts


def _unsafe(name: str) -> bool:
    segments = name.replace("\\", "/").removesuffix("/").split("/")
    return not name or "\0" in name or ":" in name or any(segment in ("", ".", "..") for segment in segments)


def _check_kind(parts: dict[str, zipfile.ZipInfo]) -> None:
    if "xl/workbook.bin" in parts:
        raise SheetRefused(Refusal.BINARY_EXCEL)
    if any(name.rpartition("/")[2] == "vbaproject.bin" for name in parts):
        raise SheetRefused(Refusal.MACRO)
    if "[content_types].xml" not in parts:
        raise SheetRefused(Refusal.OPEN_DOCUMENT if "mimetype" in parts else Refusal.NOT_A_WORKBOOK)


def _too_large(limits: Limits) -> SheetRefused:
    return SheetRefused(Refusal.UNPACKED_TOO_LARGE, limit=limits.unpacked_bytes // MEGABYTE)


@contextmanager
def _damage(where: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise SheetRefused(Refusal.DAMAGED, where=where) from error
