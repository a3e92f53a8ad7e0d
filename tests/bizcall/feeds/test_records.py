"""What a line may hold, and what is said of one that may not (FD-01)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bizcall.feeds import records
from bizcall.feeds.lines import Chunk
from bizcall.feeds.rejects import FILES, LINES, FileFault, FileRefused, LineFault, Reject, written
from bizcall.models.feeds import FeedKind
from tests.feeding import call, jsonl, message

AT = datetime(2026, 10, 1, 3, tzinfo=UTC)
WINDOW = records.Window(datetime(2025, 9, 1, tzinfo=UTC), AT)
NUMBER = "07080001000"


def read(body: bytes, kind: FeedKind = FeedKind.CALLS, header: bytes | None = None) -> records.Batch:
    """The batch of these lines."""
    chunk = Chunk(0, 0, header, list(enumerate(body.splitlines(), 1)))
    return asyncio.run(records.batch(kind, chunk, WINDOW))


def fault(**values: Any) -> tuple[LineFault, str] | None:
    """What is wrong with a call with these values."""
    made = read(jsonl([call(NUMBER, "c1", AT - timedelta(days=1), **values)]))
    return (made.rejects[0].fault, made.rejects[0].column) if made.rejects else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"id": "x" * 64}, None),
        ({"id": "x" * 65}, (LineFault.FORMAT, "id")),
        ({"id": "a b"}, (LineFault.FORMAT, "id")),
        ({"id": "a\\b"}, (LineFault.FORMAT, "id")),
        ({"id": "통화"}, (LineFault.FORMAT, "id")),
        ({"id": 7}, (LineFault.FORMAT, "id")),
        ({"id": None}, (LineFault.REQUIRED, "id")),
        ({"line": "070-8000-1000"}, None),
        ({"line": "+82 70 8000 1000"}, None),
        ({"line": "12"}, (LineFault.FORMAT, "line")),
        ({"line": ""}, (LineFault.REQUIRED, "line")),
        ({"type": "incoming"}, (LineFault.VALUE, "type")),
        ({"type": ["INCOMING"]}, (LineFault.VALUE, "type")),
        ({"type": None}, (LineFault.REQUIRED, "type")),
        ({"seconds": "90"}, None),
        ({"seconds": 0}, None),
        ({"seconds": -1}, (LineFault.RANGE, "seconds")),
        ({"seconds": "-1"}, (LineFault.RANGE, "seconds")),
        ({"seconds": 604_801}, (LineFault.RANGE, "seconds")),
        ({"seconds": 1.5}, (LineFault.FORMAT, "seconds")),
        ({"seconds": True}, (LineFault.FORMAT, "seconds")),
        ({"seconds": "٣"}, None),
        ({"seconds": ""}, (LineFault.REQUIRED, "seconds")),
        ({"started_at": "2026-09-30 12:00:00"}, None),
        ({"started_at": "2026-09-30T12:00:00Z"}, None),
        ({"started_at": "2026-09-30T12:00:00.999+09:00"}, None),
        ({"started_at": "2026-09-30"}, (LineFault.FORMAT, "started_at")),
        ({"started_at": "2026-09-31T12:00:00+09:00"}, (LineFault.FORMAT, "started_at")),
        ({"started_at": 1790000000}, (LineFault.FORMAT, "started_at")),
        ({"started_at": "2025-08-31T23:59:59Z"}, (LineFault.TOO_OLD, "started_at")),
        ({"started_at": "2026-10-01T03:00:01Z"}, (LineFault.IN_FUTURE, "started_at")),
        ({"started_at": "9999-12-31T23:59:59-12:00"}, (LineFault.IN_FUTURE, "started_at")),
        ({"customer": ""}, None),
        ({"customer": "발신번호표시제한"}, None),
        ({"customer": "x" * 41}, (LineFault.RANGE, "customer")),
        ({"customer": "\ufb2c" * 13}, None),
        ({"customer": "\ufb2c" * 14}, (LineFault.RANGE, "customer")),
        ({"customer": 1012345678}, (LineFault.FORMAT, "customer")),
        ({"replaces_id": "b"}, (LineFault.REPLACES, "")),
        ({"replaces_started_at": "2026-09-30T12:00:00Z"}, (LineFault.REPLACES, "")),
        ({"revision": -1}, (LineFault.RANGE, "revision")),
        ({"unknown": "columns are left alone"}, None),
    ],
)
def test_FD_01_each_column_is_checked(values: dict[str, Any], expected: tuple[LineFault, str] | None) -> None:
    assert fault(**values) == expected


def test_FD_01_an_hour_that_was_seen_vouches_for_its_moments_only() -> None:
    texts = ["2026-09-30T12:00:00+09:00", "2026-09-30T12:61:00+09:00", "2026-09-30T12:59:59+09:00"]
    made = read(jsonl([call(NUMBER, f"c{n}", started_at=text) for n, text in enumerate(texts)]))

    assert [reject.line for reject in made.rejects] == [2]
    assert made.moments is not None
    assert made.moments[0] <= datetime(2026, 9, 30, 3, tzinfo=UTC) < made.moments[1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"not json", LineFault.JSON),
        (b"[]", LineFault.JSON),
        (b'{"id": NaN}', LineFault.JSON),
        ('{"id": "고객"'.encode("cp949"), LineFault.ENCODING),
        (b'{"id": "' + b"[" * 60_000, LineFault.JSON),
        (b"[" * 60_000, LineFault.JSON),
    ],
)
def test_FD_01_a_line_that_is_no_json_object_is_told(line: bytes, expected: LineFault) -> None:
    assert [reject.fault for reject in read(line).rejects] == [expected]


def test_FD_01_csv_has_its_columns_by_name_in_any_order() -> None:
    made = read(
        b'2026-09-30T12:00:00+09:00,c1,"070-8000-1000",60,MISSED,010-1234-5678\nshort\n"open,1,2,3,4,5',
        header=b" started_at ,ID,line,seconds,type,customer",
    )
    row = b"1\tc1\t2026-09-30T12:00:00+09:00\t07080001000\t01012345678\t0\t\\N\t\\N\t\\N\tMISSED\t60\n"
    assert (made.rows, made.good) == (row, 1)
    assert [(reject.line, reject.fault) for reject in made.rejects] == [(2, LineFault.COLUMNS), (3, LineFault.QUOTES)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"id,line,type,started_at", FileFault.HEADER),
        (b"id,line,type,started_at,seconds,id", FileFault.HEADER),
        (b'"id', FileFault.HEADER),
        (b"", FileFault.HEADER),
        ("고유번호,line".encode("cp949"), FileFault.ENCODING),
    ],
)
def test_FD_01_a_header_that_will_not_do_refuses_the_file(header: bytes, expected: FileFault) -> None:
    with pytest.raises(FileRefused) as refused:
        read(b"x", header=header)
    assert refused.value.fault is expected


def test_MS_01_texts_go_in_as_they_are() -> None:
    text = "한 줄\n두\t줄 \\N \\. 끝\r\0"
    made = read(jsonl([message(NUMBER, "m", AT, text=text)]), FeedKind.MESSAGES)
    assert made.rows.decode().endswith("\tSENT\tSMS\t한 줄\\n두\\t줄 \\\\N \\\\. 끝\\r\n")


def test_FD_01_values_may_hold_what_other_programs_take_for_line_breaks() -> None:
    body = 'c1,07080001000,SENT,SMS,2026-09-30T12:00:00+09:00,"하나\u2028둘\x0b""셋"""'.encode()
    chunk = Chunk(0, 0, b"id,line,direction,kind,sent_at,text", [(2, body)])
    made = asyncio.run(records.batch(FeedKind.MESSAGES, chunk, WINDOW))
    assert made.rejects == []
    assert made.rows.decode().endswith('\t하나\u2028둘\x0b"셋"\n')


def test_CU_01_a_customer_is_no_older_than_the_clocks_of_computers() -> None:
    lines = [
        {"number": "01012345678", "name": "김", "updated_at": f"{year}-06-01T00:00:00"} for year in ("0001", "1971")
    ]
    assert [reject.line for reject in read(jsonl(lines), FeedKind.CUSTOMERS).rejects] == [1]


def test_FD_01_every_fault_has_its_reason() -> None:
    assert LINES.keys() == set(LineFault)
    assert FILES.keys() == set(FileFault)
    told = written([Reject(3, LineFault.RANGE, "seconds")], FileFault.DAMAGED, 2).decode()
    assert '{"line":3,"code":"RANGE","column":"seconds","reason":"허용 범위를 벗어났습니다."}' in told
    assert len(told.splitlines()) == 3


async def test_FD_01_the_database_is_served_while_records_are_checked() -> None:
    body = jsonl([call(NUMBER, f"c{place}", AT - timedelta(days=1)) for place in range(1000)])
    checking = asyncio.create_task(
        records.batch(FeedKind.CALLS, Chunk(0, 0, None, list(enumerate(body.splitlines(), 1))), WINDOW)
    )
    turns = 0
    while not checking.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await checking).good == 1000
    assert turns >= 10
