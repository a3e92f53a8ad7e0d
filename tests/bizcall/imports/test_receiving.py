"""From a file in the bucket to a preview, and for dropped files to registered rows (BK-02)."""

from __future__ import annotations

import asyncio
import itertools
import re

import pytest

from bizcall import imports
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.imports import keys, refusals
from bizcall.models import Company
from bizcall.models.companies import OnError
from bizcall.models.imports import Action, Source, State
from bizcall.ports import ObjectMissing
from bizcall.sheets import Limits
from tests.factories import Tenant
from tests.imports import HEADER, Desk, person, values, workbook
from tests.statements import counted


async def test_BK_02_a_preview_says_what_each_row_would_do(desk: Desk) -> None:
    first, second, third, fourth, *_ = desk.company.numbers
    await desk.register(
        await desk.preview(
            person(first, "김하나", mobile="01011112222"),
            person(second, "이두리", email="two@example.com"),
            person(third, "박세찌", mobile="01033334444"),
        )
    )

    previewed = await desk.preview(
        person(first, "김하나", mobile="010-1111-2222"),
        person(second, "이두리", email="two@example.com", position="과장"),
        person(third, "최네찌", mobile="01055556666"),
        person(fourth, "정오월"),
        person("0212345678", "남의번호"),
        person(desk.company.numbers[5], None),
    )

    assert previewed.state is State.PREVIEWED
    assert previewed.source is Source.CONSOLE
    assert previewed.sheet_name == "명단"
    assert [row.action for row in await desk.rows(previewed)] == [
        Action.UNCHANGED,
        Action.CHANGED,
        Action.REPLACED,
        Action.NEW,
        Action.REFUSED,
    ]
    counts = (previewed.rows_unchanged, previewed.rows_changed, previewed.rows_replaced, previewed.rows_new)
    assert counts == (1, 1, 1, 1)
    assert (previewed.rows_refused, previewed.rows_ignored) == (1, 1)
    assert len(await desk.holders()) == 3


async def test_BK_02_the_refused_rows_come_back_in_the_forms_layout_ready_to_mend(desk: Desk) -> None:
    good, bad, *_ = desk.company.numbers
    previewed = await desk.preview(person(good), person(bad, "김둘", mobile="12345", position="대리"))

    assert previewed.refused_key is not None
    place, _, name = previewed.refused_key.rpartition("/")
    assert place == f"results/imports/{desk.company.id}/{previewed.id}"
    assert re.fullmatch("[0-9a-f]{32}.xlsx", name)
    body = await desk.storage.body(previewed.refused_key)
    header, row = [line for line in values(body) if any(line)][:2]
    assert [str(cell) for cell in header[: len(HEADER)]] == list(HEADER)
    assert row[1:5] == ["김둘", None, "대리", "12345"]
    assert "휴대폰 번호" in str(row[len(HEADER)])

    # As it is, it is refused again; mended, it is taken.
    again = await desk.receive(await desk.upload(body))
    assert (again.rows_new, again.rows_refused) == (0, 1)


async def test_BK_02_a_dropped_file_is_registered_at_once_and_leaves_a_result_beside_it(desk: Desk) -> None:
    number = desk.company.numbers[0]
    dropped = await desk.receive(await desk.drop(workbook([person(number, "홍길동")]), "지점/7월 명단.xlsx"))

    assert (dropped.state, dropped.source, dropped.rows_registered) == (State.REGISTERED, Source.INBOX, 1)
    assert (await desk.holders())[number]["name"] == "홍길동"
    assert dropped.result_key == f"inbox/results/{desk.company.id}/지점/7월 명단.xlsx.result.xlsx"
    told = values(await desk.storage.body(dropped.result_key))
    assert "신규 등록" in told[1]
    assert "홍길동" in told[1]


