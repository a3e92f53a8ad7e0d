"""How much of a file is read before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one reading; the defaults are those of an upload (BK-02, security checklist F2 and F3).

    Together they keep a reading under 128 MB and 10 s whatever the file says about itself.
    """

    file_bytes: int = 5 * MEGABYTE
    parts: int = 100
    """Files inside the archive."""
    unpacked_bytes: int = 50 * MEGABYTE
    """Sum over all parts, by the archive's directory and again while reading."""
    ratio: int = 100
    """Unpacked to packed, of each part that unpacks to more than 1 MiB."""
    rows: int = 20_000
    """Rows below the header that hold something."""
    columns: int = 50
    """The last column that may hold something."""
    cell_chars: int = 1_000
    """A longer text is cut one character after this."""
    header_within: int = 20
    """The header must stand in one of the first rows."""
    string_bytes: int = 32 * MEGABYTE
    """Memory of the shared strings, once each is cut."""
    cpu_seconds: float = 8.0
    """Processor time of the reading thread; not wall time, so a busy machine refuses nothing."""
