"""The audit trail as the API shows it: who did what to whose data (P1, P2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import orjson
import strawberry

from bizcall import admins, audit
from bizcall.audit import ActorKind
from bizcall.audit.reading import OrderField
from bizcall.audit.views import AUDIT_RECORDS
from bizcall.models import AuditRecord as AuditRecordRow
from schema.admins import Admin
from schema.connections import OrderDirection
from schema.context import Info
from schema.enums import described
from schema.messages import Language
from schema.node import Node, encode
from schema.personal import personal

SUBJECTS_SHOWN = 100

LABELS: Mapping[str, tuple[str, str]] = {
    "admins.code_failure": ("인증번호 오류", "Wrong verification code"),
    "admins.code_send": ("인증번호 발송", "Verification code sent"),
    "admins.sign_in": ("로그인", "Signed in"),
    "admins.sign_in_attempt": ("로그인 시도", "Sign-in attempted"),
    "admins.sign_in_failure": ("로그인 실패", "Sign-in failed"),
    "admins.sign_in_lock": ("로그인 실패로 계정 잠금", "Locked after failed sign-ins"),
    "admins.sign_in_password": ("비밀번호 확인", "Password accepted"),
    "admins.sign_out": ("로그아웃", "Signed out"),
    "admins.login_id_change": ("로그인 아이디 변경", "Login ID changed"),
    "admins.code_confirm": ("본인 확인(인증번호)", "A fresh code confirmed"),
    "admins.mobile_change": ("인증 휴대폰 변경", "Mobile of the second factor changed"),
    "admins.operator_end": ("운영자 계정 종료", "Operator's account ended"),
    "admins.password_attempt": ("현재 비밀번호 입력", "Present password given"),
    "admins.password_change": ("비밀번호 변경", "Password changed"),
    "admins.password_confirm": ("현재 비밀번호 확인", "Present password accepted"),
    "admins.password_failure": ("현재 비밀번호 오류", "Wrong present password"),
    "admins.password_reset": ("비밀번호 초기화", "Password reset"),
    "admins.profile_save": ("내 정보 변경", "Own profile changed"),
    "admins.register": ("관리자 정보 등록", "Administrator registered"),
    "admins.replace": ("관리자 교체", "Administrator replaced"),
    "admins.representative_find": ("대표 가입번호 찾기", "Representative number looked up"),
    "admins.session_displace": ("세션 수 초과로 종료", "Oldest session ended by a further sign-in"),
    "admins.session_end": ("세션 종료", "Session ended"),
    "admins.session_outside": ("허용되지 않은 네트워크의 운영자 세션 거절", "Operator's session refused from outside"),
    "admins.sessions_end": ("운영자의 세션 종료", "Sessions ended by an operator"),
    "admins.unlock": ("로그인 잠금 해제", "Lock cleared"),
    "admins.welcome": ("이용 안내 메시지 발송", "Welcome message sent"),
    "admins.view": ("관리자 정보 조회", "Administrators viewed"),
    "app.sign_in": ("앱 로그인", "Signed in to the app"),
    "app.sign_in_failure": ("앱 로그인 실패", "Sign-in to the app failed"),
    "app.sign_in_lock": ("앱 로그인 실패로 번호 잠금", "Number locked after failed sign-ins to the app"),
    "audit.review": ("접속 기록 점검 확인", "Access records reviewed"),
    "audit.view": ("감사 기록 조회", "Audit records viewed"),
    "companies.enter": ("운영자의 회사 정보 조회", "Company entered by an operator"),
    "companies.empty": ("계약이 종료된 기업의 정보 파기", "Company emptied after its contract's end"),
    "companies.end": ("기업 계약 종료", "Company's contract ended"),
    "companies.resume": ("기업 이용 정지 해제", "Company's contract resumed"),
    "companies.suspend": ("기업 이용 정지", "Company's contract suspended"),
    "companies.policy": ("회사 정책 변경", "Company's policy changed"),
    "customers.reveal": ("고객 정보 마스킹 해제", "Customer revealed"),
    "customers.view": ("고객 정보 조회", "Customers viewed"),
    "deliveries.view": ("안내 메시지 수신처 조회", "Recipients of messages viewed"),
    "departments.create": ("부서 추가", "Departments added"),
    "departments.remove": ("부서 삭제", "Departments removed"),
    "departments.rename": ("부서 이름 변경", "Departments renamed"),
    "documents.publish": ("문서 새 버전 게시", "Document's version published"),
    "documents.withdraw": ("문서 버전 회수", "Document's version withdrawn"),
    "exports.cancel": ("엑셀 다운로드 취소", "Export cancelled"),
    "exports.complete": ("엑셀 파일 생성 완료", "Export completed"),
    "exports.download": ("엑셀 파일 다운로드", "Export downloaded"),
    "exports.request": ("엑셀 다운로드 요청", "Export requested"),
    "feeds.reattribute": ("통화·메시지 귀속 재계산", "Calls and messages attributed anew"),
    "history.view_numbers": ("이력의 고객 번호 조회", "Customers' numbers in histories viewed"),
    "imports.apply": ("사용자 일괄 등록 처리", "Import applied"),
    "imports.cancel": ("사용자 일괄 등록 취소", "Import cancelled"),
    "imports.download": ("일괄 등록 파일 다운로드", "File of bulk registration downloaded"),
    "imports.receive": ("일괄 등록 파일 접수", "Import received"),
    "imports.register": ("사용자 일괄 등록 요청", "Import registered"),
    "imports.view_findings": ("일괄 등록 검사 결과 조회", "Findings of an import viewed"),
    "imports.view_rows": ("일괄 등록 미리보기 조회", "Rows of an import viewed"),
    "invitations.resend": ("안내 메시지 재발송", "Invitations sent again"),
    "invitations.send": ("안내 메시지 발송", "Invitations sent"),
    "notices.save": ("공지사항 저장", "Notice saved"),
    "notices.withdraw": ("공지사항 회수", "Notice withdrawn"),
    "people.erase": ("요청에 따른 개인정보 파기", "A person erased on request"),
    "people.forget": ("보존 기간이 지난 개인정보 파기", "Personal data forgotten when its time was over"),
    "plans.save": ("요금제 저장", "Plan saved"),
    "provisioning.apply": ("청약 정보 반영", "Subscription's event applied"),
    "provisioning.lines_change": ("가입 전화번호 변경", "Lines added or retired"),
    "services.create": ("서버 인증 토큰 발급", "Server's token made"),
    "services.end": ("서버 인증 토큰 폐기", "Server's token ended"),
    "messages.reveal": ("메시지 내용 조회", "Text of a message revealed"),
    "stats.rebuild": ("통계 재계산", "Statistics made anew"),
    "subscribers.move": ("사용자 부서 이동", "Subscribers moved to another department"),
    "subscribers.remove": ("사용자 삭제", "Subscriber removed"),
    "subscribers.save": ("사용자 등록·변경", "Subscribers saved"),
    "subscribers.view": ("사용자 정보 조회", "Subscribers viewed"),
    "uploads.create": ("파일 업로드 준비", "Upload prepared"),
}
"""What people read for each action, in Korean and in English."""

described(
    ActorKind,
    "Who acted.",
    {
        ActorKind.ADMIN: "An administrator of the company.",
        ActorKind.OPERATOR: "Somebody of the provider's staff.",
        ActorKind.SERVICE: "The app's server.",
        ActorKind.SYSTEM: "A worker or a schedule of ours.",
        ActorKind.NOBODY: "Somebody who was not signed in.",
    },
    name="AuditActorKind",
)
described(
    OrderField,
    "What audit records can be ordered by.",
    {OrderField.ACTED_AT: "By the time of the act."},
    name="AuditRecordOrderField",
)


@strawberry.type(description="Something that a record tells about the act beside its subjects, for example a count.")
class AuditDetail:
    """One entry of the record's details."""

    name: str = strawberry.field(description="What it is, in camelCase.")
    value: str = strawberry.field(description="The value as text; what is no text is written as JSON.")


