"""A subscription completes, and its administrator signs in: from the provider's file to the session (ON-01, AU-02)."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from itertools import count
from typing import Any

import asyncpg

from tests.journeys.system import SIGN_IN, VERIFY, System, until

HALF = """
mutation ($input: SignInVerifyInput!) {
  signInVerify(input: $input) { registration { token } session { token } userErrors { code } }
}"""
CODE = "mutation ($input: SignInCodeSendInput!) { signInCodeSend(input: $input) { userErrors { code } } }"
MOBILE_CODE = """
mutation ($input: RegistrationCodeSendInput!) { registrationCodeSend(input: $input) { userErrors { code field } } }"""
REGISTER = """
mutation ($input: AdminRegisterInput!) { adminRegister(input: $input) { isRegistered userErrors { code field } } }"""
COMPANY = """{
  viewer { company { name representativeNumber plan { name } } }
  subscribers(first: 10, orderBy: {field: NUMBER}) { nodes { number rid } }
}"""
GUIDE = "{ plans { code name guide monthlyFee } }"
PASSWORD = "Correct0Horse"
ROOT = pathlib.Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "provisioning" / "subscription_completed.json"

_serials = count(1)


def event(serial: int, **fields: Any) -> dict[str, Any]:
    """A completed subscription."""
    return {
        "id": f"journey-{serial}",
        "kind": "SUBSCRIPTION_COMPLETED",
        "occurredAt": "2026-03-01T09:00:00+09:00",
        "subscription": f"journey-{serial}",
        "company": {"name": f"여정청약 {serial}"},
        "plan": "STANDARD",
        "adminMobile": f"010-7700-{serial:04d}",
        "lines": [
            {"number": f"070-8800-{serial * 10 + 1:04d}", "rid": "02-1544-2000"},
            {"number": f"070-8800-{serial * 10:04d}"},
        ],
        **fields,
    }


def drop(system: System, given: dict[str, Any], name: str) -> None:
    """Put the event's file where the provider's systems do."""
    system.drop(f"feeds/provisioning/{name}.json", json.dumps(given, ensure_ascii=False).encode())


def texts(system: System, mobile: str) -> list[str]:
    """What was sent to a mobile, oldest first."""
    return [message["text"] for message in system.messages() if message["to"].endswith(mobile[-8:])]


def code(system: System, mobile: str, document: str, given: dict[str, Any]) -> str:
    """Ask for a code and read it from the inbox."""
    before = len(texts(system, mobile))
    (answer,) = system.graphql(document, {"input": given}).values()
    assert answer["userErrors"] == []
    found = re.search(r"\d{6}", until(lambda: texts(system, mobile)[before:])[-1])
    assert found
    return found[0]


async def later(system: System, mobile: str) -> None:
    """Half a minute passes, which must lie between two codes of one purpose."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        await connection.execute(
            "UPDATE verification_code SET created_at = created_at - interval '31 seconds' WHERE mobile = $1", mobile
        )
    finally:
        await connection.close()


async def test_ON_01_a_dropped_file_leads_to_an_administrator_who_is_signed_in(system: System) -> None:
    given = event(next(_serials))
    mobile = given["adminMobile"].replace("-", "")
    login_id = min(line["number"] for line in given["lines"])

    drop(system, given, "journey/첫 청약")
    welcome = until(lambda: texts(system, mobile))[0]

    assert login_id.replace("-", "") in welcome.replace("-", "")
    assert f"{system.addresses['api']}/ide" in welcome
    (password,) = re.findall(r"\b[a-hjkmnp-z2-9]{12}\b", welcome)
    signing = {"loginId": login_id, "password": password}
    challenge = system.graphql(SIGN_IN, {"input": signing})["signIn"]["challenge"]["token"]
    verifying = {"challenge": challenge, "code": code(system, mobile, CODE, {"challenge": challenge})}
    half = system.graphql(HALF, {"input": verifying})["signInVerify"]
    assert half["session"] is None
    token = half["registration"]["token"]
    mobile_code = code(system, mobile, MOBILE_CODE, {"challenge": token, "mobile": mobile})
    form = {
        "challenge": token,
        "code": mobile_code,
        "mobile": mobile,
        "password": PASSWORD,
        "passwordConfirmation": PASSWORD,
        "name": "한관리",
        "email": "han@example.com",
    }
    assert system.graphql(REGISTER, {"input": form})["adminRegister"]["userErrors"] == []

    await later(system, mobile)
    signing["password"] = PASSWORD
    challenge = system.graphql(SIGN_IN, {"input": signing})["signIn"]["challenge"]["token"]
    verifying = {"challenge": challenge, "code": code(system, mobile, CODE, {"challenge": challenge})}
    session = system.graphql(VERIFY, {"input": verifying})["signInVerify"]["session"]
    shown = system.graphql(COMPANY, token=session["token"])
    assert shown["viewer"]["company"] == {
        "name": given["company"]["name"],
        "representativeNumber": login_id.replace("-", ""),
        "plan": {"name": "스탠다드"},
    }
    assert [node["rid"] for node in shown["subscribers"]["nodes"]] == [None, "0215442000"]


def test_ON_01_a_bad_file_is_given_back_beside(system: System) -> None:
    given = event(next(_serials), plan="NONE")

    drop(system, given, "journey/bad")
    answer = json.loads(until(lambda: system.read("feeds/rejects/provisioning/journey/bad.json")))

    assert (answer["code"], answer["path"], answer["event"]) == ("UNKNOWN_PLAN", ["plan"], given)


def test_ON_01_a_worker_that_is_killed_and_a_file_that_comes_again_make_one_company(system: System) -> None:
    given = event(next(_serials))
    mobile = given["adminMobile"].replace("-", "")
    arrival = {"Records": [{"s3": {"object": {"key": "feeds/provisioning/journey/again.json"}}}]}

    drop(system, given, "journey/again")
    system.kill("provisioning")
    system.deliver("ProvisioningQueue", json.dumps(arrival), times=10)
    until(lambda: texts(system, mobile))
    until(lambda: system.waiting("ProvisioningQueue") == 0 or None, seconds=120)

    assert len(texts(system, mobile)) == 1


def test_AU_30_the_guide_is_there_without_signing_in(system: System) -> None:
    plans = system.graphql(GUIDE)["plans"]

    assert [plan["code"] for plan in plans][:3] == ["BASIC", "STANDARD", "PREMIUM"]
    assert plans[2]["monthlyFee"] is None


def command(system: System, file: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """What the command makes of a file."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "local", "provision", str(file), "--state", str(system.log.parent)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_ON_01_the_command_drops_an_event_and_tells_how_it_stands(system: System) -> None:
    told = command(system, EXAMPLE)

    assert (told.returncode, told.stdout.split(";")[0]) == (0, "APPLIED"), told.stderr
    assert until(lambda: [text for text in texts(system, "01000001000") if "한빛상사" in text])


def test_ON_01_the_command_fails_where_an_event_is_rejected(system: System, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(next(_serials), adminMobile="02-123-4567")))

    told = command(system, file)

    assert told.returncode == 1, told.stderr
    assert told.stdout.startswith("REJECTED: BAD_MOBILE adminMobile\n")
    assert "feeds/rejects/provisioning/" in told.stdout
