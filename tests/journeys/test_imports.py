"""An Excel file becomes subscribers, through the running system (BK-01 … BK-03), and what may go wrong on the way."""

from __future__ import annotations

import asyncio
import json
import pathlib
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System, until
from tests.journeys.workbooks import filled, finished, form_of, plain, previewed, register, upload

HOLDERS = """
query ($search: String) {
  subscribers(first: 100, filter: {held: true, search: $search}) {
    nodes { number subscriber { name revision department { name } } }
  }
}
"""
SYSTEM_PYTHON = pathlib.Path("/usr/bin/python3")


def holders(administrator: Administrator, search: str | None = None) -> dict[str, str]:
    """Names by number, as the connection shows them."""
    nodes = administrator.ask(HOLDERS, search=search)["subscribers"]["nodes"]
    return {node["number"]: node["subscriber"]["name"] for node in nodes}


@pytest.fixture
async def company(system: System) -> Company:
    """A company with 40 free lines."""
    return await make_company(str(system.addresses["database"]), lines=40)


@pytest.fixture
def boss(system: System, company: Company) -> Administrator:
    """Its administrator, signed in."""
    return system.sign_in(company.login_id, PASSWORD)


async def settled(system: System, company: Company, names: list[str]) -> None:
    """Nothing was lost and nothing registered twice: asked of the database itself."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            rows = await connection.fetch(
                """
                SELECT line.number, subscriber.name, subscriber.revision, subscriber.ended_at,
                       (SELECT count(*) FROM membership
                        WHERE membership.company_id = $1 AND membership.subscriber_id = subscriber.id) AS memberships
                FROM subscriber JOIN line ON line.company_id = subscriber.company_id AND line.id = subscriber.line_id
                WHERE subscriber.company_id = $1 ORDER BY line.number
                """,
                company.id,
            )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [
        (number, name, 1, None, 1) for number, name in zip(company.numbers, names, strict=False)
    ]


def people(company: Company, count: int, mark: str = "직원") -> tuple[list[str], bytes]:
    """Names for the first lines, and a sheet that gives them these lines."""
    names = [f"{mark}{place}" for place in range(count)]
    rows = [
        (number, name, "영업팀", "사원", f"010{place:08d}", f"user{place}@example.com", "OFF", "ON")
        for place, (number, name) in enumerate(zip(company.numbers, names, strict=False))
    ]
    return names, plain(rows)


async def test_BK_01_the_form_is_filled_uploaded_previewed_registered_and_seen(
    system: System, company: Company, boss: Administrator
) -> None:
    first, second, third = company.numbers[:3]
    body = filled(
        form_of(boss),
        {
            first: ("홍길동", "영업팀", "팀장", "010-1234-5678", "hong@example.com", "OFF", "ON"),
            second: ("김철수", "영업팀", "", "1087654321", "kim@example.com", "OFF", "OFF"),
            third: ("이영희", "없는 부서", "", "", "lee@example.com", "OFF", "OFF"),
        },
    )

    preview = previewed(boss, upload(boss, body))

    assert preview["state"] == "PREVIEWED"
    assert (preview["counts"]["new"], preview["counts"]["refused"]) == (2, 1)
    severities = {finding["cell"][0]: finding["severity"] for finding in preview["findings"]["nodes"]}
    assert severities == {"E": "REPAIRED", "C": "REFUSED"}
    assert holders(boss) == {}

    mended = filled(form_of(boss), {first: ("홍길동", "영업팀"), second: ("김철수", "영업팀")})
    import_id = upload(boss, mended)
    asked = register(boss, import_id, previewed(boss, import_id)["contentHash"], "journey-1")
    result = finished(boss, import_id)

    assert not asked["userErrors"]
    assert result["status"] == "COMPLETED"
    assert {row["became"]["name"] for row in result["rows"]["nodes"]} == {"홍길동", "김철수"}
    assert holders(boss) == {first: "홍길동", second: "김철수"}
    assert holders(boss, "길동") == {first: "홍길동"}
    await settled(system, company, ["홍길동", "김철수"])


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not on this machine")
def test_BK_01_the_form_filled_by_LibreOffice_is_registered(
    company: Company, boss: Administrator, tmp_path: pathlib.Path
) -> None:
    if subprocess.run([SYSTEM_PYTHON, "-c", "import uno"], capture_output=True, check=False).returncode:
        pytest.skip("LibreOffice's Python bridge (python3-uno) is not on this machine")
    (tmp_path / "form.xlsx").write_bytes(form_of(boss))
    rows = [["박오피스", "영업팀", "과장", "01011112222", "park@example.com", "OFF", "ON"]]
    script = pathlib.Path(__file__).with_name("office.py")
    subprocess.run(
        [SYSTEM_PYTHON, script, tmp_path / "form.xlsx", tmp_path / "filled.xlsx"],
        input=json.dumps(rows),
        text=True,
        check=True,
        timeout=120,
    )

    import_id = upload(boss, (tmp_path / "filled.xlsx").read_bytes())
    preview = previewed(boss, import_id)
    register(boss, import_id, preview["contentHash"], "office")

    assert preview["counts"]["new"] == 1, preview
    assert finished(boss, import_id)["status"] == "COMPLETED"
    assert holders(boss) == {company.numbers[0]: "박오피스"}


async def test_BK_02_a_dropped_file_runs_straight_through_and_leaves_its_result_beside(
    system: System, company: Company
) -> None:
    names, body = people(company, 40)

    system.drop(f"inbox/imports/{company.id}/신규 입사자+1월 50%.xlsx", body)

    result = until(lambda: system.read(f"inbox/results/{company.id}/신규 입사자+1월 50%.xlsx.result.xlsx"))
    assert result.startswith(b"PK")
    await settled(system, company, names)


async def test_BK_02_events_and_commands_delivered_ten_times_in_parallel_register_once(
    system: System, company: Company, boss: Administrator
) -> None:
    names, body = people(company, 40)
    import_id = upload(boss, body)
    preview = previewed(boss, import_id)
    key = next(
        entry["Key"]
        for entry in system.aws("s3").list_objects_v2(
            Bucket=system.addresses["bucket"], Prefix=f"uploads/imports/{company.id}/"
        )["Contents"]
    )
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: system.deliver("ImportsQueue", event(system, key)), range(10)))
        list(pool.map(lambda n: register(boss, import_id, preview["contentHash"], f"parallel-{n % 2}"), range(10)))
    command = json.dumps({"companyId": str(company.id), "importId": await key_of_import(system, company)})
    system.deliver("RegistrationsQueue", command, 10, group=str(company.id))

    assert finished(boss, import_id)["status"] == "COMPLETED"
    until(lambda: not system.waiting("RegistrationsQueue") and not system.waiting("ImportsQueue"))
    assert boss.ask("{ imports(first: 100) { totalCount { value } } }")["imports"]["totalCount"]["value"] == 1
    await settled(system, company, names)


async def test_BK_02_an_older_version_that_arrives_late_does_not_overwrite_a_newer_one(
    system: System, company: Company
) -> None:
    key = f"inbox/imports/{company.id}/명단.xlsx"
    system.drop(key, people(company, 10, "옛사람")[1])
    names, body = people(company, 10, "새사람")
    system.drop(key, body)
    versions = system.aws("s3").list_object_versions(Bucket=system.addresses["bucket"], Prefix=key)["Versions"]
    until(lambda: not system.waiting("ImportsQueue"))

    for version in sorted(versions, key=lambda version: bool(version["IsLatest"]), reverse=True):
        system.deliver("ImportsQueue", event(system, key, version["VersionId"], version["ETag"].strip('"')), 3)

    until(lambda: not system.waiting("ImportsQueue"))
    connection = await asyncpg.connect(system.addresses["database"])
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
        current = await connection.fetch(
            "SELECT name FROM subscriber WHERE company_id = $1 AND ended_at IS NULL ORDER BY name", company.id
        )
    await connection.close()
    assert [row["name"] for row in current] == sorted(names)


@pytest.mark.parametrize("function", ["imports", "registrations"])
async def test_BK_02_a_worker_killed_at_random_points_loses_nothing_and_registers_nothing_twice(
    system: System, function: str
) -> None:
    """Three companies, a file each; the worker is killed (-9) up to three times at moments that differ each time."""
    dice = random.Random(function)
    companies = [await make_company(str(system.addresses["database"]), lines=40) for _ in range(3)]
    killed = 0
    for company in companies:
        names, body = people(company, 40)
        boss = await asyncio.to_thread(system.sign_in, company.login_id, PASSWORD)
        if function == "imports":
            system.drop(f"inbox/imports/{company.id}/명단.xlsx", body)
        else:
            import_id = upload(boss, body)
            register(boss, import_id, previewed(boss, import_id)["contentHash"], "kill")
        for _ in range(3):
            await asyncio.sleep(dice.uniform(0, 0.4))
            killed += system.kill(function)

        until(lambda boss=boss: len(holders(boss)) == 40)  # type: ignore[misc]  # a default is how a lambda binds early
        until(lambda: not system.waiting("ImportsQueue") and not system.waiting("RegistrationsQueue"))
        await settled(system, company, names)
    assert killed >= 3


def event(system: System, key: str, version: str | None = None, etag: str = "") -> str:
    """What S3 tells a queue of an object, the version included."""
    s3 = system.aws("s3")
    head = s3.head_object(Bucket=system.addresses["bucket"], Key=key, **({"VersionId": version} if version else {}))
    object_ = {
        "key": key,
        "size": head["ContentLength"],
        "eTag": etag or head["ETag"].strip('"'),
        "versionId": version or head["VersionId"],
        "sequencer": f"{head['LastModified'].timestamp():.0f}",
    }
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": head["LastModified"].isoformat(),
        "s3": {"bucket": {"name": system.addresses["bucket"]}, "object": object_},
    }
    return json.dumps({"Records": [record]}, ensure_ascii=False)


async def key_of_import(system: System, company: Company) -> str:
    """The database's key of the company's only import."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            return str(await connection.fetchval('SELECT id FROM "import" WHERE company_id = $1', company.id))
    finally:
        await connection.close()
