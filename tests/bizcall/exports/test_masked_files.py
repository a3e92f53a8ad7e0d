"""A masked file tells nothing of customers beyond its rows: whatever was asked for, in no part of it (CU-01, P4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bizcall import companies, masking
from bizcall.exports.asking import STATISTICS
from bizcall.exports.downloading import file_name
from bizcall.history.filters import customer_number
from bizcall.models.exports import Kind, State
from bizcall.models.feeds import FeedKind
from bizcall.stats import Granularity, Group
from tests.exports import Clerk, Workbook
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.histories import whole

# Their digits and letters stand nowhere else in a file by chance. Some are short, abroad, or begin like another one.
PEOPLE = {
    "010-8375-6194": "뷁쀍똠",
    "010-8375-7194": "뷁쀍똠쓩",
    "031-8375-6194": "쓩 뷁쀍",
    "02-8397-6194": "Quixzz Vexzzo",
    "+1 739 175 6194": "Quixzzly",
    "7395194": "뷁쀍똠 쓩쀍",
    "56194": "쓩쀍",
}
WORD = "고객님문의"


async def shop(*, masks: bool) -> Tenant:
    """A company to whom all of them spoke."""
    company = await make_tenant()
    await began(company.id)
    numbers = list(enumerate(PEOPLE))
    calls = [call(company.numbers[0], f"k{place}", customer=number) for place, number in numbers]
    texts = [{**message(company.numbers[0], f"k{place}", customer=number), "text": WORD} for place, number in numbers]
    people = [{"number": number, "name": name, "updated_at": DAY.isoformat()} for number, name in PEOPLE.items()]
    for kind, records in ((FeedKind.CUSTOMERS, people), (FeedKind.CALLS, calls), (FeedKind.MESSAGES, texts)):
        await Feeder(company.id, kind).load(records)
    if not masks:
        await companies.policy_save(company.id, Clerk(company).actor, masks_customers=False)
    return company


@pytest.fixture(scope="module")
async def discreet(db: None) -> Tenant:
    """A company whose policy hides customers."""
    return await shop(masks=True)


@pytest.fixture(scope="module")
async def open_shop(db: None) -> Tenant:
    """A company whose policy shows them."""
    return await shop(masks=False)


def digits(text: str) -> str:
    """Only those."""
    return "".join(re.findall(r"\d", text))


def tail(text: str) -> str:
    """The digits that show at its end."""
    return digits(text.rpartition("*")[2])


def shown(number: str) -> str:
    """A number, in any spelling, as a row shows it."""
    return masking.number(customer_number(number))


def starred(written: str, masked: str) -> str:
    """What stars stand for."""
    return "".join(character for character, star in zip(written, masked, strict=True) if star == "*")


def hidden(numbers: Iterable[str], names: Iterable[str]) -> set[str]:
    """What nobody may read: four digits in a row that a number hides, a letter of Hangul, three others in a row."""
    parts = set()
    for number in numbers:
        behind = starred(digits(number), "".join(re.findall(r"[\d*]", shown(number))))
        parts |= {behind[place : place + 4] for place in range(len(behind) - 3)}
    for name in names:
        for word, masked in zip(name.split(), masking.name(name).split(), strict=True):
            behind = starred(word, masked)
            size = 3 if behind.isascii() else 1
            parts |= {behind[place : place + size] for place in range(len(behind) - size + 1)}
    return parts


def texts(book: Workbook) -> Iterator[str]:
    """All that an archive says: its entries' names, and their texts and attributes."""
    for name, body in book.parts().items():
        yield name
        for element in fromstring(body).iter():  # noqa: S314 - our own
            yield from element.attrib.values()
            yield from (text for text in (element.text, element.tail) if text)


def found(search: dict[str, str], number: str) -> bool:
    """Whether the filter lets this customer through."""
    return (
        customer_number(search.get("customer_number", number)) == customer_number(number)
        and customer_number(number).endswith(search.get("customer_tail", ""))
        and PEOPLE[number].startswith(search.get("customer_name", ""))
    )


@st.composite
def searches(draw: st.DrawFn) -> dict[str, str]:
    """What a filter says of a customer: his number in any spelling, how it ends, how his name begins; or of nobody."""
    number, name = draw(st.sampled_from(sorted(PEOPLE.items())))
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
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(search=searches())
@example(search={"customer_tail": "83756194"})
@example(search={"customer_tail": "6194"})
@example(search={"customer_name": "뷁쀍똠"})
@example(search={"customer_number": "01083756194", "customer_name": "뷁쀍"})
async def test_CU_01_P4_no_part_of_a_masked_file_says_what_its_rows_hide(
    discreet: Tenant, kind: Kind, search: dict[str, str]
) -> None:
    clerk = Clerk(discreet)
    export = await clerk.ask(**asked(kind, search))
    assert await clerk.work(export) is State.COMPLETED
    row, book = await clerk.row(export.id), await clerk.workbook(export.id)

    met = [number for number in PEOPLE if found(search, number)]
    if kind not in STATISTICS:
        assert sorted(each["고객 번호"] for each in book.rows) == sorted(map(shown, met))
        assert sorted(each["고객명"] for each in book.rows) == sorted(masking.name(PEOPLE[number]) for number in met)
    given = [search["customer_number"]] if "customer_number" in search else []
    # A row's own cell may say of one customer what is hidden of another.
    cells = set(map(shown, met)) | {masking.name(PEOPLE[number]) for number in met}
    secrets = hidden([*met, *given], [PEOPLE[number] for number in met])
    for text in (file_name(row), *texts(book)):
        if text not in cells:
            # The key of the file is random, and anything may stand in it.
            said = text.replace(str(export.id), "")
            assert not [part for part in secrets if part in said or part in digits(said)], text

    if "customer_tail" in search:
        ending = book.told["고객 번호 끝자리"]
        assert len(ending) == len(search["customer_tail"])
        assert all(len(tail(ending)) <= len(tail(shown(number))) for number in met)
    assert (row.is_masked, book.told["개인정보"]) == (True, "가림")


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
