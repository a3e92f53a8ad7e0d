"""Valid inputs of what happened: calls, messages, their customers, statistics and files of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bizcall.months import KOREA
from schema.node import encode
from tests.security.office import Builder, Office, exported, own


async def customers(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"name": office.word, "number": office.mobiles[-1]}}


def history(*names: str, page: bool = True, **arguments: Any) -> Builder:
    """A list or statistics of what happened, with these fields in the filter."""

    async def made(office: Office) -> dict[str, Any]:
        first = office.at.astimezone(KOREA).date() - timedelta(days=1)
        known: dict[str, Any] = {
            "departmentIds": [own(office, "Department")],
            "lineIds": [own(office, "Line")],
            "subscriberIds": [own(office, "Subscriber")],
            "customerNumber": office.mobiles[-2],
            "customerTail": office.mobiles[-2][-8:],
            "customerName": office.word,
        }
        wanted = {"fromOn": str(first), "toOn": str(first + timedelta(days=2)), **{name: known[name] for name in names}}
        return {"filter": wanted, **({"first": 5} if page else {}), **arguments}

    return made


IDS = ("departmentIds", "lineIds", "subscriberIds")


CUSTOMER = ("customerNumber", "customerTail", "customerName")


# Each alone, since by the others nothing of another company would be found.
LISTS = (*(history(name) for name in IDS), history(*CUSTOMER))


STATISTICS = (
    history("departmentIds", groupBy="DEPARTMENT", granularity="DAY"),
    history("lineIds", groupBy="LINE", granularity="MONTH"),
    history("subscriberIds", groupBy="SUBSCRIBER", granularity="HOUR"),
    history(*CUSTOMER, groupBy="LINE", granularity="DAY"),
)


WEEK = (*(history(name, page=False) for name in IDS), history(*CUSTOMER, page=False))


async def unreturned_calls(office: Office) -> dict[str, Any]:
    # The customer whose calls were missed.
    made = await history("customerNumber", "customerTail", "customerName")(office)
    party = office.mobiles[-1]
    return {**made, "filter": {**made["filter"], "customerNumber": party, "customerTail": party[-8:]}}


def export(place: str, wanted: Builder, **arguments: Any) -> Builder:
    """A request for an Excel file of what the filter finds."""

    async def made(office: Office) -> dict[str, Any]:
        # Makes room, since only ten may wait.
        await exported(office)
        reason = {"reason": "DISPUTE", "note": "민원 처리", "idempotencyKey": office.fresh()}
        return {"input": {place: (await wanted(office))["filter"], **reason, **arguments}}

    return made


async def export_cancel(office: Office) -> dict[str, Any]:
    return {"id": encode("Export", await exported(office))}


async def export_download(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Export")}


def reveal(name: str) -> Builder:
    """A reason to see an object of that type."""

    async def made(office: Office) -> dict[str, Any]:
        return {"id": own(office, name), "input": {"reason": "CALL_BACK", "note": "부재중 전화 회신"}}

    return made
