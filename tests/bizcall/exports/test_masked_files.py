"""A masked file tells nothing of customers beyond its rows: whatever was asked for, in no part of it (CU-01, P4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from bizcall import masking, phones
from bizcall.exports.asking import STATISTICS
from bizcall.exports.downloading import file_name
from bizcall.models.exports import Kind, State
from bizcall.models.feeds import FeedKind
from bizcall.parties import customer_number
from bizcall.stats import Granularity, Group
from tests.exports import Clerk, Workbook
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.histories import whole
from tests.masked import CUSTOMERS, PEOPLE, Person, digits, hidden, shown, tail, unmask

WORD = "고객님문의"
TIMES = r"\d\d:\d\d:\d\d|\d{8}-\d{6}|^4\d{4}$"
"""As people read them, and a midnight as sheets keep it."""


async def shop(*, masks: bool) -> Tenant:
    """A company to whom all of them spoke."""
    company = await make_tenant()
    await began(company.id)
    numbers = [(f"k{place}", each.number) for place, each in enumerate(PEOPLE)]
    calls = [call(company.numbers[0], key, customer=number) for key, number in numbers]
    texts = [{**message(company.numbers[0], key, customer=number), "text": WORD} for key, number in numbers]
    people = [{"number": each.number, "name": each.name, "updated_at": DAY.isoformat()} for each in PEOPLE]
    for kind, records in ((FeedKind.CUSTOMERS, people), (FeedKind.CALLS, calls), (FeedKind.MESSAGES, texts)):
        await Feeder(company.id, kind).load(records)
    if not masks:
        await unmask(company.id, Clerk(company).actor)
    return company


# Each example makes a file, so that to look for a smaller one would take minutes.
DRAWN = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
async def discreet(db: None) -> Tenant:
    """A company whose policy hides customers."""
    return await shop(masks=True)


@pytest.fixture(scope="module")
async def common(db: None) -> dict[Kind, set[str]]:
    """What every file of a kind says, whoever asks: headings, labels, and numbers and colours of the format itself."""
    company = await make_tenant()
    await began(company.id)
    return {kind: set(texts(await Clerk(company).made(**asked(kind, {})))) for kind in Kind}


@pytest.fixture(scope="module")
async def open_shop(db: None) -> Tenant:
    """A company whose policy shows them."""
    return await shop(masks=False)


def texts(book: Workbook) -> Iterator[str]:
    """All that an archive says: its entries' names, and their texts and attributes."""
    for name, body in book.parts().items():
        yield name
        for element in fromstring(body).iter():  # noqa: S314 - our own
            yield from element.attrib.values()
            yield from (text for text in (element.text, element.tail) if text)


def found(search: dict[str, str], each: Person) -> bool:
    """Whether the filter lets this customer through."""
    return (
        customer_number(search.get("customer_number", each.number)) == each.plain
        and each.plain.endswith(search.get("customer_tail", ""))
        and each.name.startswith(search.get("customer_name", ""))
    )


async def read(
    clerk: Clerk, kind: Kind, search: dict[str, str], people: list[Person], common: dict[Kind, set[str]]
) -> None:
    """Have the file made, and look through all of it for what is hidden of those whom it finds or names."""
    export = await clerk.ask(**asked(kind, search))
    assert await clerk.work(export) is State.COMPLETED
    row, book = await clerk.row(export.id), await clerk.workbook(export.id)

    met = [each for each in people if found(search, each)]
    numbers, names = [shown(each.number) for each in met], [masking.name(each.name) for each in met]
    if kind not in STATISTICS:
        assert sorted(each["고객 번호"] for each in book.rows) == sorted(numbers)
        assert sorted(each["고객명"] for each in book.rows) == sorted(names)
    given = [search["customer_number"]] if "customer_number" in search else []
    # A row's own cell may say of one customer what is hidden of another, and so may a line's number.
    told = {*numbers, *names, *map(phones.formatted, clerk.company.numbers)}
    told |= common[kind]
    secrets = hidden([*(each.number for each in met), *given], (each.name for each in met))
    for text in (file_name(row), *texts(book)):
        if text not in told:
            # The key of the file is random, and times of the day are anything.
            said = re.sub(f"{export.id}|{TIMES}", "", text)
            assert not [part for part in secrets if part in said or part in digits(said)], text

    if "customer_tail" in search:
        ending = book.told["고객 번호 끝자리"]
        assert len(ending) == len(search["customer_tail"])
        assert all(len(tail(ending)) <= len(tail(number)) for number in numbers)
    assert (row.is_masked, book.told["개인정보"]) == (True, "가림")


