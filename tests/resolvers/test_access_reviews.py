"""The monthly review over GraphQL (P3)."""

from __future__ import annotations

from datetime import UTC, datetime

from bizcall import audit
from bizcall.audit import Actor, ActorKind
from bizcall.database import tenant
from tests.accounts import Person, records
from tests.console import Wiring, console
from tests.doubles import Turned
from tests.factories import Tenant

FIELDS = """
monthOn endsAt records unexplained acts { action actionLabel records subjects }
people { kind admin { name } records views downloads outOfHours }
downloads { action details { name value } } confirmation { note records admin { name } }
"""
REVIEW = f'{{ accessReview(monthOn: "2026-03-15") {{ {FIELDS} }} }}'
CONFIRM = f"""
mutation ($note: String!) {{ accessReviewConfirm(input: {{monthOn: "2026-03-02", note: $note}}) {{
  review {{ {FIELDS} }} userErrors {{ code field message }}
}} }}
"""


async def test_P3_an_administrator_reviews_a_month_and_says_so(company: Tenant) -> None:
    await Person(company).register()
    clock = Turned(datetime(2026, 4, 2, tzinfo=UTC))
    async with tenant(company.id):
        await audit.record(
            company.id,
            Actor(ActorKind.ADMIN, company.admin_id),
            "exports.download",
            [company.admin_id],
            {"reason": "DISPUTE", "rows": 7},
            kind="Export",
            clock=lambda: datetime(2026, 3, 14, tzinfo=UTC),
        )
    told = {
        "monthOn": "2026-03-01",
        "endsAt": "2026-03-31T15:00:00+00:00",
        "records": 1,
        "unexplained": 0,
        "acts": [{"action": "exports.download", "actionLabel": "엑셀 파일 다운로드", "records": 1, "subjects": 1}],
        "people": [
            {"kind": "ADMIN", "admin": {"name": "김관리"}, "records": 1, "views": 1, "downloads": 1, "outOfHours": 1}
        ],
        "downloads": [
            {
                "action": "exports.download",
                "details": [{"name": "reason", "value": "DISPUTE"}, {"name": "rows", "value": "7"}],
            }
        ],
        "confirmation": None,
    }
    async with console(company, Wiring(clock=clock)) as api:
        seen = await api.ask(REVIEW)
        assert {**seen, "endsAt": datetime.fromisoformat(seen["endsAt"]).astimezone(UTC).isoformat()} == told
        assert (await records(company.id))[-1]["action"] in {"audit.view", "admins.view"}
        made = await api.ask(CONFIRM, note="특이 사항 없음")
        assert made["userErrors"] == []
        confirmed = {"note": "특이 사항 없음", "records": 1, "admin": {"name": "김관리"}}
        assert made["review"]["confirmation"] == confirmed
        again = await api.ask(CONFIRM, note="특이 사항 없음")
        assert again["review"] is None
        assert [(each["code"], each["field"]) for each in again["userErrors"]] == [("STATE", ["monthOn"])]
