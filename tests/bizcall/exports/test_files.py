"""What stands in the files: every row that the filter finds, cell for cell what SQL says (ST-02, ST-03, MS-01)."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from bizcall import masking, phones
from bizcall.database import query, tenant
from bizcall.exports.asking import STATISTICS, TYPES
from bizcall.history.filters import OUTGOING
from bizcall.models.exports import Kind
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA
from bizcall.reasons import Purpose, Reason
from bizcall.sheets.workbook import unescaped
from bizcall.stats import CALLS, MESSAGES, Granularity, Group
from tests.exports import Clerk, by_calamine, by_libreoffice
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.histories import Office, hold, whole
from tests.masked import unmask

NAMED = """
    SELECT {fact}.*, line.number AS line, subscriber.name AS subscriber, department.name AS department,
           customer.name AS customer
    FROM {fact}
    JOIN line ON line.company_id = $1 AND line.id = {fact}.line_id
    LEFT JOIN subscriber ON subscriber.company_id = $1 AND subscriber.id = {fact}.subscriber_id
    LEFT JOIN department ON department.company_id = $1 AND department.id = {fact}.department_id
    LEFT JOIN customer ON customer.company_id = $1 AND customer.number = {fact}.customer_number
    WHERE {fact}.company_id = $1 ORDER BY {fact}.{moment} DESC, {fact}.id DESC
