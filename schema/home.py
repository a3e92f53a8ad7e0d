"""The home screen (HM-01): each part is loaded only when it is asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

import strawberry

from bizcall import companies, home, notices, plans, stats
from bizcall.home import Area
from schema.companies import Company
from schema.context import Info
from schema.enums import described
from schema.history import freshness
from schema.messages import Language
from schema.notices import Notice
from schema.plans import Plan
from schema.stats import CallMeasures, MessageMeasures

described(
    Area,
    "A place that the home screen leads to. New members may come.",
    {
        Area.NOTICES: "공지사항: `notices`.",
        Area.PLANS: "요금제 안내: `plans`.",
        Area.MANUALS: "매뉴얼 다운로드: `documents`.",
        Area.LINES: "가입자 정보 관리: `subscribers`.",
        Area.CALL_STATISTICS: "통화 통계: `callStatistics`.",
        Area.CALL_HISTORY: "통화 상세 내역: `calls`.",
        Area.MESSAGE_STATISTICS: "문자 통계: `messageStatistics`.",
        Area.MESSAGE_HISTORY: "문자 상세 내역: `messages`.",
        Area.MY_INFORMATION: "내 정보: `viewer`.",
    },
    name="HomeArea",
)

TITLES = {
    Area.NOTICES: ("공지사항", "Notices"),
    Area.PLANS: ("요금제 안내", "Plans"),
    Area.MANUALS: ("매뉴얼 다운로드", "Manuals"),
    Area.LINES: ("가입자 정보 관리", "Lines and subscribers"),
    Area.CALL_STATISTICS: ("통화 통계", "Call statistics"),
    Area.CALL_HISTORY: ("통화 상세 내역", "Call history"),
    Area.MESSAGE_STATISTICS: ("문자 통계", "Message statistics"),
    Area.MESSAGE_HISTORY: ("문자 상세 내역", "Message history"),
    Area.MY_INFORMATION: ("내 정보", "My information"),
}


@strawberry.type(description="A place that the home screen leads to.")
class HomeShortcut:
    """A `bizcall.home.Shortcut`."""

    area: Area = strawberry.field(description="Which place.")
    waiting: int | None = strawberry.field(
        description="How much waits there: new notices, lines that nobody holds; null where nothing is counted."
    )

    @strawberry.field(description="For people: Korean, or English when Accept-Language asks for it.")
    def title(self, info: Info, parent: strawberry.Parent[home.Shortcut]) -> str:
        """Its wording is no contract."""
        korean, english = TITLES[parent.area]
        return english if info.context.language is Language.EN else korean

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, home.Shortcut)


@strawberry.type(description="The calls of the present month.")
class HomeCalls:
    """ST-03: the sums of the statistics."""

    measures: CallMeasures = strawberry.field(description="By type.")
    as_of: datetime | None = strawberry.field(description=freshness("calls"))


@strawberry.type(description="The messages of the present month.")
class HomeMessages:
    """ST-03: the sums of the statistics."""

    measures: MessageMeasures = strawberry.field(description="By direction.")
    as_of: datetime | None = strawberry.field(description=freshness("messages"))


@strawberry.type(description="The present month of Korea's calendar, as far as data has arrived.")
class HomeMonth:
    """Counted from the sums that are kept, never from single calls or messages."""

    from_on: date = strawberry.field(description="Its first day.")
    to_on: date = strawberry.field(description="Its last day.")

    @strawberry.field(description="Its calls.")
    async def calls(self, info: Info) -> HomeCalls:
        """Two statements."""
        month = await home.month(info.context.company_id, stats.CALLS, info.context.services.clock)
        return HomeCalls(measures=CallMeasures.of(month.measures), as_of=month.as_of)

    @strawberry.field(description="Its messages.")
    async def messages(self, info: Info) -> HomeMessages:
        """Two statements."""
        month = await home.month(info.context.company_id, stats.MESSAGES, info.context.services.clock)
        return HomeMessages(measures=MessageMeasures.of(month.measures), as_of=month.as_of)


@strawberry.type(description="The home screen.")
class Home:
    """Of the viewer's company."""

    @strawberry.field(description="The company.")
    async def company(self, info: Info) -> Company:
        """Read once in an answer."""
        return cast("Company", await info.context.load(companies.by_ids, info.context.company_id))

    @strawberry.field(description="The plan in use; null for a company that was set up without one.")
    async def plan(self, info: Info) -> Plan | None:
        """SU-01."""
        company = await info.context.load(companies.by_ids, info.context.company_id)
        if company is None or company.plan_code is None:
            return None
        return cast("Plan | None", await info.context.load(plans.of_companies, company.plan_code))

    @strawberry.field(description="The first 5 of `notices`.")
    async def notices(self, info: Info) -> list[Notice]:
        """NO-01."""
        context = info.context
        found = await notices.newest(context.company_id, context.services.clock(), home.NOTICES_SHOWN)
        return cast("list[Notice]", found)

    @strawberry.field(description="The calls and messages of the present month.")
    def month(self, info: Info) -> HomeMonth:
        """Its parts load themselves."""
        first, last = home.present_month(info.context.services.clock)
        return HomeMonth(from_on=first, to_on=last)

    @strawberry.field(description="Where the screen leads, in its order: one for each of the 9 areas.")
    async def shortcuts(self, info: Info) -> list[HomeShortcut]:
        """Two statements."""
        context = info.context
        return cast("list[HomeShortcut]", await home.shortcuts(context.company_id, context.services.clock))
