"""The home screen is one query of few statements, on rollups only (HM-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bizcall.database import query, tenant
from bizcall.models.feeds import FeedKind
from bizcall.notices import NoticeCategory
from bizcall.settings import Settings
from tests.console import Wiring, console
from tests.doubles import Turned
from tests.factories import Tenant
from tests.feeding import Feeder, began, call, message
from tests.provisioning import PLANS, make_plans
from tests.publishing import Desk, make_desk
from tests.statements import counted

HOME = """
{
  home {
    company { name representativeNumberFormatted plan { code } }
    plan { code name guide monthlyFee }
    notices { id title isImportant isNew publishedAt attachments { fileName } }
    month {
      fromOn toOn
      calls { asOf measures { outgoing missed total outgoingSeconds totalSeconds } }
      messages { asOf measures { sent received total } }
    }
    shortcuts { area title waiting }
  }
  documents { kind downloadUrl }
}"""
STATEMENTS_MOST = 12


@pytest.fixture
async def desk(db: None) -> Desk:
    """An operator's desk, in the middle of a month that has been over for a while, at which no other test works."""
    made = await make_desk()
    made.clock = Turned(datetime(2031, 3, 15, 3, tzinfo=UTC))
    return made


def wired(desk: Desk) -> Wiring:
    """The application's surroundings."""
    return Wiring(Settings(stage="test"), desk.storage, clock=desk.clock)


async def shown(company: Tenant, desk: Desk, *, language: str = "ko") -> tuple[dict[str, Any], list[str]]:
    """The screen, and the statements that it took."""
    async with console(company, wired(desk)) as client:
        client.http.headers["accept-language"] = language
        with counted() as sent:
            answer = await client.answer(HOME)
    assert "errors" not in answer, answer
    home: dict[str, Any] = answer["data"]["home"]
    return home, sent


async def test_HM_01_notices_plan_and_shortcuts_in_one_query(company: Tenant, desk: Desk) -> None:
    await make_plans()
    async with tenant(company.id):
        await query("UPDATE company SET plan_code = $2 WHERE id = $1", company.id, PLANS[0])
    old = desk.clock() - timedelta(days=7)
    await desk.notice("서비스", published_at=desk.clock())
    await desk.notice("지난 점검", category=NoticeCategory.MAINTENANCE, published_at=old)
    await desk.notice("점검", category=NoticeCategory.MAINTENANCE, published_at=desk.clock())

    home, sent = await shown(company, desk)

    assert home["plan"]["code"] == home["company"]["plan"]["code"] == PLANS[0]
    assert len(home["notices"]) <= 5
    assert [(each["title"], each["isNew"]) for each in home["notices"][:2]] == [
        (f"{desk.word} 점검", True),
        (f"{desk.word} 지난 점검", False),
    ]
    waiting = {each["area"]: each["waiting"] for each in home["shortcuts"]}
    assert list(waiting) == [
        *("NOTICES", "PLANS", "MANUALS", "LINES", "CALL_STATISTICS", "CALL_HISTORY"),
        *("MESSAGE_STATISTICS", "MESSAGE_HISTORY", "MY_INFORMATION"),
    ]
    assert (waiting.pop("LINES"), waiting.pop("NOTICES") >= 2, set(waiting.values())) == (10, True, {None})
    assert len(sent) <= STATEMENTS_MOST, sent


async def test_HM_01_shortcuts_speak_the_readers_language(company: Tenant, desk: Desk) -> None:
    korean, _ = await shown(company, desk)
    english, _ = await shown(company, desk, language="en")

    assert [each["title"] for each in korean["shortcuts"]][:2] == ["공지사항", "요금제 안내"]
    assert [each["title"] for each in english["shortcuts"]][:2] == ["Notices", "Plans"]


async def test_HM_01_this_months_calls_and_messages_come_from_rollups_alone(company: Tenant) -> None:
    desk = await make_desk()
    await began(company.id)
    at = desk.clock().replace(microsecond=0)
    before = at.replace(day=1) - timedelta(days=2)
    calls = [call(company.numbers[0], f"h{n}", at, type=kind) for n, kind in enumerate(("OUTGOING", "MISSED"))]
    await Feeder(company.id).load([*calls, call(company.numbers[0], "h9", before)])
    await Feeder(company.id, FeedKind.MESSAGES).load([message(company.numbers[0], "m1", at)])

    home, sent = await shown(company, desk)

    month = home["month"]
    assert (month["calls"]["measures"]["missed"], month["calls"]["measures"]["total"]) == (1, 2)
    assert month["messages"]["measures"]["total"] == 1
    assert month["calls"]["asOf"] is not None
    assert len(sent) <= STATEMENTS_MOST, sent
    facts = [sql for sql in sent if any(f" {name} " in sql.replace('"', " ") for name in ("call", "message"))]
    assert facts == []


async def test_HM_01_the_month_is_that_of_Koreas_calendar(company: Tenant, desk: Desk) -> None:
    desk.clock.at = datetime(2031, 3, 31, 15, tzinfo=UTC)

    home, _ = await shown(company, desk)

    assert (home["month"]["fromOn"], home["month"]["toOn"]) == ("2031-04-01", "2031-04-30")
    assert home["month"]["calls"] == {
        "asOf": None,
        "measures": {"outgoing": 0, "missed": 0, "total": 0, "outgoingSeconds": 0, "totalSeconds": 0},
    }
