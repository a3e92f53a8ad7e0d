"""The first sign-in's registration (AU-02), a forgotten password (PW-01), and the representative number (FN-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import admins, phones
from bizcall.keys import Keys
from resolvers.admins.signing_in import challenge, sending
from resolvers.errors import mutation
from schema.admins.registering import (
    AdminRegisterInput,
    AdminRegisterPayload,
    PasswordResetCodeSendInput,
    PasswordResetCodeSendPayload,
    PasswordResetInput,
    PasswordResetPayload,
    PasswordResetVerifyInput,
    PasswordResetVerifyPayload,
    RegistrationCodeSendInput,
    RegistrationCodeSendPayload,
    RepresentativeNumberFindInput,
    RepresentativeNumberFindPayload,
    ResetAccount,
)
from schema.context import Info
from schema.node import key_of
from schema.scalars import PhoneNumber


async def registration_code_send(
    info: Info,
    input: Annotated[RegistrationCodeSendInput, strawberry.argument(description="Challenge and mobile.")],  # noqa: A002
) -> RegistrationCodeSendPayload:
    """See `admins.registration_code_send`."""
    context = info.context
    sent = await admins.registration_code_send(
        input.challenge,
        input.mobile,
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return RegistrationCodeSendPayload(code=sending(sent))


async def admin_register(
    info: Info,
    input: Annotated[AdminRegisterInput, strawberry.argument(description="The form.")],  # noqa: A002
) -> AdminRegisterPayload:
    """See `admins.register`."""
    context = info.context
    form = admins.Form(
        password=input.password,
        password_confirmation=input.password_confirmation,
        profile=admins.Profile(input.name, input.department, input.position, input.email),
        mobile=input.mobile,
    )
    await admins.register(
        input.challenge,
        input.code,
        form,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        clock=context.services.clock,
    )
    return AdminRegisterPayload(is_registered=True)


async def password_reset_code_send(
    info: Info,
    input: Annotated[PasswordResetCodeSendInput, strawberry.argument(description="Whose.")],  # noqa: A002
) -> PasswordResetCodeSendPayload:
    """See `admins.reset_code_send`."""
    context = info.context
    begun = await admins.reset_code_send(
        input.mobile, actor=context.actor, queue=context.services.queue, clock=context.services.clock
    )
    return PasswordResetCodeSendPayload(challenge=challenge(begun.half), code=sending(begun.sent))


async def password_reset_verify(
    info: Info,
    input: Annotated[PasswordResetVerifyInput, strawberry.argument(description="Challenge and code.")],  # noqa: A002
) -> PasswordResetVerifyPayload:
    """See `admins.reset_verify`."""
    context = info.context
    accounts = await admins.reset_verify(
        input.challenge,
        input.code,
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        clock=context.services.clock,
    )
    return PasswordResetVerifyPayload(accounts=cast("list[ResetAccount]", list(accounts)))


async def password_reset(
    info: Info,
    input: Annotated[PasswordResetInput, strawberry.argument(description="Account and password.")],  # noqa: A002
) -> PasswordResetPayload:
    """See `admins.reset`."""
    context = info.context
    account = await admins.reset(
        input.challenge,
        key_of(input.account, "Admin", "account") if input.account is not None else None,
        input.password,
        input.password_confirmation,
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return PasswordResetPayload(account=cast("ResetAccount", account))


async def representative_number_find(
    info: Info,
    input: Annotated[RepresentativeNumberFindInput, strawberry.argument(description="A number.")],  # noqa: A002
) -> RepresentativeNumberFindPayload:
    """See `admins.find_representative`."""
    context = info.context
    found = await admins.find_representative(input.number, actor=context.actor, clock=context.services.clock)
    return RepresentativeNumberFindPayload(
        representative_number=PhoneNumber(found), representative_number_formatted=phones.formatted(found)
    )


@strawberry.type
class RegisteringMutations:
    """Fields of Mutation."""

    registration_code_send = mutation(
        RegistrationCodeSendPayload,
        description="At the first sign-in: send a code to the mobile given at subscription. One a request.",
    )(registration_code_send)
    admin_register = mutation(
        AdminRegisterPayload,
        description="At the first sign-in: register with a password of one's own; then sign in with it. One a request.",
    )(admin_register)
    password_reset_code_send = mutation(
        PasswordResetCodeSendPayload,
        description="The first step of resetting a forgotten password: a code to the mobile. One a request.",
    )(password_reset_code_send)
    password_reset_verify = mutation(
        PasswordResetVerifyPayload,
        description="The second step of resetting: the code, for the accounts of the mobile. One a request.",
    )(password_reset_verify)
    password_reset = mutation(
        PasswordResetPayload, description="The third step of resetting: the new password. One a request."
    )(password_reset)
    representative_number_find = mutation(
        RepresentativeNumberFindPayload,
        description="Find the representative number, which is the login ID, by any number of the company. "
        "Look-ups are recorded. One a request.",
    )(representative_number_find)