async def test_BK_02_the_result_of_a_dropped_file_is_never_taken_for_a_file(desk: Desk) -> None:
    dropped = await desk.receive(await desk.drop(workbook([person(desk.company.numbers[0])])))
    assert dropped.result_key

    await imports.receive(dropped.result_key, storage=desk.storage, queue=desk.queue, clock=desk.clock)

    assert not dropped.result_key.startswith("inbox/imports/")
    assert len(await desk.all()) == 1


@pytest.mark.parametrize(("policy", "registered"), [(OnError.REJECT_ALL, 0), (OnError.SKIP_BAD_ROWS, 1)])
async def test_BK_02_bad_rows_of_a_dropped_file_go_by_the_companys_policy(
    desk: Desk, policy: OnError, registered: int
) -> None:
    async with tenant(desk.company.id):
        await Company.filter(id=desk.company.id).update(import_on_error=policy)
    good, bad, *_ = desk.company.numbers

    dropped = await desk.receive(await desk.drop(workbook([person(good), person(bad, "둘", email="없음")])))

    assert dropped.state is (State.REGISTERED if registered else State.REFUSED)
    assert dropped.rows_registered == len(await desk.holders()) == registered
    assert dropped.result_key
    _, first, second = values(await desk.storage.body(dropped.result_key))
    assert ("신규 등록" if registered else "등록하지 않음") in first
    assert "거절" in second
    assert any("이메일" in str(cell) for cell in second)


async def test_BK_02_a_dropped_file_that_is_no_workbook_is_answered_by_its_sentence(desk: Desk) -> None:
    dropped = await desk.receive(await desk.drop("번호,이름\n0701,홍".encode("cp949"), "명단.csv"))

    assert dropped.state is State.REFUSED
    assert dropped.refusal == "CSV"
    assert dropped.result_key == f"inbox/results/{desk.company.id}/명단.csv.result.xlsx"
    assert any("CSV" in str(cell) for row in values(await desk.storage.body(dropped.result_key)) for cell in row)


async def test_BK_02_a_file_over_5_MB_is_refused_without_being_read(desk: Desk) -> None:
    key = await desk.drop(b"PK\x03\x04" + bytes(Limits().file_bytes))

    refused = await desk.receive(key)

    assert (refused.state, refused.refusal, refused.refusal_params) == (State.REFUSED, "FILE_TOO_LARGE", {"limit": 5})


async def test_F6_an_arrival_that_is_told_ten_times_in_parallel_is_one_import(desk: Desk) -> None:
    number = desk.company.numbers[0]
    console = await desk.upload(workbook([person(number, "홍길동")]))
    inbox = await desk.drop(workbook([person(desk.company.numbers[1], "김둘")]))

    await asyncio.gather(
        *(
            imports.receive(key, storage=desk.storage, queue=desk.queue, clock=desk.clock)
            for key in [console, inbox] * 10
        )
    )

    previewed, dropped = sorted(await desk.all(), key=lambda found: found.source)
    assert (previewed.state, previewed.rows_new) == (State.PREVIEWED, 1)
    assert (dropped.state, dropped.rows_registered) == (State.REGISTERED, 1)
    async with tenant(desk.company.id):
        (holdings,) = await query("SELECT count(*) AS n FROM subscriber WHERE company_id = $1", desk.company.id)
    assert holdings["n"] == 1


async def test_F6_an_older_version_never_overwrites_a_newer_one(desk: Desk) -> None:
    number = desk.company.numbers[0]
    key = await desk.drop(workbook([person(number, "먼저")]))
    await desk.drop(workbook([person(number, "나중")]))

    # Both arrivals are told after the second file has taken the first one's place; then the first one's once more.
    for _ in range(3):
        await desk.receive(key)

    assert (await desk.holders())[number]["name"] == "나중"
    assert len(await desk.all()) == 1


