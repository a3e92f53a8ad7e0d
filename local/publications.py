"""What the laptop's operators have published: notices, and documents that say what they stand for (NO-01, SU-01).

Documents are written by hand, because a page of Latin text in a font that every reader has is a few objects of PDF; the
real ones are the provider's own files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bizcall.database import query
from bizcall.models import DocumentVersion, NoticeAttachment
from bizcall.models.publications import NoticeCategory
from bizcall.notices.listing import folded
from bizcall.support import DocumentKind, folder
from local.keys import Kind, key

PUBLISHED = datetime(2025, 1, 2, tzinfo=UTC)
DOCUMENTS = {
    DocumentKind.ADMIN_MANUAL: ("AI BizCall: manual of the administrators' web page",),
    DocumentKind.APP_MANUAL: ("AI BizCall: manual of the phone app",),
    DocumentKind.PLAN_GUIDE: ("AI BizCall: guide of all plans",),
}
STANDS_FOR = "This page stands for it on a laptop. Operators publish the real one by documentPublish."
NOTICES = (
    (
        NoticeCategory.SERVICE,
        "AI비즈콜 관리자 웹페이지 이용 안내",
        400,
        "이용해 주셔서 감사합니다.\n\n- 이용 방법은 **매뉴얼**을 참고해 주세요.\n- 고객센터: 1544-0001",
    ),
    (
        NoticeCategory.WORK,
        "통화 통계 화면 개선 작업 완료",
        40,
        "통화 통계를 **시간별**로도 볼 수 있습니다.\n\n| 구분 | 기간 |\n|---|---|\n| 월별 | 3개월 |\n| 시간별 | 하루 |",
    ),
    (
        NoticeCategory.MAINTENANCE,
        "시스템 정기 점검 안내",
        2,
        "점검하는 동안 문자 발송이 늦어질 수 있습니다.\n\n1. 통화는 그대로 이용합니다.\n2. 일정은 첨부 파일에.",
    ),
)
"""Category, title, days since it was published, body; the last one has a file."""

ATTACHMENT = ("점검 일정.pdf", ("AI BizCall: when the system is checked",))


def objects() -> Mapping[str, bytes]:
    """What lies in the bucket, by key."""
    pages = {_document_key(kind): page((*lines, STANDS_FOR)) for kind, lines in DOCUMENTS.items()}
    return {**pages, _ATTACHED: page(ATTACHMENT[1])}


def put(s3: Any, bucket: str) -> None:
    """Put those objects that are missing."""
    there = {
        each["Key"]
        for prefix in ("documents/", "notices/")
        for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    }
    for name, body in objects().items():
        if name not in there:
            s3.put_object(Bucket=bucket, Key=name, Body=body, ContentType="application/pdf")


async def seed(at: datetime) -> None:
    """Publish what is missing, into the open transaction; `at` is the present moment."""
    bodies = objects()
    await DocumentVersion.bulk_create(
        [
            DocumentVersion(
                id=key(Kind.DOCUMENT, place),
                kind=kind,
                number=1,
                size=len(bodies[_document_key(kind)]),
                object_key=_document_key(kind),
                created_at=PUBLISHED,
                published_at=PUBLISHED,
            )
            for place, kind in enumerate(DOCUMENTS)
        ],
        ignore_conflicts=True,
    )
    for place, (category, title, days, body) in enumerate(NOTICES):
        moment = at - timedelta(days=days)
        await query(
            "INSERT INTO notice (id, category, title, folded, body, published_at, created_at, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $6, $6) ON CONFLICT DO NOTHING",
            key(Kind.NOTICE, place),
            category.value,
            title,
            folded(title),
            body,
            moment,
        )
    attached = NoticeAttachment(
        id=key(Kind.ATTACHMENT, 0),
        notice_id=key(Kind.NOTICE, len(NOTICES) - 1),
        place=0,
        file_name=ATTACHMENT[0],
        content_type="application/pdf",
        size=len(bodies[_ATTACHED]),
        object_key=_ATTACHED,
    )
    await NoticeAttachment.bulk_create([attached], ignore_conflicts=True)


_ATTACHED = f"notices/{key(Kind.ATTACHMENT, 0)}.pdf"


def _document_key(kind: DocumentKind) -> str:
    return f"{folder(kind)}{key(Kind.DOCUMENT, list(DOCUMENTS).index(kind))}.pdf"


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
