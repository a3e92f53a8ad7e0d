"""A company in which everything there is has been done, by the functions that do it, with one word in all its texts."""

from __future__ import annotations

import secrets
from datetime import timedelta
from itertools import count

import orjson

from bizcall import access_reviews, admins, erasures, exports, invitations, provisioning
from bizcall.admins import Profile
from bizcall.audit import sealing
from bizcall.database import directory, query, tenant
from bizcall.history.keys import FactKey
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA, shifted
from bizcall.ports import GatewayRefused
from tests.accounts import ACTOR, KEYS, PASSWORD, Person
from tests.doubles import MemoryStorage, RecordingQueue, Turned
from tests.factories import make_tenant
from tests.feeding import Feeder, began, call, correction, message
from tests.imports import person
from tests.masked import unmask
from tests.provisioning import PLANS, START, make_plans, moment
from tests.security.office import Office, exported, operators_desk, preview

FORMER = "Former0Horse9"
MOBILES = count(1)


async def populated() -> Office:
    """A company whose texts all hold a random word."""
    word = f"까{secrets.token_hex(4)}"
    company = await make_tenant(lines=20, departments=(f"{word}영업", f"{word}개발", f"{word}빈"))
    clock, queue, storage = Turned(), RecordingQueue(), MemoryStorage()
    someone = Person(company, clock=clock, queue=queue)
    await someone.register(FORMER)
    await someone.register(PASSWORD)
    opened = await someone.complete()
    profile = Profile(f"{word}관리", f"{word}총무팀", f"{word}팀장", f"{word[1:]}@office.example")
    await admins.profile_save(opened.session.viewer, profile, actor=ACTOR, clock=clock)
    session, exchange = opened.session, secrets.token_hex(6)
    office = Office(
        company,
        word,
        clock,
        queue,
        storage,
        session.viewer,
        session.token,
        opened.device_token,
        [],
        {},
        exchange,
        clock(),
    )
    queue.letters.clear()
    await _subscribe(office)
    await _staff(office)
    await _invite(office)
    await _feed(office)
    await unmask(company.id, office.actor, clock=clock)
    await sealing.seal(company.id, margin=timedelta(0))
    await _export(office)
    month = shifted(clock().astimezone(KOREA).date(), -1)
    await access_reviews.confirm(company.id, office.actor, month, "특이 사항 없음", clock=clock)
    await _ids(office)
    await _publish(office)
    return office


async def _subscribe(office: Office) -> None:
    """A subscription, and an event of it that gives the company its name."""
    await make_plans()
    async with directory():
        await query(
            "INSERT INTO provisioning_subscription (subscription, company_id, completed_at) VALUES ($1, $2, now())",
            office.subscription,
            office.company.id,
        )
        await query(
            "INSERT INTO provisioning_fact (subscription, subject, active, value, as_of, event_id)"
            " VALUES ($1, $2, true, NULL, $3, 'completed'), ($1, 'REPRESENTATIVE', true, $2, $3, 'completed')",
            office.subscription,
            office.company.login_id,
            START,
        )
    event = {
        "id": f"{office.exchange}-e1",
        "kind": "SUBSCRIPTION_CHANGED",
        "occurredAt": moment(1),
        "subscription": office.subscription,
        "company": {"name": f"{office.word} 주식회사"},
        "plan": PLANS[0],
    }
    await provisioning.apply(
        orjson.dumps(event),
        source=f"{office.word}.json",
        keys=KEYS,
        actor=office.actor,
        queue=office.queue,
        clock=office.clock,
    )


async def _staff(office: Office) -> None:
    """A registered import, one with refused rows, and an upload that never came."""
    desk, word, numbers = office.desk, office.word, office.company.numbers
    office.mobiles += [f"0109{next(MOBILES):07d}" for _ in range(4)]
    rows = [
        person(
            number,
            f"{word}직원{place}",
            department=f"{word}영업" if place % 2 else f"{word}개발",
            position=f"{word}사원",
            mobile=office.mobiles[place],
            email=f"{word[1:]}{place}@staff.example",
            app="ON",
        )
        for place, number in enumerate(numbers[:4])
    ]
    await desk.register(await preview(office, rows))
    bad = person(numbers[4], f"{word}오류", mobile=f"{word}번호", department=f"{word}없음")
    await preview(office, [bad, person(numbers[5], f"{word}대기", mobile=office.mobiles[0])])
    await desk.upload(b"x" * 10, f"{word}미도착.xlsx")