@pytest.mark.parametrize("versioned", [True, False])
async def test_F6_a_newer_file_of_the_same_name_ends_a_preview_of_the_older_one(desk: Desk, versioned: bool) -> None:
    desk.storage.versioned = versioned
    key = await desk.upload(workbook([person(desk.company.numbers[0], "먼저")]))
    older = await desk.receive(key)
    await desk.storage.write(key, workbook([person(desk.company.numbers[0], "나중")]), content_type="")

    newer = await desk.receive(key)

    older = await desk.found(older.id)
    assert (older.state, older.refusal) == (State.CANCELLED, "SUPERSEDED")
    assert newer.state is State.PREVIEWED
    assert [row.name for row in await desk.rows(newer)] == ["나중"]


async def test_F6_an_object_that_is_deleted_before_it_is_read_leaves_nothing(desk: Desk) -> None:
    key = await desk.drop(workbook([person(desk.company.numbers[0])]))
    await desk.storage.delete(key)

    await imports.receive(key, storage=desk.storage, queue=desk.queue, clock=desk.clock)

    assert await desk.all() == []


async def test_F6_an_object_that_vanishes_between_its_claim_and_its_reading_is_refused(desk: Desk) -> None:
    key = await desk.upload(workbook([person(desk.company.numbers[0])]))
    read = desk.storage.read

    def gone(key: str, version: str | None = None) -> object:
        raise ObjectMissing(key)

    desk.storage.read = gone  # type: ignore[method-assign, assignment]  # the bucket of this test only
    refused = await desk.receive(key)
    desk.storage.read = read  # type: ignore[method-assign]

    assert (refused.state, refused.refusal) == (State.REFUSED, "FILE_GONE")


@pytest.mark.parametrize(
    "name", ["사용자+명단 100% (최종).xlsx", "a/b/c.xlsx", "명단\u200b.xlsx", "%2F..%2F.xlsx", "이름없음"]
)
async def test_F6_names_of_every_kind_are_taken_as_they_are(desk: Desk, name: str) -> None:
    number = desk.company.numbers[0]
    dropped = await desk.receive(await desk.drop(workbook([person(number)]), name))

    assert dropped.state is State.REGISTERED
    assert dropped.result_key == f"inbox/results/{desk.company.id}/{name}.result.xlsx"


