"""Customers, and what of them nobody may read where they are masked: in lists, answers, files (CU-01, P4).

Their digits and letters stand nowhere else in an answer or a file but in its times and in what each file says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from hypothesis import strategies as st

from bizcall import masking, policies
from bizcall.audit import Actor, system
from bizcall.parties import customer_number
from bizcall.ports import Clock, now
from bizcall.reasons import Purpose, Reason
from tests.doubles import RecordingQueue


@dataclass(frozen=True)
class Person:
    """A customer, with his number in any spelling."""

    number: str
    name: str

    @property
    def plain(self) -> str:
        """The number as it is kept."""
        return customer_number(self.number)


ALIKE = [
    Person("010-8375-6194", "뷁쀍똠"),
    Person("010-8375-7194", "뷁쀍똠쓩"),
    Person("+1 739 175 6194", "Quixzz Vexzzo"),
    Person("56194", "쓩쀍"),
]
"""Some begin, or end, like others."""

PEOPLE = [
    *ALIKE,
    Person("031-8375-6194", "쓩 뷁쀍"),
    Person("02-8397-6194", "Quixzzly"),
    Person("7395194", "뷁쀍똠 쓩쀍"),
]
"""More of them, for what costs little for each."""


async def unmask(company_id: UUID, actor: Actor | None = None, *, clock: Clock = now) -> None:
    """Let a company show its customers."""
    reason = Reason(Purpose.QUALITY_CHECK, "상담 품질 점검")
    await policies.save(
        company_id, actor or system(), masks_customers=False, reason=reason, queue=RecordingQueue(), clock=clock
    )


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Of mobiles, land lines, nationwide, abroad, short; in any spelling, mostly of digits that answers lack."""
    area, rest = draw(
        st.sampled_from(
            [
                (r"(010|070|031)-?|\+82 ?10[ -]?|\(?02\)? ?", r"[3-9]{4}-?[3-9]{4}"),
                (r"1588-?", r"[3-9]{4}"),
                (r"\+1 ?|\+44 |00", r"[3-9]{3} ?[3-9]{3} ?[3-9]{4}"),
                ("", r"[3-9]{2,7}"),
            ]
        )
    )
    return draw(st.from_regex(area, fullmatch=True)) + draw(st.from_regex(rest, fullmatch=True))


@st.composite
def names(draw: st.DrawFn) -> str:
    """One to three words of letters that answers lack, Hangul and others."""
    letters = draw(st.lists(st.sampled_from("뷁쀍똠쓩쮀QuxzVj"), min_size=2, max_size=8, unique=True))
    breaks = draw(st.sets(st.integers(1, len(letters) - 1), max_size=2))
    return "".join(f" {letter}" if place in breaks else letter for place, letter in enumerate(letters))


CUSTOMERS = st.builds(Person, numbers(), names())
"""Anybody."""


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
        behind = starred(digits(customer_number(number)), "".join(re.findall(r"[\d*]", shown(number))))
        parts |= {behind[place : place + 4] for place in range(len(behind) - 3)}
    for name in names:
        for word, masked in zip(name.split(), masking.name(name).split(), strict=True):
            behind = starred(word, masked)
            parts |= set(re.findall("[가-힣]", behind)) | set(re.findall("(?=([A-Za-z]{3}))", behind))
    return parts
