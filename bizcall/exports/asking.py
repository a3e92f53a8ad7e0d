"""What an export was asked for: as the row keeps it, as its last sheet tells it, and as the audit trail may hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from bizcall import masking, months, phones
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import CallType
from bizcall.models.exports import Kind
from bizcall.models.messages import MessageDirection, MessageKind
from bizcall.ports import Clock
from bizcall.reasons import Purpose
from bizcall.stats import CALLS, MESSAGES, Granularity, Group
from bizcall.stats.rollups import Facts

STATISTICS = frozenset({Kind.CALL_STATISTICS, Kind.MESSAGE_STATISTICS})
NAMES = {
    Kind.CALLS: "통화 이력",
    Kind.MESSAGES: "메시지 이력",
    Kind.CALL_STATISTICS: "통화 통계",
    Kind.MESSAGE_STATISTICS: "메시지 통계",
}
TYPES: Mapping[str, str] = {
    CallType.OUTGOING: "발신",
    CallType.OUTGOING_FAILED: "발신 연결 실패",
    CallType.INCOMING: "수신",
    CallType.MISSED: "부재중",
    CallType.MISSED_BUSY: "통화중부재",
    CallType.ABANDONED: "수신 전 종료",
    MessageDirection.SENT: "발신",
    MessageDirection.RECEIVED: "수신",
}
KINDS: Mapping[str, str] = {kind: kind.value for kind in MessageKind}
DIRECTIONS = {Direction.ALL: "전체", Direction.OUTGOING: "발신", Direction.INCOMING: "수신"}
GRANULARITIES = {Granularity.MONTH: "월별", Granularity.DAY: "날짜별", Granularity.HOUR: "시간별"}
GROUPS = {
    Group.COMPANY: "전체",
    Group.LINE: "전화번호별",
    Group.SUBSCRIBER: "사용자별",
    Group.DEPARTMENT: "부서별",
}
PURPOSES = {
    Purpose.CUSTOMER_REQUEST: "고객 문의 응대",
    Purpose.CALL_BACK: "회신",
    Purpose.DISPUTE: "민원·분쟁 처리",
    Purpose.QUALITY_CHECK: "서비스 품질 점검",
    Purpose.LEGAL_DUTY: "법령·수사기관 요청",
    Purpose.INCIDENT: "보안 사고 조사",
    Purpose.OTHER: "기타",
}


@dataclass(frozen=True)
class Asked:
    """A kind of file and the filter; granularity and group for statistics only."""

    kind: Kind
    wanted: HistoryFilter
    granularity: Granularity | None = None
    group: Group | None = None

    @property
    def facts(self) -> Facts:
        """Calls or messages."""
        return CALLS if self.kind in (Kind.CALLS, Kind.CALL_STATISTICS) else MESSAGES

    def has_texts(self, *, unmasked: bool) -> bool:
        """Whether its rows hold the texts of messages."""
        return self.kind is Kind.MESSAGES and unmasked

    def checked(self, clock: Clock, *, kept: int) -> Asked:
        """Itself with a clean filter; raises Invalid."""
        return replace(self, wanted=self.wanted.checked(clock, kept=kept))

    def kept(self) -> dict[str, Any]:
        """As JSON; the kind has a column of its own."""
        wanted = {name: _plain(value) for name, value in asdict(self.wanted).items() if value is not None}
        return {"filter": wanted, "granularity": self.granularity, "groupBy": self.group}

    @classmethod
    def of(cls, kind: Kind, kept: Mapping[str, Any]) -> Asked:
        """What `kept` has made of it."""
        wanted = dict(kept["filter"])
        for name in ("from_on", "to_on"):
            wanted[name] = date.fromisoformat(wanted[name])
        for name in ("weekdays", "types"):
            wanted[name] = frozenset(wanted[name]) if name in wanted else None
        for name in ("department_ids", "line_ids", "subscriber_ids"):
            wanted[name] = tuple(map(UUID, wanted[name])) if name in wanted else None
        wanted["hours"] = tuple(wanted["hours"]) if "hours" in wanted else None
        wanted["direction"] = Direction(wanted["direction"])
        granularity, group = kept["granularity"], kept["groupBy"]
        return cls(
            kind,
            HistoryFilter(**wanted),
            None if granularity is None else Granularity(granularity),
            None if group is None else Group(group),
        )

    def recorded(self) -> dict[str, Any]:
        """As `kept`, with what it says of a customer masked: audit records hold no personal data."""
        told = self.kept()
        wanted = told["filter"]
        if (number := self.wanted.customer_number) is not None:
            wanted["customer_number"] = masking.number(number)
        if (name := self.wanted.customer_name) is not None:
            wanted["customer_name"] = masking.beginning(name)
        if (tail := self.wanted.customer_tail) is not None:
            # Stricter than `told`: the trail outlives the file by far, and the length tells how wide the search was.
            wanted["customer_tail"] = masking.STAR * len(tail)
        return told

    def told(self, names: Mapping[UUID, str], *, masked: bool) -> list[tuple[str, str]]:
        """In Korean, a row for each condition; `names` are those of lines, subscribers and departments.

        When `masked`, what was asked of a customer shows no more than a row about him does, also where no row does.
        """
        wanted = self.wanted
        rows = [("조회 기간", f"{wanted.from_on} ~ {wanted.to_on}"), ("구분", DIRECTIONS[wanted.direction])]
        if self.granularity is not None and self.group is not None:
            rows += [("집계 단위", GRANULARITIES[self.granularity]), ("조회 범위", GROUPS[self.group])]
        if wanted.weekdays is not None:
            rows.append(("요일", ", ".join(months.WEEKDAYS[day - 1] for day in sorted(wanted.weekdays))))
        if wanted.hours is not None:
            rows.append(("시간대", f"{wanted.hours[0]}시 ~ {wanted.hours[1]}시"))
        if wanted.types is not None:
            rows.append(("유형", ", ".join(TYPES[kind] for kind in self.facts.types if kind in wanted.types)))
        for label, keys in (
            ("부서", wanted.department_ids),
            ("가입 전화번호", wanted.line_ids),
            ("사용자", wanted.subscriber_ids),
        ):
            if keys is not None:
                rows.append((label, ", ".join(names.get(key, "(없음)") for key in keys) or "(선택 없음)"))
        if (number := wanted.customer_number) is not None:
            rows.append(("고객 번호", masking.number(number) if masked else phones.formatted(number)))
        if (tail := wanted.customer_tail) is not None:
            rows.append(("고객 번호 끝자리", masking.ending(tail) if masked else tail))
        if (name := wanted.customer_name) is not None:
            rows.append(("고객명", f"{masking.beginning(name) if masked else name}…"))
        return rows


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [str(each) if isinstance(each, UUID) else each for each in value]
    return value.isoformat() if isinstance(value, date) else value
