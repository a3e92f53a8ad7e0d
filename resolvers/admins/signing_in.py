"""Signing in and out, and who is signed in (AU-20, AU-24, AU-31)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import admins
from bizcall.admins import sessions
from bizcall.keys import Keys
from resolvers.errors import mutation
from schema.admins.accounts import Viewer
from schema.admins.signing_in import (
    Challenge,
    CodeSending,
    SessionKeeping,
    SessionOpening,
    SignInCodeSendInput,
    SignInCodeSendPayload,
    SignInInput,
    SignInPayload,
    SignInVerifyInput,
    SignInVerifyPayload,
    SignOutPayload,
)
from schema.context import DEVICE_COOKIE, SESSION_COOKIE, Cookie, Info


@strawberry.type
class SignInQueries:
    """Fields of Query."""

    @strawberry.field(description="Who is signed in; null when nobody is.")
    def viewer(self, info: Info) -> Viewer | None:
        """Asked by everybody, so strangers get null instead of an error."""
        return cast("Viewer | None", info.context.viewer)


def challenge(half: admins.Half) -> Challenge:
    """A challenge as clients see it."""
    return Challenge(token=half.token, expires_at=half.expires_at)


def sending(sent: admins.Sent) -> CodeSending:
    """A code as clients see it."""
    return CodeSending(mobile_masked=sent.mobile, expires_at=sent.expires_at, next_at=sent.next_at)


async def sign_in(
    info: Info,
    input: Annotated[SignInInput, strawberry.argument(description="Login ID and password.")],  # noqa: A002
) -> SignInPayload:
    """See `admins.sign_in`."""
    context = info.context
    half = await admins.sign_in(
        input.login_id,
        input.password,
        device_token=input.device_token or context.device,
        user_agent=context.user_agent,
        actor=context.actor,
        clock=context.services.clock,
    )
    return SignInPayload(challenge=challenge(half))


async def sign_in_code_send(
    info: Info,
    input: Annotated[SignInCodeSendInput, strawberry.argument(description="For which challenge.")],  # noqa: A002
) -> SignInCodeSendPayload:
    """See `admins.code_send`."""
    context = info.context
    sent = await admins.code_send(
        input.challenge, actor=context.actor, queue=context.services.queue, clock=context.services.clock
    )
    return SignInCodeSendPayload(code=sending(sent))


async def sign_in_verify(
    info: Info,
    input: Annotated[SignInVerifyInput, strawberry.argument(description="Challenge and code.")],  # noqa: A002
) -> SignInVerifyPayload:
    """See `admins.verify`. What the payload asks about the viewer is asked as the one who has just signed in."""
    context = info.context
    signed_in = await admins.verify(
        input.challenge,
        input.code,
        device_token=input.device_token or context.device,
        user_agent=context.user_agent,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        queue=context.services.queue,
        idle=context.services.settings.session_idle,
        clock=context.services.clock,
    )
    if isinstance(signed_in, admins.Half):
        return SignInVerifyPayload(registration=challenge(signed_in))
    context.viewer = signed_in.session.viewer
    shown = input.keep is SessionKeeping.TOKEN
    if not shown:
        context.cookies += [
            Cookie(SESSION_COOKIE, signed_in.session.token, int(sessions.ABSOLUTE.total_seconds())),
            Cookie(DEVICE_COOKIE, signed_in.device_token, signed_in.device_seconds),
        ]
    return SignInVerifyPayload(
        session=SessionOpening(
            token=signed_in.session.token if shown else None,
            device_token=signed_in.device_token if shown else None,
            viewer=cast("Viewer", signed_in.session.viewer),
        )
    )


async def sign_out(info: Info) -> SignOutPayload:
    """See `admins.sign_out`."""
    context = info.context
    signed_out = await admins.sign_out(context.signed_in, context.actor, clock=context.services.clock)
    context.cookies.append(Cookie(SESSION_COOKIE, "", 0))
    return SignOutPayload(signed_out=signed_out)


@strawberry.type
class SignInMutations:
    """Fields of Mutation."""

    sign_in = mutation(
        SignInPayload,
        description="The first step of signing in. Five failures lock the ID for 10 minutes. One a request.",
    )(sign_in)
    sign_in_code_send = mutation(
        SignInCodeSendPayload, description="Send a code by SMS, for the second step of signing in. One a request."
    )(sign_in_code_send)
    sign_in_verify = mutation(
        SignInVerifyPayload,
        description="The second step of signing in: the code, for a session, or at the first sign-in for the "
        "registration. Alone in its request: after it somebody else asks.",
    )(sign_in_verify)
    sign_out = mutation(SignOutPayload, description="End the session that this request presents.")(sign_out)