"""


def expected(row: dict[str, Any], *, masked: bool) -> dict[str, Any]:
    """The row as the sheet must show it."""
    number, name = row["customer_number"], row["customer"]
    about = {
        "가입 전화번호": phones.formatted(row["line"]),
        "사용자": row["subscriber"],
        "부서": row["department"],
        "고객 번호": (masking.number if masked else phones.formatted)(number) or None,
        "고객명": name and (masking.name(name) if masked else name),
    }
    if "started_at" in row:
        return {
            "통화 일시": row["started_at"].astimezone(KOREA).replace(tzinfo=None),
            "구분": "발신" if row["type"] in OUTGOING else "수신",
            "통화 유형": TYPES[row["type"]],
            **about,
            "통화 시간(초)": row["seconds"],
            "기록 번호": row["id"],
        }
    return {
        "메시지 일시": row["sent_at"].astimezone(KOREA).replace(tzinfo=None),
        "구분": {"SENT": "발신", "RECEIVED": "수신"}[row["direction"]],
        "종류": row["kind"],
        **about,
        "글자 수": len(row["text"]),
        **({} if masked else {"내용": row["text"]}),
        "기록 번호": row["id"],
    }


async def rows_of(company: Tenant, kind: Kind = Kind.CALLS) -> list[dict[str, Any]]:
    """The calls or messages of a company with their names, as SQL says."""
    facts = CALLS if kind is Kind.CALLS else MESSAGES
    async with tenant(company.id, read_only=True):
        return await query(NAMED.format(fact=facts.table, moment=facts.moment), company.id)


HISTORIES = [Kind.CALLS, Kind.MESSAGES]


@pytest.mark.parametrize("unmasked", [False, True])
@pytest.mark.parametrize("kind", HISTORIES)
async def test_ST_02_X3_the_file_says_cell_for_cell_what_sql_says(
    made: Office, clerk: Clerk, kind: Kind, unmasked: bool
) -> None:
    book = await clerk.made(kind, unmasked=unmasked)

    assert book.rows == [expected(row, masked=not unmasked) for row in await rows_of(made.company, kind)]
    assert len(book.rows) == len(made.calls if kind is Kind.CALLS else made.messages)


async def test_ST_02_sheets_are_split_where_they_are_full(made: Office, clerk: Clerk) -> None:
    book = await clerk.made(rows_a_sheet=100)

    assert book.book.sheetnames == ["통화 이력", "통화 이력 2", "통화 이력 3", "통화 이력 4", "조회 조건"]
    assert [sheet.max_row for sheet in book.book.worksheets[:-1]] == [100, 100, 100, 4]
    assert book.rows == [expected(row, masked=True) for row in await rows_of(made.company)]
    for sheet in book.book.worksheets[:-1]:
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:J{sheet.max_row}")
        assert sheet["A2"].number_format == "yyyy\\-mm\\-dd\\ hh:mm:ss"
        assert sheet["D2"].number_format == "@"
        assert sheet.column_dimensions["A"].width == 20


@pytest.mark.parametrize("kind", HISTORIES)
async def test_X3_another_reader_finds_the_same_seconds(made: Office, clerk: Clerk, kind: Kind) -> None:
    book = await clerk.made(kind, unmasked=True)

    found = by_calamine(book, 0)

    wanted = [expected(row, masked=False) for row in await rows_of(made.company, kind)]
    for row in found:
        # A midnight is a day to this reader.
        moment = next(iter(row))
        row[moment] = datetime.fromisoformat(row[moment].isoformat())
    assert found == [{name: "" if value is None else value for name, value in row.items()} for row in wanted]


@pytest.mark.parametrize("kind", HISTORIES)
async def test_X3_LibreOffice_shows_what_sql_says(made: Office, clerk: Clerk, tmp_path: Path, kind: Kind) -> None:
    book = await clerk.made(kind, unmasked=True)

    shown = by_libreoffice(tmp_path, book.body, "csv:Text - txt - csv (StarCalc):44,34,76,1").read_text()

    found = list(csv.DictReader(io.StringIO(shown)))
    wanted = [expected(row, masked=False) for row in await rows_of(made.company, kind)]
    assert found == [{name: "" if value is None else str(value) for name, value in row.items()} for row in wanted]


async def test_CU_01_the_companys_policy_decides_and_unmasked_is_recorded(company: Tenant) -> None:
    await began(company.id)
    await Feeder(company.id).load([call(company.numbers[0], "a")])
    clerk = Clerk(company)

    assert [row["고객 번호"] for row in (await clerk.made()).rows] == ["010-****-5678"]
    open_book = await clerk.made(unmasked=True)
    assert [row["고객 번호"] for row in open_book.rows] == ["010-1234-5678"]
    assert open_book.told["개인정보"] == "가리지 않음"
    assert [one["details"]["unmasked"] for one in await told(clerk, "exports.request")] == [False, True]
    await unmask(company.id, clerk.actor)
    assert [row["고객 번호"] for row in (await clerk.made()).rows] == ["010-1234-5678"]


async def told(clerk: Clerk, action: str) -> list[dict[str, Any]]:
    """Audit records with their details read."""
    return [{**row, "details": orjson.loads(row["details"])} for row in await clerk.records(action)]


async def test_MS_01_texts_are_in_the_file_only_unmasked(made: Office, clerk: Clerk) -> None:
    masked = await clerk.made(Kind.MESSAGES)
    shown = await clerk.made(Kind.MESSAGES, unmasked=True)

    assert len(masked.rows) == len(shown.rows) == len(made.messages)
    assert "내용" not in masked.rows[0]
    assert "안녕하세요" not in str(masked.parts())
    assert {row["내용"] for row in shown.rows} == {"안녕하세요"}
    assert {row["글자 수"] for row in masked.rows} == {5}
    assert {row["종류"] for row in masked.rows} == {"SMS"}


async def test_P3_the_last_sheet_tells_what_was_asked_by_whom_and_why(made: Office, clerk: Clerk) -> None:
    wanted = whole(
        weekdays=frozenset({1, 5}),
        hours=(9, 18),
        types=frozenset({"MISSED", "INCOMING"}),
        department_ids=(made.departments[0],),
        line_ids=(made.company.line_ids[0],),
        customer_name="홍길",
        customer_tail="1234",
    )
    book = await clerk.made(wanted=wanted, reason=Reason(Purpose.OTHER, "=월간 보고"))
    told = book.told

    assert told["조회 기간"] == f"{wanted.from_on} ~ {wanted.to_on}"
    assert (told["요일"], told["시간대"], told["유형"]) == ("월, 금", "9시 ~ 18시", "수신, 부재중")
    assert (told["부서"], told["가입 전화번호"]) == ("영업팀", made.company.numbers[0])
    assert (told["고객명"], told["고객 번호 끝자리"]) == ("홍*…", "****")
    assert (told["행 수"], told["요청자"], told["개인정보"]) == (str(len(book.rows)), "김관리", "가림")
    assert told["사유"] == "기타: =월간 보고"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["데이터 기준"])


async def test_X1_X2_nothing_in_a_text_becomes_a_formula_or_breaks_the_file(company: Tenant) -> None:
    await began(company.id)
    odd = ["=1+1", "+1", "@SUM(A1)", "-1", "\t탭", "줄\r\n바꿈", " 앞뒤 ", "a_x0041_b", "<&>\"'", "😀" * 500, "0070"]
    records = [message(company.numbers[0], f"m{place:02d}", text=text) for place, text in enumerate(odd)]
    await Feeder(company.id, FeedKind.MESSAGES).load(records)
    async with tenant(company.id, read_only=True):
        stored = await query("SELECT text FROM message WHERE company_id = $1 ORDER BY id DESC", company.id)

    book = await Clerk(company).made(Kind.MESSAGES, unmasked=True)

    assert [unescaped(row["내용"]) for row in book.rows] == [row["text"] for row in stored]
    assert not any(b"<f>" in part or b"<f " in part for part in book.parts().values())


@pytest.mark.parametrize("kind", list(Kind))
async def test_X1_no_name_becomes_a_formula_in_any_kind_of_file(company: Tenant, kind: Kind) -> None:
    """Whatever the office, its people, its customers and the reason are called, in every sheet."""
    await began(company.id)
    odd = ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "0070", "1e5", "#N/A"]
    async with tenant(company.id):
        await query("UPDATE company SET name = '=1+1' WHERE id = $1", company.id)
        await query("UPDATE department SET name = '=' || name WHERE company_id = $1", company.id)
        people = [await hold(company, n, name, DAY - timedelta(1), None, None) for n, name in enumerate(odd[:9])]
    customers = [
        {"number": f"010-1234-{n:04d}", "name": name, "updated_at": DAY.isoformat()} for n, name in enumerate(odd)
    ]
    await Feeder(company.id, FeedKind.CUSTOMERS).load(customers)
    made = call if kind in (Kind.CALLS, Kind.CALL_STATISTICS) else message
    records = [
        {
            **made(company.numbers[n % 9], f"=k{n}", customer=f"010-1234-{n:04d}"),
            **({} if made is call else {"text": name}),
        }
        for n, name in enumerate(odd)
    ]
    await Feeder(company.id, FeedKind.CALLS if made is call else FeedKind.MESSAGES).load(records)
    statistics = (
        {"granularity": Granularity.DAY, "group": Group.SUBSCRIBER} if kind in STATISTICS else {"unmasked": True}
    )

    book = await Clerk(company).made(kind, reason=Reason(Purpose.OTHER, "=cmd|' /C calc'!A0"), **statistics)

    texts = {cell.value for sheet in book.book.worksheets for row in sheet.iter_rows() for cell in row}
    assert len(people) == 9
    assert {"=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "0070"} <= texts
    assert {"기타: =cmd|' /C calc'!A0"} <= texts
    kinds = {cell.data_type for sheet in book.book.worksheets for row in sheet.iter_rows() for cell in row}
    # Strings, numbers and dates.
    assert kinds <= {"s", "inlineStr", "n", "d"}
    sheets = [part for name, part in book.parts().items() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in part or b"<f " in part for part in sheets)


async def test_an_empty_result_is_a_file_with_headers(company: Tenant) -> None:
    book = await Clerk(company).made()

    assert book.book.worksheets[0]["A1"].value == "통화 일시"
    assert (book.rows, book.told["행 수"], book.told["데이터 기준"]) == ([], "0", "없음")


def test_openpyxl_is_loaded_by_those_who_write_with_it_only() -> None:
    """It takes a quarter of a second and 10 MB, which API and worker would pay at every cold start."""
    loaded = "import sys, resolvers.root, lambdas.exports; print('openpyxl' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "False"