@st.composite
def searches(draw: st.DrawFn) -> dict[str, str]:
    """What a filter says of a customer: his number in any spelling, how it ends, how his name begins; or of nobody."""
    someone = draw(st.sampled_from(PEOPLE))
    number, name = someone.number, someone.name
    plain = number if number.startswith("+") else digits(number)
    nobody = draw(st.from_regex(r"010-?839[0-9]-?0000", fullmatch=True))
    given = {
        "customer_number": draw(st.sampled_from([number, plain, nobody])),
        "customer_tail": digits(number)[-draw(st.integers(4, min(8, len(digits(number))))) :],
        "customer_name": name[: draw(st.sampled_from([n for n in range(2, len(name) + 1) if name[n - 1] != " "]))],
    }
    chosen = draw(st.sets(st.sampled_from(sorted(given)), min_size=1))
    return {field: value for field, value in given.items() if field in chosen}


def asked(kind: Kind, search: dict[str, str]) -> dict[str, Any]:
    """What a request says."""
    counted = {"granularity": Granularity.MONTH, "group": Group.LINE} if kind in STATISTICS else {}
    return {"kind": kind, "wanted": whole(**search), **counted}


@pytest.mark.parametrize("kind", list(Kind))
@DRAWN
@given(search=searches())
@example(search={"customer_tail": "83756194"})
@example(search={"customer_tail": "6194"})
@example(search={"customer_name": "뷁쀍똠"})
@example(search={"customer_number": "01083756194", "customer_name": "뷁쀍"})
async def test_CU_01_P4_no_part_of_a_masked_file_says_what_its_rows_hide(
    discreet: Tenant, common: dict[Kind, set[str]], kind: Kind, search: dict[str, str]
) -> None:
    await read(Clerk(discreet), kind, search, PEOPLE, common)


@pytest.mark.parametrize("kind", list(Kind))
@DRAWN
@given(
    who=CUSTOMERS, length=st.integers(4, 8), letters=st.integers(2, 8), by=st.sampled_from(["number", "tail", "name"])
)
async def test_CU_01_P4_nor_does_a_file_about_any_customer(
    common: dict[Kind, set[str]], kind: Kind, who: Person, length: int, letters: int, by: str
) -> None:
    """Whatever his number and name, in a company that has no other."""
    number, name = who.plain, who.name
    # Where a number repeats itself, what it hides shows elsewhere.
    assume(not any(part in digits(shown(number)) for part in hidden([number], ())))
    start = name[:letters].strip()
    ending = digits(number)[-length:]
    # The end of a short number is refused, and of one abroad the blanks are kept.
    assume(by != "tail" or (len(ending) > 3 and number.endswith(ending)))
    search = {"number": number, "tail": ending, "name": start if len(start) > 1 else name}[by]
    company = await make_tenant()
    await began(company.id)
    person = {"number": number, "name": name, "updated_at": DAY.isoformat()}
    text = {**message(company.numbers[0], "m", customer=number), "text": WORD}
    await Feeder(company.id, FeedKind.CUSTOMERS).load([person])
    await Feeder(company.id).load([call(company.numbers[0], "c", customer=number)])
    await Feeder(company.id, FeedKind.MESSAGES).load([text])

    await read(Clerk(company), kind, {f"customer_{by}": search}, [Person(number, name)], common)


SEARCH = {"customer_number": "01083756194", "customer_tail": "83756194", "customer_name": "뷁쀍"}


@pytest.mark.parametrize("kind", list(Kind))
async def test_CU_01_P3_a_masked_file_tells_what_was_asked_as_its_rows_do(discreet: Tenant, kind: Kind) -> None:
    book = await Clerk(discreet).made(**asked(kind, SEARCH))

    assert (book.told["고객 번호"], book.told["고객 번호 끝자리"], book.told["고객명"]) == (
        "010-****-6194",
        "****6194",
        "뷁*…",
    )


@pytest.mark.parametrize("kind", list(Kind))
async def test_CU_01_P3_a_file_that_hides_nothing_tells_it_in_full(open_shop: Tenant, kind: Kind) -> None:
    clerk = Clerk(open_shop)
    export = await clerk.ask(**asked(kind, SEARCH))
    assert await clerk.work(export) is State.COMPLETED
    told = (await clerk.workbook(export.id)).told

    assert (told["고객 번호"], told["고객 번호 끝자리"], told["고객명"]) == ("010-8375-6194", "83756194", "뷁쀍…")
    assert ((await clerk.row(export.id)).is_masked, told["개인정보"]) == (False, "가리지 않음")


async def test_CU_01_P3_an_unmasked_file_of_a_discreet_company_too(discreet: Tenant) -> None:
    told = (await Clerk(discreet).made(**asked(Kind.CALLS, SEARCH), unmasked=True)).told

    assert (told["고객 번호"], told["고객 번호 끝자리"], told["고객명"]) == ("010-8375-6194", "83756194", "뷁쀍…")
