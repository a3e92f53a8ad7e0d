"""One's own account: profile, password, second factor (ME-01), and sessions (AU-31)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import admins
from bizcall.admins import sessions
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.keys import Keys
from resolvers.admins.signing_in import challenge, sending
from resolvers.errors import mutation
from schema.admins.accounts import Admin
from schema.admins.myself import (
    SessionEndPayload,
    SessionsEndOthersPayload,
    ViewerCodeConfirmInput,
    ViewerCodeConfirmPayload,
    ViewerCodeSendPayload,
    ViewerMobileChangeInput,
    ViewerMobileChangePayload,
    ViewerMobileCodeSendInput,
    ViewerMobileCodeSendPayload,
    ViewerPasswordChangeInput,
    ViewerPasswordChangePayload,
    ViewerSaveInput,
    ViewerSavePayload,
)
from schema.context import SESSION_COOKIE, Cookie, Info
from schema.node import key_of


async def viewer_save(
    info: Info,
    input: Annotated[ViewerSaveInput, strawberry.argument(description="What changes.")],  # noqa: A002
) -> ViewerSavePayload:
    """See `admins.profile_save`."""
    context = info.context
    given = (input.name, input.department, input.position, input.email)
    profile = admins.Profile(*(None if field is None else field.value or "" for field in given))
    await admins.profile_save(context.signed_in, profile, actor=context.actor, clock=context.services.clock)
    return ViewerSavePayload(admin=await _admin(info))


async def viewer_password_change(
    info: Info,
    input: Annotated[ViewerPasswordChangeInput, strawberry.argument(description="The passwords.")],  # noqa: A002
) -> ViewerPasswordChangePayload:
    """See `admins.password_change`. The other token goes the way on which the former one came."""
    context = info.context
    token = await admins.password_change(
        context.signed_in,
        input.current_password,
        input.password,
        input.password_confirmation,
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    if context.by_cookie and token is not None:
        left = context.signed_in.expires_at - context.services.clock()
        context.cookies.append(Cookie(SESSION_COOKIE, token, int(left.total_seconds())))
    return ViewerPasswordChangePayload(is_changed=True, token=None if context.by_cookie else token)


async def viewer_mobile_code_send(
    info: Info,
    input: Annotated[ViewerMobileCodeSendInput, strawberry.argument(description="Password and mobile.")],  # noqa: A002
) -> ViewerMobileCodeSendPayload:
    """See `admins.mobile_code_send`."""
    context = info.context
    half, sent = await admins.mobile_code_send(
        context.signed_in,
        input.current_password,
        input.mobile,
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return ViewerMobileCodeSendPayload(challenge=challenge(half), code=sending(sent))


async def viewer_mobile_change(
    info: Info,
    input: Annotated[ViewerMobileChangeInput, strawberry.argument(description="Challenge and code.")],  # noqa: A002
) -> ViewerMobileChangePayload:
    """See `admins.mobile_change`."""
    context = info.context
    await admins.mobile_change(
        context.signed_in,
        input.challenge,
        input.code,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return ViewerMobileChangePayload(admin=await _admin(info))


async def viewer_code_send(info: Info) -> ViewerCodeSendPayload:
    """See `admins.fresh_code_send`."""
    context = info.context
    half, sent = await admins.fresh_code_send(
        context.signed_in, actor=context.actor, queue=context.services.queue, clock=context.services.clock
    )
    return ViewerCodeSendPayload(challenge=challenge(half), code=sending(sent))


async def viewer_code_confirm(
    info: Info,
    input: Annotated[ViewerCodeConfirmInput, strawberry.argument(description="Challenge and code.")],  # noqa: A002
) -> ViewerCodeConfirmPayload:
    """See `admins.fresh_code_confirm`."""
    context = info.context
    until = await admins.fresh_code_confirm(
        context.signed_in,
        input.challenge,
        input.code,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        clock=context.services.clock,
    )
    return ViewerCodeConfirmPayload(fresh_until=until)


async def session_end(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Of one of `viewer.sessions`.")],  # noqa: A002
) -> SessionEndPayload:
    """See `sessions.end_one`."""
    context = info.context
    try:
        await sessions.end_one(
            context.signed_in, key_of(id, "Session", "id"), context.actor, clock=context.services.clock
        )
    except NotFound:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",))) from None
    return SessionEndPayload(is_ended=True)


async def sessions_end_others(info: Info) -> SessionsEndOthersPayload:
    """See `sessions.end_others`."""
    context = info.context
    return SessionsEndOthersPayload(
        ended=await sessions.end_others(context.signed_in, context.actor, clock=context.services.clock)
    )


async def _admin(info: Info) -> Admin:
    # What loaders remember of before the change must not be told.
    info.context.forget()
    return cast("Admin", await info.context.load(admins.by_ids, info.context.signed_in.admin_id))


@strawberry.type
class MyselfMutations:
    """Fields of Mutation."""

    viewer_save = mutation(
        ViewerSavePayload, description="Change one's own name, department, position or e-mail address."
    )(viewer_save)
    viewer_password_change = mutation(
        ViewerPasswordChangePayload, description="Change one's own password. One a request."
    )(viewer_password_change)
    viewer_mobile_code_send = mutation(
        ViewerMobileCodeSendPayload,
        description="Send a code to a new mobile, which is to receive the codes. One a request.",
    )(viewer_mobile_code_send)
    viewer_mobile_change = mutation(
        ViewerMobileChangePayload, description="Make the new mobile the one that receives the codes. One a request."
    )(viewer_mobile_change)
    viewer_code_send = mutation(
        ViewerCodeSendPayload,
        description="Send a code to one's own mobile, for what answers CODE_REQUIRED. One a request.",
    )(viewer_code_send)
    viewer_code_confirm = mutation(
        ViewerCodeConfirmPayload,
        description="Make this session fresh: for ten minutes nothing answers CODE_REQUIRED. One a request.",
    )(viewer_code_confirm)
    session_end = mutation(SessionEndPayload, description="End one of one's own sessions.")(session_end)
    sessions_end_others = mutation(
        SessionsEndOthersPayload, description="End all of one's own sessions but the one that this request presents."
    )(sessions_end_others)