@strawberry.type(
    description="One act: who did what to which objects, and from where. It names people by ids only. "
    "Records are never changed, and kept for three years."
)
class AuditRecord(Node):
    """A `bizcall.models.AuditRecord`."""

    row = AuditRecordRow
    fetch = staticmethod(audit.by_ids)

    actor_kind: ActorKind = strawberry.field(description="Who acted.")
    action: str = personal(
        AUDIT_RECORDS, description="What was done: a stable dotted name, for example subscribers.save. New ones come."
    )
    address: str = personal(AUDIT_RECORDS, description="The client's network address; empty for work of ours.")
    request_id: str = personal(
        AUDIT_RECORDS, description="The request's id, as in the header X-Request-Id; empty for work of ours."
    )
    subject_kind: str = strawberry.field(
        description="The type of what was acted on, for example Subscriber; empty for none."
    )

    @strawberry.field(description="When it was done.")
    def acted_at(self, parent: strawberry.Parent[AuditRecordRow]) -> datetime:
        """By our clock; the database's own is kept beside it."""
        return parent.at

    @personal(
        AUDIT_RECORDS,
        description="For people: Korean, or English when Accept-Language asks for it. Its wording is no contract.",
    )
    def action_label(self, info: Info, parent: strawberry.Parent[AuditRecordRow]) -> str:
        """See `label`."""
        return label(parent.action, info)

    @personal(AUDIT_RECORDS, description="The administrator who acted; null for all others.")
    async def actor(self, info: Info, parent: strawberry.Parent[AuditRecordRow]) -> Admin | None:
        """One statement for all records of an answer."""
        if parent.actor_kind is not ActorKind.ADMIN or parent.actor_id is None:
            return None
        return cast("Admin | None", await info.context.load(admins.by_ids, parent.actor_id))

    @strawberry.field(description="How many objects were acted on.")
    def subject_count(self, parent: strawberry.Parent[AuditRecordRow]) -> int:
        """Of the record, not of `subjectIds`."""
        return len(parent.subject_ids)

    @personal(
        AUDIT_RECORDS,
        description="The objects that were acted on, the first 100 of `subjectCount`; "
        "whether another one is among them, the filter `subjectId` tells.",
    )
    def subject_ids(self, parent: strawberry.Parent[AuditRecordRow]) -> list[strawberry.ID]:
        """Of objects that may be gone by now, or be no objects of this API."""
        return [encode(parent.subject_kind, key) for key in parent.subject_ids[:SUBJECTS_SHOWN]]

    @personal(AUDIT_RECORDS, description="What else is told of the act, at most 20 entries.")
    def details(self, parent: strawberry.Parent[AuditRecordRow]) -> list[AuditDetail]:
        """Never personal data, never a secret."""
        return [AuditDetail(name=_camel(name), value=_text(value)) for name, value in sorted(parent.details.items())]


@strawberry.input(description="The order of audit records.")
class AuditRecordOrder:
    """Ends in the key."""

    field: OrderField = strawberry.field(default=OrderField.ACTED_AT, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")


@strawberry.input(description="Which audit records; fields that are left out let all through.")
class AuditRecordFilter:
    """See `bizcall.audit.AuditFilter`."""

    from_: datetime | None = strawberry.field(name="from", default=None, description="Done at this time or later.")
    until: datetime | None = strawberry.field(default=None, description="Done before this time.")
    actions: list[str] | None = strawberry.field(
        default=None,
        description="One of these was done, at most 50: whole names, or beginnings that end in a dot (subscribers.).",
    )
    actor_id: strawberry.ID | None = strawberry.field(default=None, description="This administrator acted.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="This object was acted on.")


def label(action: str, info: Info) -> str:
    """What people read for an action; the action itself where a record is of a later version than this one."""
    korean, english = LABELS.get(action, (action, action))
    return korean if info.context.language is Language.KO else english


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
