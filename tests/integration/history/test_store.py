"""Projections in a real PostgreSQL: once each, in any order, the same rows again."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from libs.messages.base import Message
from libs.messages.samples import AGREEMENT_NO, OTHER_USCC, USCC
from services.history import store
from services.history.queries import Query, read_query
from services.history.rows import rows_of
from tests.support.events import (
    MORNING,
    a_booking_story,
    a_debit_story,
    a_proposal_story,
    a_rejection,
    with_kinds,
)

pytestmark = pytest.mark.stack

PROPOSAL, PAYMENT, POLICY = "TB20261123AAAAAAAAAA", "JF20261123AAAAAAAAAA", "PICC.P2026000001"
BOOKING = "YY20261123AAAAAAAAAA"
REFUSED = uuid4()
TABLES = ("document_version", "status_record", "document", "rejection")


def everything() -> list[Message]:
    return [
        *a_booking_story(BOOKING),
        *a_booking_story("YY20261123BBBBBBBBBB", owner=OTHER_USCC),
        *a_proposal_story(PROPOSAL),
        *a_debit_story("SQ20261123AAAAAAAAAA"),
        a_rejection(REFUSED, PROPOSAL),
    ]


async def take(pool: asyncpg.Pool, events: list[Message]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await store.save(connection, rows_of(with_kinds(events)))


async def contents(pool: asyncpg.Pool) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every projection."""
    return {
        name: sorted(map(tuple, await pool.fetch(f"SELECT * FROM {name}")), key=repr)  # noqa: S608
        for name in TABLES
    }


async def find(pool: asyncpg.Pool, kind: str, owner: str = USCC, **keys: str) -> list[str]:
    async with pool.acquire() as connection:
        query = read_query(kind, keys.items())
        total, found = await store.search(connection, owner, kind, query)
    assert total == len(found)
    return [document.id for document in found]


async def test_a_document_shows_its_latest_state_and_the_form_as_last_signed(
    pool: asyncpg.Pool,
) -> None:
    await take(pool, everything())
    async with pool.acquire() as connection:
        found = await store.latest(connection, USCC, "cargo-proposal", PROPOSAL)
    assert found is not None
    assert (found.status, found.sequence) == ("50", 8)
    assert found.form is not None
    assert found.form["insurance"]["invoiceAmount"] == "200000.00"  # type: ignore[index]  # JSON
    assert found.parts["facts"]["policyId"] == POLICY  # type: ignore[index]  # JSON
    assert found.opened_at == MORNING + timedelta(minutes=1)
    assert found.updated_at == MORNING + timedelta(minutes=8)


@pytest.mark.parametrize(
    ("minutes", "sequence", "amount"),
    [(1, 1, "100000.00"), (2.5, 2, "100000.00"), (3, 3, "200000.00"), (600, 8, "200000.00")],
)
async def test_as_of_a_time_a_document_is_what_it_was(
    pool: asyncpg.Pool, minutes: float, sequence: int, amount: str
) -> None:
    await take(pool, everything())
    at = MORNING + timedelta(minutes=minutes)
    async with pool.acquire() as connection:
        found = await store.as_of(connection, USCC, "cargo-proposal", PROPOSAL, at)
        before = await store.as_of(connection, USCC, "cargo-proposal", PROPOSAL, MORNING)
    assert before is None
    assert found is not None
    assert found.sequence == sequence
    assert found.form is not None
    assert found.form["insurance"]["invoiceAmount"] == amount  # type: ignore[index]  # JSON


async def test_status_records_stand_in_order_and_name_the_signed_message(
    pool: asyncpg.Pool,
) -> None:
    events = a_booking_story(BOOKING)
    await take(pool, [*events])
    async with pool.acquire() as connection:
        records = await store.status_records(connection, USCC, "booking", BOOKING)
    assert [record["statusName"] for record in records] == ["已发送", "保险公司已接收", "预约成功"]
    assert [record["cause"]["messageId"] for record in records] == [  # type: ignore[index]  # JSON
        str(event.cause.message_id) for event in events
    ]


async def test_events_that_come_twice_count_once(pool: asyncpg.Pool) -> None:
    events = everything()
    await take(pool, events)
    before = await contents(pool)
    changes = await pool.fetchval("SELECT count(*) FROM change")
    await take(pool, [*events, *events[::-1]])
    assert await contents(pool) == before
    assert await pool.fetchval("SELECT count(*) FROM change") == changes == len(events)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_order_and_the_batches_the_rows_are_the_same(
    pool: asyncpg.Pool, seed: int
) -> None:
    events = everything()
    await take(pool, events)
    expected = await contents(pool)
    chance = random.Random(seed)  # noqa: S311 - an order, no secret
    await pool.execute(f"TRUNCATE {', '.join(TABLES)}")
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 4)
        batch, events = events[:size], events[size:]
        await take(pool, batch)
    assert await contents(pool) == expected


async def test_each_month_has_its_own_partition(pool: asyncpg.Pool) -> None:
    december = MORNING + timedelta(days=30)
    await take(pool, [*a_booking_story(BOOKING), *a_booking_story("YY2", at=december)])
    names = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'status_record'::regclass ORDER BY 1"
    )
    assert [row["name"] for row in names] == ["status_record_2026_11", "status_record_2026_12"]


async def test_batches_at_once_that_need_the_same_new_partition(pool: asyncpg.Pool) -> None:
    stories = [a_booking_story(f"YY{number}") for number in range(6)]
    await asyncio.gather(*(take(pool, [*story]) for story in stories))
    assert len(await find(pool, "booking")) == len(stories)


