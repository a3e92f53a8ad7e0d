"""A masked file tells nothing of customers beyond its rows: whatever is asked for, in no part of any kind (CU-01, P4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import companies, masking
from bizcall.exports.asking import STATISTICS
from bizcall.exports.downloading import file_name
from bizcall.models.exports import Kind
from bizcall.models.feeds import FeedKind
from bizcall.reasons import Purpose, Reason
from bizcall.stats import Granularity, Group
from tests.exports import Clerk, Workbook
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.histories import whole

REASON = Reason(Purpose.CUSTOMER_REQUEST, "고객 요청")

# Digits and letters that nothing else in a file is made of: a longer number or name would hold them by chance.
RARE = "83756194"
PEOPLE = {
    "010-8375-6194": "뷁쀍똠",
    "010-8375-6195": "뷁쀍똠쓩",
    "02-837-5619": "쓩 뷁쀍",
    "031-8375-6194": "Quixzz Vexzzo",
    "+1 837 561 9483": "Quixzzly",
    "8375619": "뷁쀍똠 쓩쀍",
    "83756": "쓩쀍",
    "1588-8375": "똠뷁",
}


async def shop(*, masks: bool) -> Tenant:
    """A company to whom all of them spoke."""
    company = await make_tenant()
    await began(company.id)
    calls = [call(company.numbers[0], uuid4().hex, customer=number) for number in PEOPLE]
    texts = [{**message(company.numbers[0], uuid4().hex, customer=number), "text": "문의"} for number in PEOPLE]
    people = [{"number": number, "name": name, "updated_at": DAY.isoformat()} for number, name in PEOPLE.items()]
    for kind, records in ((FeedKind.CALLS, calls), (FeedKind.MESSAGES, texts), (FeedKind.CUSTOMERS, people)):
        await Feeder(company.id, kind).load(records)
    if not masks:
        await companies.policy_save(company.id, Clerk(company).actor, masks_customers=False)
    return company


@pytest.fixture(scope="module")
async def masking_shop(db: None) -> Tenant:
    """A company whose policy hides customers."""
    return await shop(masks=True)


@pytest.fixture(scope="module")
async def open_shop(db: None) -> Tenant:
    """A company whose policy shows them."""
    return await shop(masks=False)


def digits(text: str) -> str:
    """Only those."""
    return "".join(re.findall(r"\d", text))


def statistics(kind: Kind, group: Group = Group.COMPANY) -> dict[str, Any]:
    """What is asked for beside the filter."""
    return {"granularity": Granularity.MONTH, "group": group} if kind in STATISTICS else {}


def written(book: Workbook, name: str) -> Iterator[tuple[str, str]]:
    """Each part of a file by its name: the file's own name, and the archive's entries without what marks them up."""
    yield "name", name
    for part, body in book.parts().items():
        for text in re.findall(r">([^<]+)<|\"([^\"]*)\"", body.decode()):
            yield part, "".join(text)


def whom(kind: Kind, wanted: Any) -> tuple[list[str], list[str]]:
    """The numbers and names that a filter gives or finds."""
    numbers = [number for number, name in PEOPLE.items() if found(wanted, number, name)]
    return numbers, [PEOPLE[number] for number in numbers]


def found(wanted: Any, number: str, name: str) -> bool:
    """Whether the filter lets this customer through."""
    return (
        (wanted.customer_number is None or digits(wanted.customer_number) == digits(number))
        and digits(number).endswith(wanted.customer_tail or "")
        and name.startswith(wanted.customer_name or "")
    )


@st.composite
def searches(draw: st.DrawFn) -> dict[str, str]:
    """What a filter may say of a customer: his number in any spelling, how it ends, how his name begins."""
    number, name = draw(st.sampled_from(sorted(PEOPLE.items())))
    plain = number if number.startswith("+") else digits(number)
    given = {
        "customer_number": draw(st.sampled_from([number, plain])),
        "customer_tail": digits(number)[-draw(st.integers(4, min(8, len(digits(number))))) :],
        "customer_name": name[: draw(st.integers(2, len(name)))],
    }
    chosen = draw(st.sets(st.sampled_from(sorted(given)), min_size=1))
    return {field: value for field, value in given.items() if field in chosen}
