"""My information (ME-01)."""

from __future__ import annotations

import unicodedata

import pytest

from bizcall import admins
from bizcall.admins import Profile, Viewer
from bizcall.database import tenant
from bizcall.errors import Invalid
from bizcall.ids import uuid7
from bizcall.models import Admin
from tests.accounts import records, signed_in
from tests.doubles import Turned
from tests.factories import Tenant

NOTHING = Profile(None, None, None, None)


async def save(company: Tenant, profile: Profile) -> Admin:
    """Save as the company's administrator, and read what stands then."""
    until = Turned()()
    viewer = Viewer(company.id, company.admin_id, uuid7(), until, until)
    await admins.profile_save(viewer, profile, actor=signed_in(viewer))
    async with tenant(company.id):
        return await Admin.get(company_id=company.id, id=company.admin_id)


async def test_ME_01_what_is_left_out_stays_and_what_is_empty_is_cleared(company: Tenant) -> None:
    await save(company, Profile("홍길동", "총무팀", "과장", "hong@example.com"))

    kept = await save(company, NOTHING)
    cleared = await save(company, Profile(None, "", " ", None))

    assert (kept.name, kept.department, kept.position, kept.email) == ("홍길동", "총무팀", "과장", "hong@example.com")
    assert (cleared.name, cleared.department, cleared.position, cleared.email) == ("홍길동", "", "", "hong@example.com")
    assert [record["action"] for record in await records(company.id)] == ["admins.profile_save"] * 3


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("  홍\u200b길　동 ", "홍길 동"),
        ("ＫＩＭ", "KIM"),
        ("👩‍💼 김", "👩💼 김"),
        ("가" * 50, "가" * 50),
        ("\ud800김\x00", "김"),
    ],
)
async def test_ME_01_names_are_stored_as_people_see_them(company: Tenant, given: str, stored: str) -> None:
    assert (await save(company, Profile(given, None, None, None))).name == stored


async def test_ME_01_an_address_is_stored_with_its_domain_in_small_letters(company: Tenant) -> None:
    assert (await save(company, Profile(None, None, None, " Hong@EXAMPLE.com "))).email == "Hong@example.com"


@pytest.mark.parametrize(
    ("profile", "problems"),
    [
        (Profile("", None, None, None), ["name: REQUIRED"]),
        (Profile(" \u3164", None, None, None), ["name: REQUIRED"]),
        (Profile("가" * 51, None, None, None), ["name: TOO_LONG"]),
        (Profile(None, "가" * 51, "가" * 51, None), ["department: TOO_LONG", "position: TOO_LONG"]),
        (Profile(None, None, None, ""), ["email: REQUIRED"]),
        (Profile(None, None, None, "hong"), ["email: INVALID_FORMAT"]),
        (Profile(None, None, None, "hong@localhost"), ["email: INVALID_FORMAT"]),
        (Profile(None, None, None, "홍@example.com"), ["email: INVALID_FORMAT"]),
        (Profile(None, None, None, "a@b.example\nBcc: c@d.example"), ["email: INVALID_FORMAT"]),
        (Profile(None, None, None, f"a@{'b' * 250}.kr"), ["email: TOO_LONG"]),
    ],
)
async def test_ME_01_bad_fields_are_named_and_nothing_is_saved(
    company: Tenant, profile: Profile, problems: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        await save(company, profile)

    assert [f"{problem.field[0]}: {problem.code}" for problem in caught.value.problems] == problems
    assert not await records(company.id)