async def _invite(office: Office) -> None:
    """Invitations of which the messages were refused, so that they may be sent again."""
    async with tenant(office.company.id):
        holders = await query(
            "SELECT id FROM subscriber WHERE company_id = $1 AND ended_at IS NULL ORDER BY id", office.company.id
        )
    campaign = office.campaign
    await invitations.send(
        office.company.id,
        office.actor,
        [row["id"] for row in holders],
        idempotency_key=office.fresh(),
        queue=office.queue,
        clock=office.clock,
    )
    campaign.sms.always = campaign.mail.always = GatewayRefused("1234")
    await campaign.work()


async def _feed(office: Office) -> None:
    """Calls and messages on lines that are held and on one that isn't, a call corrected, one of no line; customers, and
    one who was erased.

    With the first customer everybody talks, and the calls of the second are missed and not returned.
    """
    company, exchange = office.company, office.exchange
    parties = [f"0109{next(MOBILES):07d}" for _ in range(2)]
    office.mobiles += parties
    # Records are of whole seconds, and the subscribers began within the second that is not over.
    office.at = at = office.clock().replace(microsecond=0) + timedelta(seconds=1)
    numbers = [*company.numbers[:4], company.numbers[-1]]
    await began(company.id)
    talks = [call(number, f"{exchange}-t{n}", at, customer=parties[0]) for n, number in enumerate(numbers)]
    missed = [
        call(number, f"{exchange}-m{n}", at, customer=parties[1], type="MISSED") for n, number in enumerate(numbers)
    ]
    corrected = correction(call(numbers[0], f"{exchange}-c1", at, customer=parties[0]), talks[0])
    feeder = Feeder(company.id)
    await feeder.load([*talks, *missed, corrected, call("0212345678", f"{exchange}-x1", at)])
    texts = [
        message(number, f"{exchange}-s{n}", at, customer=parties[0], text=f"{office.word} 안녕하세요")
        for n, number in enumerate(numbers)
    ]
    await Feeder(company.id, FeedKind.MESSAGES).load(texts)
    book = [
        {"number": number, "name": f"{office.word}고객", "details": f"{office.word}단골", "updated_at": at.isoformat()}
        for number in parties
    ]
    await Feeder(company.id, FeedKind.CUSTOMERS).load(book)
    async with tenant(company.id):
        await erasures.remember(company.id, "+14155550100", office.clock())


async def _export(office: Office) -> None:
    """A file of its calls, made and there."""
    await exported(office)
    async with tenant(office.company.id):
        [row] = await query("SELECT id FROM export WHERE company_id = $1", office.company.id)
    await exports.run(office.company.id, row["id"], storage=office.storage, clock=office.clock)


async def _publish(office: Office) -> None:
    """What the provider has: a notice that everybody sees, one that is nobody's yet, and a version of a document.

    None of it is the company's, but no administrator finds the draft or the version by its id.
    """
    desk = await operators_desk(office)
    desk.word = "모두에게"
    await desk.notice()
    office.ids["Notice"] = (await desk.notice(published_at=None)).id
    office.ids["DocumentVersion"] = (await desk.document()).id


async def _ids(office: Office) -> None:
    """One key of each type."""
    company = office.company
    office.ids |= {"Company": company.id, "Admin": company.admin_id, "Session": office.viewer.session_id}
    tables = {
        "Line": "line",
        "Subscriber": "subscriber",
        "Invitation": "invitation",
        "InvitationBatch": "invitation_batch",
        "Delivery": "delivery",
        "Import": "import",
        "Upload": "upload",
        "Customer": "customer",
        "AuditRecord": "audit_record",
        "Export": "export",
    }
    async with tenant(company.id):
        for name, table in tables.items():
            [row] = await query(f"SELECT id FROM {table} WHERE company_id = $1 ORDER BY id DESC LIMIT 1", company.id)
            office.ids[name] = row["id"]
    office.ids["Department"] = company.departments[f"{office.word}개발"]
    office.ids["Call"] = FactKey(f"{office.exchange}-t1", office.at)
    office.ids["Message"] = FactKey(f"{office.exchange}-s1", office.at)
