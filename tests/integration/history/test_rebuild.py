"""Dropping the projections and reading all events again gives the same rows."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from libs.messages.base import Message
from libs.messages.samples import USCC
from libs.service import ServiceSettings
from libs.signing.proofs import issue_pass
from services.history.rebuild import AlreadyRebuilding, rebuild
from services.history.spans import NoTopic
from tests.integration.history.test_store import contents
from tests.support.events import a_booking_story, a_debit_story, a_proposal_story, a_rejection
from tests.support.readside import Keys, ReadSide, until_true
from tests.support.stores import Database, Stores

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def side(stores: Stores, database: Database, tmp_path: Path) -> ReadSide:
    side = ReadSide(stores, Keys(tmp_path), database)
    await side.prepare()
    return side


@pytest.fixture
async def pool(side: ReadSide) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(side.database.url, min_size=0) as pool:
        yield pool


def some_events(number: int) -> list[Message]:
    return [
        *a_booking_story(f"YY-{number}"),
        *a_proposal_story(f"TB-{number}", policy_no=f"P-{number}"),
        *a_debit_story(f"SQ-{number}"),
        a_rejection(uuid4(), f"TB-{number}"),
    ]


def quietly(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total


async def test_rebuilt_while_stopped_and_while_running_the_rows_are_the_same(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    events = [event for number in range(5) for event in some_events(number)]
    settings = await side.settings(side.history)
    async with side.running_history():
        await side.publish([*events, *events[:7]])  # some of them twice
        await side.projected(pool, events)
    before, changes = await contents(pool), await pool.fetch("SELECT * FROM change")
    result = await rebuild(side.history, settings, quietly)
    assert (result.applied, result.refused) == (len(events) + 7, {})
    assert await contents(pool) == before
    async with side.running_history():
        await rebuild(side.history, settings, quietly)
    assert await contents(pool) == before
    assert await pool.fetch("SELECT * FROM change") == changes  # streams keep their places


async def test_what_happens_during_a_rebuild_is_not_lost(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    first = [event for number in range(4) for event in some_events(number)]
    later = [event for number in range(4, 8) for event in some_events(number)]
    settings = await side.settings(side.history, batch_records_max=5, rebuild_records_max=5)
    async with side.running_history():
        await side.publish(first)
        await side.projected(pool, first)
        await asyncio.gather(rebuild(side.history, settings, quietly), side.publish(later))
        await side.projected(pool, later)
        during = await contents(pool)
    await rebuild(side.history, settings, quietly)
    assert await contents(pool) == during
    assert len(during["document_version"]) == sum(
        1 for event in [*first, *later] if hasattr(event, "sequence")
    )


async def test_messages_that_are_no_events_are_passed_over(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    events = some_events(1)
    await side.publish(events)
    unsigned = side.keys.services | {"policy": side.keys.cards["stranger"]}
    side.keys.services = unsigned
    await side.publish(a_proposal_story("TB-2", policy_no="P-2")[:3])
    result = await rebuild(side.history, await side.settings(side.history), quietly)
    assert (result.applied, result.refused) == (len(events), {"NOT_TRUSTED": 3})
    assert await pool.fetchval("SELECT count(*) FROM document WHERE id = 'TB-2'") == 0


async def test_one_rebuild_at_a_time(side: ReadSide, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            "SELECT pg_advisory_lock(hashtextextended('rebuild:' || current_schema(), 0))"
        )
        with pytest.raises(AlreadyRebuilding):
            await rebuild(side.history, await side.settings(side.history), quietly)


async def test_without_its_topics_nothing_is_dropped(side: ReadSide, pool: asyncpg.Pool) -> None:
    async with side.running_history():
        events = some_events(1)
        await side.publish(events)
        await side.projected(pool, events)
    before = await contents(pool)
    gone = {f"gone.{name}": replace(row, name=f"gone.{name}") for name, row in side.topics.items()}
    missing = replace(side.history, topics=gone)
    with pytest.raises(NoTopic):
        await rebuild(missing, await side.settings(side.history), quietly)
    assert await contents(pool) == before


def a_pass(side: ReadSide) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "purpose": "read-history",
        "owner": USCC,
        "issuedAt": now,
        "expiresAt": now + 60,
    }
    return {"authorization": f"Bearer {issue_pass(claims, side.keys.services['portal'])}"}


async def test_the_command_line_rebuilds_and_tells_what_is_wrong(
    side: ReadSide, stores: Stores
) -> None:
    await asyncio.to_thread(
        stores.create_topics, "booking.events", "policy.events", "payment.events"
    )
    settings = await side.settings(side.history)
    done = await asyncio.to_thread(run, ["rebuild"], environment(settings))
    assert done.returncode == 0, done.stderr
    assert "read" in done.stdout
    wrong = await asyncio.to_thread(run, ["rebuild"], {})
    assert wrong.returncode == 2
    assert "HISTORY_DATABASE_URL: is not set" in wrong.stderr
    assert (await asyncio.to_thread(run, ["nonsense"], {})).returncode == 2


def environment(settings: ServiceSettings) -> dict[str, str]:
    return {
        "HISTORY_DATABASE_URL": settings.database_url.get_secret_value(),
        "HISTORY_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HISTORY_KEY_FILE": str(settings.key_file),
        "HISTORY_CERT_FILE": str(settings.cert_file),
        "HISTORY_TRUST_CA": str(settings.trust_ca),
        "HISTORY_HTTP_PORT": "0",
    }


def run(arguments: list[str], given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.history", *arguments],
        env={"PATH": os.environ["PATH"], **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_two_instances_share_the_work(side: ReadSide, pool: asyncpg.Pool) -> None:
    events = [event for number in range(6) for event in some_events(number)]
    async with side.running_history(), side.running_history():
        await side.publish(events)
        await side.projected(pool, events)
    before = await contents(pool)
    await rebuild(side.history, await side.settings(side.history), quietly)
    assert await contents(pool) == before


async def test_an_event_that_is_none_is_a_dead_letter(side: ReadSide, pool: asyncpg.Pool) -> None:
    side.keys.services = side.keys.services | {"booking": side.keys.cards["PICC"]}
    async with side.running_history():
        await side.publish(a_booking_story("YY-1")[:1])

        async def buried() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM dead_letter"))

        await until_true(buried)
    assert await pool.fetchval("SELECT count(*) FROM document") == 0
