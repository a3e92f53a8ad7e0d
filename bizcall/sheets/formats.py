"""What a file is by its content, so that a wrong one gets an answer of its own instead of "damaged" (BK-03).

An encrypted .xlsx and an old .xls are both OLE compound files. They are told apart by looking for the name of the
directory entry that encryption adds, anywhere in the bytes: walking the compound file's allocation tables would be
one more parser to defend, and a mistake could only choose the other of two refusals.
"""

from __future__ import annotations

from bizcall.sheets.refusals import Refusal

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OLD_EXCEL_STREAMS = (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00")
# Korean document security replaces the whole file; these are the marks at its beginning.
_SECURED = (b"\x9b DRMONE", b"SCDSA", b"<DOCUMENT SAFER", b"<## NASCA DRM FILE")
_HTML = ("<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<div")
_LOOKED_AT = 64 * 1024


def refusal(data: bytes) -> Refusal | None:
    """Why a file is not even an archive, or None if it begins as one; `data` is the whole file."""
    if not data:
        return Refusal.EMPTY
    if data.startswith(_ZIP):
        return None
    if data.startswith(_COMPOUND):
        return Refusal.ENCRYPTED if _ENCRYPTED_PACKAGE in data else Refusal.OLD_EXCEL
    if data.startswith(_SECURED):
        return Refusal.ENCRYPTED
    if data.startswith(_OLD_EXCEL_STREAMS):
        return Refusal.OLD_EXCEL
    return _kind_of_text(data[:_LOOKED_AT])


def _kind_of_text(head: bytes) -> Refusal:
    text = _decoded(head)
    if text is None:
        return Refusal.NOT_A_WORKBOOK
    if not text.strip():
        return Refusal.EMPTY
    beginning = text.lstrip().lower()
    if beginning.startswith(_HTML) or (beginning.startswith("<?xml") and "<html" in beginning):
        return Refusal.HTML
    if "urn:schemas-microsoft-com:office:spreadsheet" in beginning:
        return Refusal.XML_SPREADSHEET
    first_line = text.lstrip().partition("\n")[0]
    return Refusal.CSV if any(separator in first_line for separator in ",\t;") else Refusal.NOT_A_WORKBOOK


def _decoded(head: bytes) -> str | None:
    """The text, if the bytes are text in one of the encodings that Korean programs write."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif b"\0" in head:
        return None
    else:
        candidates = ["utf-8-sig", "cp949"]
    for encoding in candidates:
        # The cut may fall into the middle of a character of up to four bytes.
        for cut in range(4):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None
