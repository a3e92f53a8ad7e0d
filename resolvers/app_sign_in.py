"""Signing in to the phone app (IN-11)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall.app_sign_in import app_sign_in as sign_in_to_app
from bizcall.keys import Keys
from resolvers.errors import mutation
from schema.app_sign_in import AppSignInInput, AppSignInPayload, AppUser
from schema.context import Info


async def app_sign_in(
    info: Info,
    input: Annotated[AppSignInInput, strawberry.argument(description="Number and password.")],  # noqa: A002
) -> AppSignInPayload:
    """See `bizcall.app_sign_in`."""
    context = info.context
    user = await sign_in_to_app(
        input.number,
        input.password,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        clock=context.services.clock,
    )
    return AppSignInPayload(user=cast("AppUser", user))


@strawberry.type
class AppSignInMutations:
    """Fields of Mutation."""

    app_sign_in = mutation(
        AppSignInPayload,
        description="For the app's server: sign a subscriber in with office number and temporary password, which is "
        "used up by it. Five failures lock the number for 10 minutes. One a request.",
    )(app_sign_in)
