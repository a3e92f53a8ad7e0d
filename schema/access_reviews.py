"""The monthly review of access records (P3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

import strawberry

from bizcall import access_reviews, admins
from bizcall.access_reviews import Review
from bizcall.audit import ActorKind
from bizcall.models import AccessReview as AccessReviewRow
from schema.admins import Admin
from schema.audit import AuditRecord, label
from schema.context import Info
from schema.errors import Payload


@strawberry.type(description="Acts of one sort in a month.")
class AccessReviewAct:
    """A `bizcall.access_reviews.Acts`."""

    action: str = strawberry.field(description="What was done, as in `AuditRecord.action`.")
    records: int = strawberry.field(description="How often.")
    subjects: int = strawberry.field(description="To how many objects, each counted as often as it was acted on.")

    @strawberry.field(description="For people, as `AuditRecord.actionLabel`.")
    def action_label(self, info: Info, parent: strawberry.Parent[access_reviews.Acts]) -> str:
        """Korean or English."""
        return label(parent.action, info)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, access_reviews.Acts)


@strawberry.type(description="What one person, server or process of ours did in a month.")
class AccessReviewPerson:
    """A `bizcall.access_reviews.Person`."""

    kind: ActorKind = strawberry.field(description="Who acted.")
    records: int = strawberry.field(description="All acts.")
    views: int = strawberry.field(description="Looks at personal data, downloads and unmaskings included.")
    downloads: int = strawberry.field(description="Links to files with personal data.")
    out_of_hours: int = strawberry.field(
        description="Of `views`, those at weekends, before 8:00 or from 20:00 on, in Korea; holidays aren't known."
    )

    @strawberry.field(description="The administrator or operator, where the viewer's company has him; null otherwise.")
    async def admin(self, info: Info, parent: strawberry.Parent[access_reviews.Person]) -> Admin | None:
        """One statement for all of an answer."""
        if parent.id is None:
            return None
        return cast("Admin | None", await info.context.load(admins.by_ids, parent.id))

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, access_reviews.Person)


@strawberry.type(description="That somebody has reviewed a month's records.")
class AccessReviewConfirmation:
    """A `bizcall.models.AccessReview`."""

    reviewed_at: datetime = strawberry.field(description="When.")
    note: str = strawberry.field(description="What was found, in the reviewer's words.")
    records: int = strawberry.field(description="How many records the month had then.")

    @strawberry.field(description="Who reviewed.")
    async def admin(self, info: Info, parent: strawberry.Parent[AccessReviewRow]) -> Admin | None:
        """Of the viewer's company."""
        return cast("Admin | None", await info.context.load(admins.by_ids, parent.reviewed_by))

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, AccessReviewRow)


@strawberry.type(
    description="What the access records of a month sum up to. Korean law asks to look at them each month, and at "
    "the reasons of downloads; whoever has done so says it by `accessReviewConfirm`."
)
class AccessReview:
    """A `bizcall.access_reviews.Review`."""

    @strawberry.field(description="Its first day, in Korea.")
    def month_on(self, parent: strawberry.Parent[Review]) -> date:
        """Of the month."""
        return parent.month

    records: int = strawberry.field(description="All records of the month.")
    unexplained: int = strawberry.field(description="Downloads whose records tell no reason.")

    @strawberry.field(description="From when on the month may be confirmed: when it is over.")
    def ends_at(self, parent: strawberry.Parent[Review]) -> datetime:
        """Korea's midnight."""
        return access_reviews.ends(parent.month)

    @strawberry.field(description="The sorts of acts, most frequent first; at most 200.")
    def acts(self, parent: strawberry.Parent[Review]) -> list[AccessReviewAct]:
        """There are fewer sorts than that."""
        return cast("list[AccessReviewAct]", parent.acts[:200])

    @strawberry.field(description="Who acted, those first who did most; at most 100.")
    def people(self, parent: strawberry.Parent[Review]) -> list[AccessReviewPerson]:
        """With nobody, servers and processes of ours."""
        return cast("list[AccessReviewPerson]", parent.people)

    @strawberry.field(
        description="The newest downloads, at most 100, with reason and rows in their `details`; "
        "`auditRecords` has all of them."
    )
    def downloads(self, parent: strawberry.Parent[Review]) -> list[AuditRecord]:
        """Records are the GraphQL objects."""
        return cast("list[AuditRecord]", parent.downloads)

    @strawberry.field(description="That the month was reviewed; null while nobody has said so.")
    def confirmation(self, parent: strawberry.Parent[Review]) -> AccessReviewConfirmation | None:
        """One a month."""
        return cast("AccessReviewConfirmation | None", parent.confirmed)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, Review)


@strawberry.input(description="That a month was reviewed.")
class AccessReviewConfirmInput:
    """See `access_reviews.confirm`."""

    month_on: date = strawberry.field(description="Any day of a month that is over.")
    note: str = strawberry.field(description="What was found, 5–200 characters that say something.")


@strawberry.type(description="The review with its confirmation.")
class AccessReviewConfirmPayload(Payload):
    """After the transaction."""

    review: AccessReview | None = strawberry.field(default=None, description="The review.")
