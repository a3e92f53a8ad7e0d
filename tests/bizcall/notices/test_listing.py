"""What administrators see of notices, and in which order (NO-01)."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest

from bizcall import notices
from bizcall.database import reading
from bizcall.errors import Invalid
from bizcall.models import Notice
from bizcall.models.companies import PROVIDER_ID
from bizcall.notices import NoticeCategory, NoticeFilter, NoticeState
from bizcall.paging import Page, Slice
from tests.factories import Tenant
from tests.publishing import Desk, make_desk


@pytest.fixture
async def desk(db: None) -> Desk:
    """An operator's desk."""
    return await make_desk()


async def page(company: Tenant | None, desk: Desk, part: Slice, **wanted: object) -> Page[Notice]:
    """A page of the list, of this desk's notices only; the provider's people read it where there is no company."""
    company_id = company.id if company else PROVIDER_ID
    found = notices.listing(company_id, NoticeFilter(**{"search": desk.word} | wanted), desk.clock())  # type: ignore[arg-type]
    async with reading(company_id):
        return await found.page(part)


async def titles(company: Tenant | None, desk: Desk, **wanted: object) -> list[str]:
    """The titles of the first page, without the desk's word."""
    rows = (await page(company, desk, Slice(first=100), **wanted)).rows
    return [row.title.removeprefix(f"{desk.word} ") for row in rows]


async def test_NO_01_important_ones_come_first_then_the_newest_in_both_directions(company: Tenant, desk: Desk) -> None:
    for days, category in enumerate(["SERVICE", "MAINTENANCE", "WORK", "MAINTENANCE", "SERVICE"]):
        at = desk.clock() - timedelta(days=days + 1)
        await desk.notice(str(days), category=NoticeCategory(category), published_at=at)
    expected = ["1", "3", "0", "2", "4"]

    assert await titles(company, desk) == expected
    forward: list[str] = []
    backward: list[str] = []
    after = before = None
    for _ in range(3):
        part = await page(company, desk, Slice(first=2, after=after))
        after = part.end_cursor
        forward += [row.title[-1] for row in part.rows]
        part = await page(company, desk, Slice(last=2, before=before))
        before = part.start_cursor
        backward = [row.title[-1] for row in part.rows] + backward
    assert forward == backward == expected


async def test_NO_01_important_marks_exactly_the_maintenance_notices(desk: Desk) -> None:
    made = [await desk.notice(category=category) for category in NoticeCategory]

    assert [row.category for row in made if row.important] == [NoticeCategory.MAINTENANCE]


async def test_NO_01_a_notice_is_new_for_seven_times_24_hours_to_the_moment(desk: Desk) -> None:
    row = await desk.notice(published_at=desk.clock())

    assert notices.is_new(row, desk.clock())
    assert notices.is_new(row, desk.clock() + timedelta(days=7, microseconds=-1))
    assert not notices.is_new(row, desk.clock() + timedelta(days=7))
    assert not notices.is_new(row, desk.clock() - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "search",
    ["정기 점검", "기 점", "ＡＩ비즈콜", "ai비즈", unicodedata.normalize("NFD", "정기"), "  점검  ", "(5%", "5%_"],
)
async def test_NO_01_titles_are_searched_by_any_part_however_it_is_typed(
    company: Tenant, desk: Desk, search: str
) -> None:
    await desk.notice(unicodedata.normalize("NFD", "AI비즈콜 정기 점검(5%_할인)"), body="다른 말")
    await desk.notice("AI 요금 50 안내", body="AI비즈콜 정기 점검(5%_할인)")
    titled = desk.word, unicodedata.normalize("NFC", "AI비즈콜 정기 점검(5%_할인)")

    found = (await page(company, desk, Slice(first=100), search=search)).rows

    assert [row.title for row in found if row.title.startswith(desk.word)] == [" ".join(titled)]


async def test_NO_01_half_width_letters_find_whole_ones(company: Tenant, desk: Desk) -> None:
    await desk.notice("가나 안내")

    # Jamo of half width, as old systems send them.
    assert await titles(company, desk, search=f"{desk.word} \uffa1\uffc2") == ["가나 안내"]


async def test_NO_01_a_search_that_is_too_long_is_refused(company: Tenant, desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"filter\.search: TOO_LONG"):
        notices.listing(company.id, NoticeFilter(search="가" * 101), desk.clock())


async def test_NO_02_administrators_see_what_is_published_and_operators_everything(company: Tenant, desk: Desk) -> None:
    now = desk.clock()
    await desk.notice("DRAFT", published_at=None)
    await desk.notice("SCHEDULED", published_at=now + timedelta(seconds=1))
    await desk.notice("PUBLISHED", published_at=now, published_until=now + timedelta(seconds=1))
    await desk.notice("ENDED", published_at=now - timedelta(days=1), published_until=now)
    gone = await desk.notice("WITHDRAWN")
    await notices.withdraw(gone.id, revision=1, actor=desk.actor, clock=desk.clock)

    assert await titles(company, desk) == ["PUBLISHED"]
    assert sorted(await titles(None, desk)) == sorted(NoticeState)
    for state in NoticeState:
        assert await titles(None, desk, states=[state]) == [state]
        assert await titles(company, desk, states=[state]) == [state] * (state is NoticeState.PUBLISHED)
    for row in (await page(None, desk, Slice(first=100))).rows:
        assert row.title.endswith(notices.state_of(row, now))


async def test_NO_02_time_publishes_and_ends_by_itself(company: Tenant, desk: Desk) -> None:
    now = desk.clock()
    await desk.notice("예약", published_at=now + timedelta(hours=1), published_until=now + timedelta(hours=2))

    assert await titles(company, desk) == []
    desk.clock.turn(hours=1)
    assert await titles(company, desk) == ["예약"]
    desk.clock.turn(hours=1)
    assert await titles(company, desk) == []


async def test_NO_02_categories_are_filtered_and_no_state_at_all_finds_nothing(company: Tenant, desk: Desk) -> None:
    for category in NoticeCategory:
        await desk.notice(category, category=category)

    assert await titles(company, desk, categories=[NoticeCategory.WORK]) == ["WORK"]
    assert await titles(company, desk, states=[]) == []
