"""What the API never does: accounts of operators, servers' bearers, erasing a person. Invoked by hand, by operations.

    {"operatorCreate": {"loginId": "kim.su", "name": "김수", "mobile": "010-1234-5678"}}   → {"sent": "010-****-5678"}
    {"operatorEnd": {"loginId": "kim.su"}}                                                 → {"ended": "kim.su"}
    {"serviceCreate": {"name": "phone-app-2027"}}                                          → {"token": "svc_…"}, once
    {"serviceEnd": {"name": "phone-app-2027"}}                                             → {"ended": "phone-app-2027"}
    {"personErase": {"representativeNumber": "070-1234-5600", "contact": "010-1234-5678", "note": "본인 요청 …"}}
                                                                           → {"erased": {"subscribers": 1, …}}, P7
    {"list": true}                                                        → {"operators": […], "services": […]}

What is wrong with the event is answered as {"problems": [{"code", "field"}]}, and nothing was done then. On a laptop
`python -m local operator-create` and its neighbours do the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from bizcall import admins, audit, disposal, service_clients
from bizcall.audit import Actor
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.keys import Keys
from lambdas.runtime import Context, Event, Services, process

LONGEST = 200
"""Characters of a text in the event."""

Answer = dict[str, Any]


async def handle(event: Event, services: Services, request_id: str = "") -> Answer:
    """Do the one thing that the event names. `request_id` goes into the audit record; AWS knows whose it is."""
    actor = audit.system(request_id)
    try:
        if len(event) != 1 or not (event.keys() <= DOINGS.keys()):
            raise Invalid(Problem(ErrorCode.INVALID_FORMAT))
        [(name, given)] = event.items()
        return await DOINGS[name](given, services, actor)
    except Invalid as invalid:
        return {"problems": [{"code": each.code.value, "field": ".".join(each.field)} for each in invalid.problems]}
    except NotFound:
        return {"problems": [{"code": ErrorCode.NOT_FOUND.value, "field": ""}]}


def handler(event: Event, context: Context) -> Answer:
    """What Lambda calls."""
    return process().run(partial(handle, request_id=context.aws_request_id), event, context)


async def _operator_create(given: Any, services: Services, actor: Actor) -> Answer:
    login_id, name, mobile = _texts(given, "loginId", "name", "mobile")
    await admins.operator_create(
        login_id,
        name,
        mobile,
        keys=Keys.of(services.settings),
        actor=actor,
        queue=services.queue,
        clock=services.clock,
    )
    [made] = [each for each in await admins.operators() if each.login_id == login_id]
    return {"sent": made.mobile}


async def _operator_end(given: Any, services: Services, actor: Actor) -> Answer:
    (login_id,) = _texts(given, "loginId")
    await admins.operator_end(login_id, actor=actor, clock=services.clock)
    return {"ended": login_id}


async def _service_create(given: Any, services: Services, actor: Actor) -> Answer:
    (name,) = _texts(given, "name")
    return {"token": await service_clients.create(name, actor=actor, clock=services.clock)}


async def _service_end(given: Any, services: Services, actor: Actor) -> Answer:
    (name,) = _texts(given, "name")
    await service_clients.end(name, actor=actor, clock=services.clock)
    return {"ended": name}


async def _person_erase(given: Any, services: Services, actor: Actor) -> Answer:
    number, contact, note = _texts(given, "representativeNumber", "contact", "note")
    return {"erased": dict(await disposal.erase(number, contact, note, actor=actor, clock=services.clock))}


async def _list(_given: Any, _services: Services, _actor: Actor) -> Answer:
    return {
        "operators": [
            {
                "loginId": each.login_id,
                "name": each.name,
                "mobile": each.mobile,
                "registeredAt": each.registered_at.isoformat(timespec="seconds") if each.registered_at else None,
            }
            for each in await admins.operators()
        ],
        "services": [
            {
                "name": each.name,
                "createdAt": each.created_at.isoformat(timespec="seconds"),
                "usedAt": each.used_at.isoformat(timespec="seconds") if each.used_at else None,
            }
            for each in await service_clients.alive()
        ],
    }


DOINGS: Mapping[str, Callable[[Any, Services, Actor], Awaitable[Answer]]] = {
    "operatorCreate": _operator_create,
    "operatorEnd": _operator_end,
    "serviceCreate": _service_create,
    "serviceEnd": _service_end,
    "personErase": _person_erase,
    "list": _list,
}


def _texts(given: Any, *names: str) -> list[str]:
    """The texts of these names, and nothing else; raises Invalid."""
    if not isinstance(given, Mapping) or not (given.keys() <= set(names)):
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT))
    problems = [Problem(ErrorCode.REQUIRED, (name,)) for name in names if not isinstance(given.get(name), str)]
    problems += [
        Problem(ErrorCode.TOO_LONG, (name,), {"maximum": str(LONGEST)})
        for name in names
        if isinstance(given.get(name), str) and len(given[name]) > LONGEST
    ]
    if problems:
        raise Invalid(*problems)
    return [given[name] for name in names]
