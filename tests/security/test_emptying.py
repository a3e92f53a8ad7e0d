"""A company whose contract has ended is disposed of as a whole (CO-03, P7): no text of it is left anywhere."""

from __future__ import annotations

import itertools
import pathlib
import re
from typing import Any
from uuid import UUID

import pytest

from bizcall import audit, contracts, disposal, emptying
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import account_messages, outbox
from bizcall.exports import keys as export_keys
from bizcall.feeds import keys as feed_keys
from bizcall.ids import uuid7
from bizcall.imports import keys as import_keys
from bizcall.models.accounts import MessageKind
from bizcall.models.feeds import FeedKind
from bizcall.provisioning.rejects import ARRIVALS, REJECTS
from bizcall.reasons import Purpose, Reason
from local.postgres import Postgres
from tests.accounts import Person, records
from tests.bizcall.catalogue import age, as_owner, foreign_keys
from tests.dispatching import Campaign
from tests.factories import Tenant
from tests.security.ledger import TABLES, Ledger
from tests.security.office import Office

OPERATOR = Actor(ActorKind.OPERATOR, UUID(int=7), address="203.0.113.9", request_id="request-9")

KEYS = """
SELECT c.relname::text AS name, string_agg(a.attname::text, ', ' ORDER BY k.place) AS key
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND a.attname <> 'company_id'
WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition GROUP BY 1
"""
# Partial ones only where they leave out no more than rows that refer to nothing.
INDEXES = r"""
SELECT c.relname::text AS name,
       array(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k (number, place)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number ORDER BY k.place) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid AND (
    i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$')
"""
ALL = """
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
"""


async def end(office: Office) -> None:
    await contracts.end(
        office.company.id,
        office.company.login_id,
        Reason(Purpose.OTHER, "청약 해지 접수 120"),
        actor=OPERATOR,
        queue=office.queue,
        clock=office.clock,
    )


async def fill(office: Office) -> None:
    """What is empty in an office where all has been sent and loaded."""
    company, at = office.company, office.clock()
    async with tenant(company.id):
        await outbox.put("deliveries", {"delivery": office.word}, company_id=company.id, clock=office.clock)
        await account_messages.put(
            company.id, company.admin_id, MessageKind.PASSWORD_CHANGED, company.mobile, clock=office.clock
        )
        await query(
            "INSERT INTO feed_reject (company_id, file_id, line, code, column_name)"
            " SELECT company_id, id, 1, 'FORMAT', 'line' FROM feed_file WHERE company_id = $1 LIMIT 1",
            company.id,
        )
        await query(
            """
            INSERT INTO provisioning_event (
                id, event_id, subscription, state, reason, source, received_at, fingerprint
            )
            SELECT $2, $3, subscription, 'REJECTED', 'BAD_NAME', $3, $4, $5 FROM provisioning_subscription
            WHERE company_id = $1
            """,
            company.id,
            uuid7(),
            f"{office.exchange}-e2",
            at,
            uuid7().bytes * 2,
        )


async def found(books: Ledger, company_id: UUID, *texts: str) -> dict[str, set[str]]:
    """In which tables of all that there are a text stands, by the text."""
    tables = [row["name"] for row in await books.connection.fetch(ALL)]
    parts = [f"SELECT '{name}' AS name, t::text AS text FROM \"{name}\" t WHERE t::text ~ $1" for name in tables]
    await books.connection.execute("SELECT set_config('app.company_id', $1, false)", str(company_id))
    rows = await books.connection.fetch(" UNION ALL ".join(parts), "|".join(texts))
    return {text: {row["name"] for row in rows if text in row["text"]} for text in texts}


