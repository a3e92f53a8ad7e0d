"""The monthly review of the access records of the viewer's company, for operators of the provider's (P3)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

import strawberry

from bizcall import access_reviews
from bizcall.audit.views import AUDIT_RECORDS
from resolvers.errors import mutation
from schema.access_reviews import AccessReview, AccessReviewConfirmInput, AccessReviewConfirmPayload
from schema.context import Info
from schema.personal import personal


@strawberry.type
class AccessReviewQueries:
    """Fields of Query."""

    @personal(
        AUDIT_RECORDS,
        description="What the access records of a month sum up to, for the monthly review; an operator gets those of "
        "the provider. Asking leaves a record itself (audit.view).",
    )
    async def access_review(
        self,
        info: Info,
        month_on: Annotated[date, strawberry.argument(description="Any day of the month.")],
    ) -> AccessReview:
        """See `access_reviews.review`."""
        context = info.context
        found = await access_reviews.review(context.company_id, month_on, clock=context.services.clock)
        return cast("AccessReview", found)


async def access_review_confirm(
    info: Info,
    input: Annotated[AccessReviewConfirmInput, strawberry.argument(description="Month and note.")],  # noqa: A002
) -> AccessReviewConfirmPayload:
    """See `access_reviews.confirm`."""
    context = info.context
    made = await access_reviews.confirm(
        context.company_id, context.actor, input.month_on, input.note, clock=context.services.clock
    )
    return AccessReviewConfirmPayload(review=cast("AccessReview", made))


@strawberry.type
class AccessReviewMutations:
    """Fields of Mutation."""

    access_review_confirm = mutation(
        AccessReviewConfirmPayload,
        description="Say that the access records of a month were reviewed, and what was found; once a month, recorded.",
    )(access_review_confirm)