async def test_positions_are_in_the_order_of_commits(pool: asyncpg.Pool) -> None:
    """A reader who follows positions while writers write misses nothing."""
    writers = [
        take(pool, [*a_booking_story(f"YY{number}", at=MORNING + timedelta(seconds=number))])
        for number in range(20)
    ]
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 60:
            async with pool.acquire() as connection:
                after = seen[-1] if seen else 0
                seen.extend(c.position for c in await store.changes_after(connection, after, 7))

    async with asyncio.timeout(30):
        await asyncio.gather(follow(), *writers)
    assert len(set(seen)) == 60


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("cargo-proposal", {}, [PROPOSAL]),
        ("cargo-proposal", {"status": "50,24"}, [PROPOSAL]),
        ("cargo-proposal", {"status": "24"}, []),
        ("cargo-proposal", {"insurer": "PICC"}, [PROPOSAL]),
        ("cargo-proposal", {"insurer": "CPIC"}, []),
        ("cargo-proposal", {"agreementNo": AGREEMENT_NO}, [PROPOSAL]),
        ("cargo-proposal", {"policyNo": "P2026000001"}, [PROPOSAL]),
        ("cargo-proposal", {"from": "2026-11-23", "to": "2026-11-23"}, [PROPOSAL]),
        ("cargo-proposal", {"from": "2026-11-24"}, []),
        ("cargo-proposal", {"to": "2026-11-22"}, []),
        ("cargo-policy", {"proposalId": PROPOSAL}, [POLICY]),
        ("cargo-policy", {"policyNo": "P2026000001"}, [POLICY]),
        ("payment", {"proposalId": PROPOSAL, "business": "cargo", "status": "32"}, [PAYMENT]),
        ("payment", {"proposalId": "TB1"}, []),
        ("payment", {"bank": "ICBC"}, [PAYMENT]),
        ("debit-agreement", {"bank": "ICBC", "status": "20"}, ["SQ20261123AAAAAAAAAA"]),
        ("debit-agreement", {"agreementNo": "ICBC-1"}, ["SQ20261123AAAAAAAAAA"]),
        ("booking", {"insurer": "PICC"}, [BOOKING]),
    ],
)
async def test_the_manuals_query_keys_find(
    pool: asyncpg.Pool, kind: str, keys: dict[str, str], expected: list[str]
) -> None:
    await take(pool, everything())
    assert await find(pool, kind, **keys) == expected


async def test_nobody_sees_what_is_anothers(pool: asyncpg.Pool) -> None:
    await take(pool, everything())
    async with pool.acquire() as connection:
        assert await store.latest(connection, OTHER_USCC, "booking", BOOKING) is None
        assert await store.as_of(connection, OTHER_USCC, "booking", BOOKING, MORNING) is None
        assert await store.status_records(connection, OTHER_USCC, "booking", BOOKING) == []
        assert await store.rejection_of(connection, OTHER_USCC, REFUSED) is None
        assert await store.moves_of(connection, OTHER_USCC, REFUSED) == []
        theirs = await store.changes_after(connection, 0, 100, OTHER_USCC)
    assert await find(pool, "booking", OTHER_USCC) == ["YY20261123BBBBBBBBBB"]
    assert len(theirs) == 3


async def test_a_message_is_known_by_what_it_caused_or_why_it_was_refused(
    pool: asyncpg.Pool,
) -> None:
    cause = uuid4()
    await take(pool, [*a_booking_story(BOOKING, cause_id=cause), a_rejection(REFUSED, PROPOSAL)])
    async with pool.acquire() as connection:
        moves = await store.moves_of(connection, USCC, cause)
        rejection = await store.rejection_of(connection, USCC, REFUSED)
    assert [(move["kind"], move["status"]) for move in moves] == [("booking", "10")]
    assert rejection is not None
    assert rejection["kind"] == "cargo-proposal"
    assert rejection["reasonCode"] == "WRONG_STATE"


async def test_pages_come_latest_first_and_the_total_is_of_all(pool: asyncpg.Pool) -> None:
    stories = [
        event
        for number in range(25)
        for event in a_booking_story(f"YY{number:02}", at=MORNING + timedelta(hours=number))
    ]
    await take(pool, [*stories])
    async with pool.acquire() as connection:
        total, second = await store.search(connection, USCC, "booking", Query((), 3, 10))
        _, beyond = await store.search(connection, USCC, "booking", Query((), 9, 10))
    assert total == 25
    assert [document.id for document in second] == [f"YY0{number}" for number in (4, 3, 2, 1, 0)]
    assert beyond == []


async def test_the_hot_list_is_read_by_an_index(pool: asyncpg.Pool) -> None:
    await pool.execute(
        """INSERT INTO document (kind, id, sequence, status, status_name, owner, opened_at,
                                 updated_at, parts)
           SELECT 'booking', 'YY' || n, 1, '10', '', 'owner' || n % 500, now(), now(), '{}'
           FROM generate_series(1, 20000) AS n"""
    )
    await pool.execute("ANALYZE document")
    plan = await pool.fetch(
        "EXPLAIN SELECT * FROM document WHERE owner = 'owner7' AND kind = 'booking'"
        " ORDER BY opened_at DESC, id DESC LIMIT 10"
    )
    text = "\n".join(row[0] for row in plan)
    assert "document_latest" in text
    assert "Seq Scan" not in text


async def test_money_survives_as_written(pool: asyncpg.Pool) -> None:
    await take(pool, everything())
    async with pool.acquire() as connection:
        found = await store.latest(connection, USCC, "cargo-policy", POLICY)
    assert found is not None
    assert found.form is not None
    assert Decimal(str(found.form["sumInsured"])) == Decimal("110000.00")
    assert found.form["sumInsured"] == "110000.00"