async def test_CO_03_P7_90_days_after_the_end_nothing_of_a_company_is_left_and_all_of_another(
    attacker: Office, stranger: Tenant, books: Ledger, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, company = attacker, attacker.company
    await fill(office)
    before = await books.rows(company.id)
    assert {name for name in emptying.EMPTIED if not before[name]} == set()
    canaries = [office.word[1:], office.exchange, *office.mobiles, *company.numbers[1:], company.mobile]
    assert all((await found(books, company.id, *canaries)).values())
    await neighbour(stranger)
    another = await books.rows(stranger.id)
    await end(office)
    ended = await books.rows(company.id)

    await age(postgres, company.id, days=disposal.KEPT.days)
    office.clock.turn(days=disposal.KEPT.days, seconds=-1)
    await disposal.dispose(company.id, clock=office.clock)
    assert (await books.rows(company.id))["call"] == ended["call"]
    # Nor for a process whose clock is ahead of the database's.
    office.clock.turn(seconds=2)
    await age(postgres, company.id, days=disposal.KEPT.days - 1)
    await disposal.dispose(company.id, clock=office.clock)
    assert (await books.rows(company.id))["call"] == ended["call"]
    await age(postgres, company.id, days=disposal.KEPT.days)

    # A visit is bounded, and one that is killed has done nothing; the next one goes on.
    assert await disposal.dispose(company.id, clock=office.clock, emptied_most=10) >= 10
    async with directory():
        [seen] = await query("SELECT disposed_at FROM company_directory WHERE company_id = $1", company.id)
    assert seen["disposed_at"] == office.clock() - disposal.EVERY
    left = await books.rows(company.id)
    with monkeypatch.context() as killing:
        killing.setattr(audit, "record", _killed)
        with pytest.raises(Killed):
            await disposal.dispose(company.id, clock=office.clock)
    assert await books.rows(company.id) == left
    while await disposal.dispose(company.id, clock=office.clock):
        pass

    after = await books.rows(company.id)
    assert {name: after[name] for name in emptying.EMPTIED} == {name: [] for name in emptying.EMPTIED}
    assert after["provisioning_event"] == []
    places = await found(books, company.id, *canaries)
    # Whom audit records name by key has his name until they go; what else is left are the provider's own ids, and until
    # when a number was somebody's.
    kept = {canaries[0]: {"admin", "provisioning_subscription"}, office.exchange: {"audit_record"}}
    kept |= {number: {"number_freed"} for number in company.numbers[1:]}
    assert places == {text: kept.get(text, set()) for text in canaries}
    [admin] = after["admin"]
    assert company.mobile not in admin
    assert await books.rows(stranger.id) == another
    acts = [row for row in await records(company.id) if row["action"] == "companies.empty"]
    assert len(acts) >= 2
    assert all(row["subject_ids"] == [company.id] for row in acts)


async def test_CO_03_P7_a_visit_that_takes_long_is_broken_off_and_keeps_what_it_did(
    attacker: Office, books: Ledger, postgres: Postgres
) -> None:
    office, company = attacker, attacker.company
    await end(office)
    await age(postgres, company.id, days=disposal.KEPT.days)
    office.clock.turn(days=disposal.KEPT.days, seconds=1)
    # A second for each statement: the first is begun within the time, and no third.
    seconds = itertools.count(0.0, emptying.SECONDS_MOST / 2)
    async with tenant(company.id):
        visit = await emptying.empty(company.id, office.clock() - disposal.KEPT, timer=lambda: next(seconds))
    assert visit.gone.keys() <= set(list(emptying.EMPTIED)[:2])
    assert not visit.whole
    assert (await books.rows(company.id))["line"]


async def test_CO_03_P7_whoever_deletes_a_row_finds_those_that_refer_to_it_by_an_index(
    db: None, postgres: Postgres
) -> None:
    indexes = await as_owner(postgres, INDEXES)
    slow = [
        key.name
        for key in await foreign_keys(postgres)
        if key.parent in emptying.EMPTIED
        and not any(
            index["name"] == key.child and set(index["columns"][: len(key.columns)]) == set(key.columns)
            for index in indexes
        )
    ]
    assert slow == []


async def neighbour(company: Tenant) -> None:
    """People, an invitation and a session of a company that goes on."""
    campaign, person = Campaign(company), Person(company)
    await campaign.register(3)
    await campaign.send(campaign.people[0])
    await person.register()
    await person.complete()


class Killed(Exception):
    """The process ends before it commits."""


async def _killed(*_: Any, **__: Any) -> None:
    raise Killed


async def test_CO_03_P7_every_table_that_names_a_company_is_emptied_or_kept_for_a_reason(
    db: None, postgres: Postgres
) -> None:
    named = {row["name"] for row in await as_owner(postgres, TABLES)} | {"company"}
    assert emptying.EMPTIED.keys() | emptying.OTHERWISE.keys() == named
    assert emptying.EMPTIED.keys() & emptying.OTHERWISE.keys() == set()
    keys = {row["name"]: row["key"] for row in await as_owner(postgres, KEYS)}
    assert {name: keys[name] for name in emptying.EMPTIED} == emptying.EMPTIED
    order = list(emptying.EMPTIED)
    for key in await foreign_keys(postgres):
        if key.parent in order:
            assert key.child == "verification_code" or order.index(key.child) < order.index(key.parent), key.name


def test_CO_03_P7_the_buckets_own_rules_take_all_that_lies_under_a_companys_prefixes() -> None:
    """None of it is older than 90 days, and 7 more as a former version: so nothing of it has to be looked for."""
    template = (pathlib.Path(__file__).parents[2] / "infra" / "template.yaml").read_text("utf-8")
    rules = re.findall(r"Status: Enabled, Prefix: (\S+/), ExpirationInDays: (\d+)[,}]", template)
    assert re.search(r"Id: old-versions, Status: Enabled, NoncurrentVersionExpiration: \{NoncurrentDays: 7\}", template)
    company_id, made = uuid7(), uuid7()
    inbox = import_keys.inbox(company_id, "names.xlsx")
    places = [
        import_keys.upload(company_id, made),
        inbox,
        import_keys.result(inbox, made, replaced=False),
        import_keys.result(inbox, made, replaced=True),
        import_keys.refused(company_id, made),
        import_keys.form(company_id),
        export_keys.file(company_id, made),
        *(feed_keys.feed(kind, company_id, "day.csv") for kind in FeedKind),
        *(feed_keys.rejects(kind, company_id, feed_keys.feed(kind, company_id, "day.csv"), made) for kind in FeedKind),
        ARRIVALS,
        REJECTS,
    ]
    for place in places:
        days = [int(days) for prefix, days in rules if place.startswith(prefix)]
        assert days, place
        assert min(days) <= disposal.KEPT.days, place