async def test_BK_02_the_result_of_a_name_that_leaves_no_room_for_a_suffix_lies_under_the_imports_key(
    desk: Desk,
) -> None:
    place = f"inbox/imports/{desk.company.id}/"
    name = "가" * ((1024 - len(place)) // 3)
    dropped = await desk.receive(await desk.drop(workbook([person(desk.company.numbers[0])]), name))

    assert dropped.result_key == f"inbox/results/{desk.company.id}/{dropped.id}.result.xlsx"


async def test_BK_02_objects_of_no_company_or_of_no_form_are_left_alone(desk: Desk, stranger: Tenant) -> None:
    upload = (await desk.upload(workbook([person(desk.company.numbers[0])]))).rpartition("/")[2]
    body = workbook([person(desk.company.numbers[0])])
    places = [
        f"inbox/imports/{uuid7()}/명단.xlsx",
        "inbox/imports/nobody/명단.xlsx",
        f"inbox/imports/{str(desk.company.id).upper()}/명단.xlsx",
        f"inbox/imports/{desk.company.id}/",
        f"inbox/imports/{desk.company.id}",
        f"inbox/results/{desk.company.id}/명단.xlsx",
        f"uploads/imports/{desk.company.id}/{uuid7()}.xlsx",
        f"uploads/imports/{desk.company.id}/x.xlsx",
        f"inbox/imports/{desk.company.id}/a\0b.xlsx",
        # Another company's upload under this company's name, and the reverse.
        f"uploads/imports/{stranger.id}/{upload}",
        "",
    ]
    for key in places:
        await desk.storage.write(key, body, content_type="")
        await imports.receive(key, storage=desk.storage, queue=desk.queue, clock=desk.clock)

    assert await desk.all() == []
    assert await Desk(stranger).all() == []


async def test_BK_02_a_worker_that_dies_anywhere_leaves_work_that_the_next_delivery_finishes(desk: Desk) -> None:
    """Every call of the bucket fails once, each in a delivery of its own, as if the worker had ended there."""
    number = desk.company.numbers[0]
    key = await desk.drop(workbook([person(number, "홍길동")]))
    dying = Dying(desk)
    for _ in itertools.count():
        dying.calls = 0
        try:
            await imports.receive(key, storage=dying, queue=desk.queue, clock=desk.clock)  # type: ignore[arg-type]  # forwards to storage
            break
        except Died:
            dying.survives += 1

    (found,) = await desk.all()
    assert dying.survives == 3
    assert (found.state, found.rows_registered) == (State.REGISTERED, 1)
    assert found.result_key
    assert (await desk.holders())[number]["revision"] == 1


async def test_BK_02_a_dropped_file_that_no_worker_could_finish_gets_a_result_too(desk: Desk) -> None:
    key = await desk.drop(workbook([person(desk.company.numbers[0])]), "명단.xlsx")
    await dies(desk, key, after=1)
    desk.clock.turn(hours=6)

    await imports.expire(clock=desk.clock)
    await desk.sweep()

    failed = await desk.newest()
    assert (failed.state, failed.refusal) == (State.FAILED, "TIMED_OUT")
    assert failed.result_key == f"inbox/results/{desk.company.id}/명단.xlsx.result.xlsx"
    assert refusals.sentence("TIMED_OUT", {}) in values(await desk.storage.body(failed.result_key))[1]


@pytest.mark.parametrize(
    ("survives", "state", "told"),
    [(1, State.CANCELLED, refusals.sentence("SUPERSEDED", {})), (2, State.REGISTERED, "신규 등록")],
)
async def test_BK_02_a_dropped_file_whose_place_a_newer_one_took_gets_a_result_of_its_own(
    desk: Desk, survives: int, state: State, told: str
) -> None:
    number = desk.company.numbers[0]
    key = await desk.drop(workbook([person(number, "먼저", mobile="01011112222")]))
    await dies(desk, key, after=survives)
    await desk.drop(workbook([person(number, "나중", mobile="01033334444")]))

    newer = await desk.receive(key)
    await desk.sweep()

    older = (await desk.all())[0]
    assert (older.state, newer.state) == (state, State.REGISTERED)
    assert older.result_key == f"inbox/results/{desk.company.id}/{older.id}.result.xlsx"
    assert told in values(await desk.storage.body(older.result_key))[1]
    assert newer.result_key == keys.beside(key)
    assert "나중" in values(await desk.storage.body(newer.result_key))[1]


async def test_BK_02_a_preview_takes_a_bounded_number_of_statements(desk: Desk) -> None:
    few = await desk.upload(workbook([person(desk.company.numbers[0])]))
    many = await desk.upload(workbook([person(number) for number in desk.company.numbers]))
    with counted() as one:
        await imports.receive(few, storage=desk.storage, queue=desk.queue, clock=desk.clock)
    with counted() as ten:
        await imports.receive(many, storage=desk.storage, queue=desk.queue, clock=desk.clock)

    assert len(ten) == len(one) <= 20


async def dies(desk: Desk, key: str, *, after: int) -> None:
    """Deliver an arrival to a worker that dies after so many calls of the bucket."""
    dying = Dying(desk)
    dying.survives = after
    with pytest.raises(Died):
        await imports.receive(key, storage=dying, queue=desk.queue, clock=desk.clock)  # type: ignore[arg-type]  # forwards to storage


class Died(Exception):
    """The worker has ended."""


class Dying:
    """A bucket at whose call number `survives` + 1 the worker dies."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.survives, self.calls = desk, 0, 0

    def __getattr__(self, name: str) -> object:
        self.calls += 1
        if self.calls > self.survives:
            raise Died
        return getattr(self.desk.storage, name)
