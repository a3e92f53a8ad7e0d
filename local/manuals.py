"""Manuals for the laptop's bucket, so that their links work: a page each that says what it stands for.

Written by hand, because a page of Latin text in a font that every reader has is a few objects of PDF; the real manuals
are the provider's own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizcall.support import DocumentKind, key

TEXTS = {
    DocumentKind.ADMIN_MANUAL: ("AI BizCall: manual of the administrators' web page",),
    DocumentKind.APP_MANUAL: ("AI BizCall: manual of the phone app",),
}
STANDS_FOR = "This page stands for it on a laptop. Operations put the real one at {} in the bucket."


def put(s3: Any, bucket: str) -> None:
    """Put those that are missing; what somebody put there himself stays."""
    there = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="documents/").get("Contents", [])}
    for kind, lines in TEXTS.items():
        if key(kind) not in there:
            body = page((*lines, STANDS_FOR.format(key(kind))))
            s3.put_object(Bucket=bucket, Key=key(kind), Body=body, ContentType="application/pdf")


def page(lines: Sequence[str]) -> bytes:
    """A PDF of one A4 page with lines of Latin text."""
    shown = " ".join(f"({_escaped(line)}) Tj 0 -24 Td" for line in lines)
    content = f"BT /F1 12 Tf 60 760 Td {shown} ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font 6 0 R >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /F1 5 0 R >>",
    )
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        bytes(body), len(objects) + 1, table, len(objects) + 1, len(body),
    )  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
