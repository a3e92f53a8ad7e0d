"""A request's way through the running functions, found by the one id that the client was told."""

from __future__ import annotations

import pathlib
from typing import Any

import httpx
import pytest

from local import logbook
from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System, until
from tests.journeys.workbooks import ARRIVED, REGISTER, UPLOAD, finished, plain, previewed


@pytest.fixture
async def company(system: System) -> Company:
    """A company with free lines."""
    return await make_company(str(system.addresses["database"]), lines=3)


@pytest.fixture
def boss(system: System, company: Company) -> Administrator:
    """Its administrator, signed in."""
    return system.sign_in(company.login_id, PASSWORD)


def asked(boss: Administrator, document: str, **variables: Any) -> tuple[str, Any]:
    """The request's id as the client is told it, and the data."""
    answer = boss.system.http.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"Authorization": f"Bearer {boss.token}"},
    )
    return answer.headers["x-request-id"], answer.json()["data"]


def went_through(home: pathlib.Path, request_id: str, *functions: str) -> bool:
    """Whether lines of that id come from all these functions."""
    return {function for function, _ in logbook.lines(home, request_id)} >= set(functions)


def test_one_id_leads_from_the_upload_to_its_check_and_from_the_registration_to_the_messages(
    system: System, company: Company, boss: Administrator
) -> None:
    home = system.log.parent
    number = company.numbers[0]
    person = (number, "홍길동", "영업팀", "사원", f"010{number[-8:]}", f"hong{number}@example.com", "OFF", "ON")
    body = plain([person])

    wanted = {"purpose": "SUBSCRIBER_IMPORT", "fileName": "명단.xlsx", "size": len(body)}
    uploading, data = asked(boss, UPLOAD, input=wanted)
    created = data["uploadCreate"]
    fields = {field["name"]: field["value"] for field in created["form"]["fields"]}
    httpx.post(created["form"]["url"], data=fields, files={"file": ("x", body)}, timeout=30).raise_for_status()
    import_id = until(lambda: boss.ask(ARRIVED, id=created["upload"]["id"])["node"]["import"])["id"]
    preview = previewed(boss, import_id)
    until(lambda: went_through(home, uploading, "ApiFunction", "ImportsFunction"))

    key = {"contentHash": preview["contentHash"], "idempotencyKey": "1", "sendInvitations": True}
    registering, data = asked(boss, REGISTER, id=import_id, input=key)
    assert not data["importRegister"]["userErrors"]
    assert finished(boss, import_id)["status"] == "COMPLETED"
    until(lambda: went_through(home, registering, "ApiFunction", "RegistrationsFunction", "DeliveriesFunction"))

    assert uploading != registering
    lines = [line for request_id in (uploading, registering) for _, line in logbook.lines(home, request_id)]
    for personal in ("홍길동", number, number[-8:], "example.com", "명단"):
        assert not [line for line in lines if personal in line]
