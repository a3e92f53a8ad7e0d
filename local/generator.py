"""Invented calls, messages and customers that look like an office's, as CSV files of feeds (docs/feeds.md).

Working hours with a dip at noon, quiet weekends, busy lines and busy customers, calls missed more often at noon and
half of them called back within the hour. The same arguments give the same bytes. Independent of `bizcall`: whoever
checks what `bizcall` makes of these files must not be told by `bizcall` what is in them.
"""

from __future__ import annotations

import calendar
import gzip
import math
import pathlib
import random
from collections.abc import Iterator, Sequence
from itertools import islice

HEADERS = {
    "calls": "id,line,type,started_at,seconds,customer\n",
    "messages": "id,line,direction,kind,sent_at,customer,text\n",
    "customers": "number,name,details,updated_at\n",
}
_HOURS = (1, 1, 1, 1, 1, 2, 5, 15, 60, 130, 150, 140, 55, 120, 150, 140, 130, 100, 45, 20, 12, 8, 4, 2)
_WEEKDAYS = (1.1, 1.0, 1.0, 1.0, 0.95, 0.22, 0.1)
_TYPES = ("INCOMING", "OUTGOING", "OUTGOING_FAILED", "MISSED", "MISSED_BUSY", "ABANDONED")
_USUAL = (44, 32, 9, 7, 5, 3)
_NOON = (30, 22, 9, 22, 11, 6)
"""Of a hundred calls, how many are of each type."""

_TALKED = frozenset({"INCOMING", "OUTGOING"})
_MISSED = frozenset({"MISSED", "MISSED_BUSY"})
_TEXTS = (
    "안녕하세요. 예약 확인 부탁드립니다.",
    "견적서를 보내 드렸습니다. 확인 후 연락 주세요.",
    "회의 시간을 3시로 변경했습니다.",
    "문의하신 제품이 입고되었습니다.",
    "감사합니다. 좋은 하루 보내세요.",
)
_FAMILY, _GIVEN = "김이박최정강조윤장임한오서신권황안송전홍", "가나다라마바사아자하민서지우현도윤준호은수연진"
_PIECE = 2000
_CLOCK = tuple(f"{second // 60:02d}:{second % 60:02d}+09:00" for second in range(3600))
_LENGTHS = tuple(min(3600, 5 + int(-110 * math.log(1 - share / 1000))) for share in range(1000))
"""Seconds of conversations, from the shortest to the longest."""

SEED = 1


def customer(number: int) -> str:
    """The mobile number of the customer of that number; nobody has it."""
    return f"0100{number:07d}"


def customers_of(count: int) -> int:
    """How many customers make so many calls."""
    return max(50, count // 8)


def slots(year: int, month: int, count: int) -> list[tuple[str, int, int]]:
    """The hours of the month in order, as text up to the minutes, with the hour and how many calls begin in it."""
    days = calendar.monthrange(year, month)[1]
    weights = [
        (f"{year}-{month:02d}-{day:02d}T{hour:02d}:", hour, _WEEKDAYS[calendar.weekday(year, month, day)] * weight)
        for day in range(1, days + 1)
        for hour, weight in enumerate(_HOURS)
    ]
    scale = count / sum(weight for _, _, weight in weights)
    made: list[tuple[str, int, int]] = []
    reached, given = 0.0, 0
    for text, hour, weight in weights:
        reached += weight * scale
        # What is left over by rounding goes to the next hour, so that the sum is exact.
        now = round(reached) - given
        given += now
        made.append((text, hour, now))
    return made


def calls(numbers: Sequence[str], year: int, month: int, count: int, seed: int = SEED) -> Iterator[str]:
    """Lines of calls in the order of time, without the header; `numbers` are the company's lines."""
    chance = random.Random(seed * 1_000_003 + year * 100 + month)  # noqa: S311 - invented data
    draw, people, lines = chance.random, customers_of(count), len(numbers)
    parties = [customer(n) for n in range(people)]
    usual, noon = (
        [kind for kind, share in zip(_TYPES, shares, strict=True) for _ in range(share)] for shares in (_USUAL, _NOON)
    )
    back: list[tuple[str, str]] = []
    prefix, serial = f"{year}{month:02d}-", 0
    for text, hour, many in slots(year, month, count):
        kinds = noon if hour == 12 else usual
        answered, back = back[: many // 2], back[many // 2 :][:1000]
        for place, moment in enumerate(sorted([int(draw() * 3600) for _ in range(many)])):
            serial += 1
            if place < len(answered):
                line, party = answered[place]
                kind = "OUTGOING"
            else:
                line, party = numbers[int(lines * draw() ** 1.5)], parties[int(people * draw() ** 3)]
                kind = kinds[int(draw() * 100)]
                if kind in _MISSED and draw() < 0.5:
                    back.append((line, party))
            seconds = _LENGTHS[int(draw() * 1000)] if kind in _TALKED else 0
            yield f"{prefix}{serial:08d},{line},{kind},{text}{_CLOCK[moment]},{seconds},{party}\n"


def messages(numbers: Sequence[str], year: int, month: int, count: int, seed: int = SEED) -> Iterator[str]:
    """Lines of messages in the order of time, without the header."""
    chance = random.Random(seed * 1_000_033 + year * 100 + month)  # noqa: S311 - invented data
    draw, people, lines = chance.random, customers_of(count), len(numbers)
    serial = 0
    for text, _, many in slots(year, month, count):
        for moment in sorted(int(draw() * 3600) for _ in range(many)):
            serial += 1
            kind = "SMS" if (share := draw()) < 0.7 else "LMS" if share < 0.95 else "MMS"
            yield (
                f"M{year}{month:02d}-{serial:08d},{numbers[int(lines * draw() ** 1.5)]},"
                f"{'SENT' if draw() < 0.65 else 'RECEIVED'},{kind},{text}{_CLOCK[moment]},"
                f"{customer(int(people * draw() ** 3))},{_TEXTS[int(len(_TEXTS) * draw())]}\n"
            )


def customers(year: int, month: int, count: int, seed: int = SEED) -> Iterator[str]:
    """Lines of customers, without the header: those who make so many calls, as they were told in that month."""
    chance = random.Random(seed * 1_000_037)  # noqa: S311 - invented data
    for number in range(customers_of(count)):
        name = chance.choice(_FAMILY) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
        details = chance.choice(("", "단골", "계약 고객", "견적 문의"))
        yield f"{customer(number)},{name},{details},{year}-{month:02d}-01T00:00:00+09:00\n"


def name(kind: str, year: int, month: int) -> str:
    """What a file of that kind and month is called."""
    return f"{kind}-{year}-{month:02d}.csv"


def lines(kind: str, numbers: Sequence[str], year: int, month: int, count: int, seed: int = SEED) -> Iterator[str]:
    """Lines of a file of that kind ("calls", "messages" or "customers"), without the header."""
    if kind == "calls":
        return calls(numbers, year, month, count, seed)
    if kind == "messages":
        return messages(numbers, year, month, count, seed)
    return customers(year, month, count, seed)


def write(
    path: pathlib.Path,
    kind: str,
    numbers: Sequence[str],
    year: int,
    month: int,
    count: int,
    seed: int = SEED,
) -> None:
    """Write a file, gzipped if its name ends in .gz."""
    with path.open("wb") as plain, gzip.GzipFile("", "wb", 1, plain, 0) if path.suffix == ".gz" else plain as out:
        out.write(HEADERS[kind].encode())
        made = lines(kind, numbers, year, month, count, seed)
        while piece := list(islice(made, _PIECE)):
            out.write("".join(piece).encode())
