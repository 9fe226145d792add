"""A rebuild with several processes: the same rows, and nothing half-done when one is killed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from libs.messages.base import DocumentChanged, Message
from services.history import store
from services.history.rebuild import TablesInUse, rebuild
from services.history.spans import Span
from services.history.workers import WorkerFailed
from tests.integration.history.test_rebuild import environment, quietly, some_events
from tests.integration.history.test_store import contents
from tests.support.events import a_booking_story
from tests.support.readside import Keys, ReadSide, until_true
from tests.support.stores import Database, Stores

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[3]
TOPICS_OF_ITS_OWN = "tests.integration.history.rebuild_here"

# where a rebuild stands still: before its first row, and when all is ready for the swap
POINTS = {
    "no row written": "LOCK TABLE change IN ACCESS EXCLUSIVE MODE",
    "before the swap": (
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('history:' || current_schema(), 0))"
    ),
}
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = current_user AND application_name = 'tongbao-history-rebuild'
  AND wait_event_type = 'Lock'"""


@pytest.fixture
async def side(stores: Stores, database: Database, tmp_path: Path) -> ReadSide:
    side = ReadSide(stores, Keys(tmp_path), database)
    await side.prepare()
    return side


@pytest.fixture
async def pool(side: ReadSide) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(side.database.url, min_size=0) as pool:
        yield pool


async def lived(side: ReadSide, pool: asyncpg.Pool, *batches: list[Message]) -> dict[str, object]:
    """What the running service makes of these, one after the other."""
    async with side.running_history():
        for events in batches:
            await side.publish(events)
            await side.projected(pool, events)
    return dict(await contents(pool))


async def leftovers(pool: asyncpg.Pool) -> int:
    found: int = await pool.fetchval(
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relname LIKE 'rebuild%'"
    )
    return found


async def form(pool: asyncpg.Pool) -> list[tuple[object, ...]]:
    """Every table, index and constraint by name, with its definition."""
    rows = await pool.fetch(
        "SELECT c.relname, c.relkind::text, coalesce(pg_get_indexdef(i.indexrelid), '')"
        " FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
        " WHERE c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    named = await pool.fetch(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    columns = await pool.fetch(
        "SELECT table_name, column_name, ordinal_position, data_type, is_nullable,"
        " generation_expression FROM information_schema.columns"
        " WHERE table_schema = current_schema() ORDER BY 1, 3"
    )
    return [tuple(row) for row in (*rows, *named, *columns)]


@pytest.mark.parametrize("workers", [1, 3])
async def test_with_any_number_of_workers_rows_and_tables_are_the_same(
    side: ReadSide, pool: asyncpg.Pool, workers: int
) -> None:
    events = [event for number in range(6) for event in some_events(number)]
    before, made = await lived(side, pool, events, events[3:9]), await form(pool)
    settings = await side.settings(side.history, rebuild_workers=workers, rebuild_records_max=7)
    await rebuild(side.history, settings, quietly)
    assert await contents(pool) == before
    assert await form(pool) == made


async def test_of_two_different_events_for_one_move_the_first_counts(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    """The proof that equality above can fail: the second differs in its note and its time."""
    first = a_booking_story("YY-1")
    second = [
        event.model_copy(
            update={
                "note": "另一次",
                "meta": a_booking_story("YY-1", at=event.meta.created_at)[0].meta,
            }
        )
        for event in first
        if isinstance(event, DocumentChanged)
    ]
    before = await lived(side, pool, [*first], [*second])
    settings = await side.settings(side.history, rebuild_records_max=2)
    await rebuild(side.history, settings, quietly)
    assert await contents(pool) == before
    assert "另一次" not in str(before)


async def test_into_an_empty_database_streams_are_told_in_order(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    events = [event for number in range(3) for event in some_events(number)]
    await side.publish([*events, *events[:5]])
    await rebuild(side.history, await side.settings(side.history), quietly)
    told = await pool.fetch(
        "SELECT body ->> 'id' AS id, (body ->> 'sequence')::int AS sequence FROM change"
        " WHERE body ->> 'type' = 'moved' ORDER BY position"
    )
    assert await pool.fetchval("SELECT count(*) FROM change") == len(events)
    for document in {row["id"] for row in told}:
        sequences = [row["sequence"] for row in told if row["id"] == document]
        assert sequences == sorted(sequences)


async def test_what_is_no_event_is_kept_as_a_dead_letter(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    await side.publish(some_events(1))
    side.keys.services = side.keys.services | {"booking": side.keys.cards["stranger"]}
    await side.publish(a_booking_story("YY-9"))
    settings = await side.settings(side.history)
    for _ in range(2):  # the second finds them kept
        result = await rebuild(side.history, settings, quietly)
        assert result.refused == {"NOT_TRUSTED": 3}
        assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 3


@pytest.mark.parametrize("point", POINTS)
async def test_killed_anywhere_it_leaves_what_was_there(
    side: ReadSide, pool: asyncpg.Pool, point: str
) -> None:
    events = [event for number in range(4) for event in some_events(number)]
    before = await lived(side, pool, events)
    settings = await side.settings(side.history)
    given = environment(settings) | {"TOPIC_PREFIX": side.prefix}
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute(POINTS[point])
        process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-m", TOPICS_OF_ITS_OWN],
            env={"PATH": os.environ["PATH"], **given},
            cwd=ROOT,
        )
        await until_true(lambda: is_waiting(pool), 60)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        async with asyncio.timeout(30):
            while any(each.is_running() for each in family):
                await asyncio.sleep(0.05)
    assert await contents(pool) == before
    assert await leftovers(pool) > 0
    result = await rebuild(side.history, settings, quietly)
    assert result.applied == len(events)
    assert await contents(pool) == before
    assert await leftovers(pool) == 0


async def is_waiting(pool: asyncpg.Pool) -> bool:
    return bool(await pool.fetchval(WAITING))


async def test_a_killed_worker_ends_the_rebuild_and_nothing_is_touched(
    side: ReadSide, pool: asyncpg.Pool
) -> None:
    events = some_events(1)
    before = await lived(side, pool, events)
    settings = await side.settings(side.history)
    async with pool.acquire() as blocker:
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute(POINTS["no row written"])
        running = asyncio.create_task(rebuild(side.history, settings, quietly))
        await until_true(lambda: is_waiting(pool), 60)
        pid = await pool.fetchval(WAITING.replace("count(*)", "client_port"))
        holder = next(c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == pid)
        assert holder.pid is not None
        assert holder.pid != os.getpid()
        os.kill(holder.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.wait([running])), 2)
        await transaction.rollback()
        with pytest.raises(WorkerFailed):
            await running
    assert await contents(pool) == before
    assert await leftovers(pool) == 0


async def test_who_holds_the_tables_for_long_is_not_overrun(
    side: ReadSide, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await lived(side, pool, some_events(1))
    monkeypatch.setattr("services.history.rebuild._SWAPS_MAX", 1)
    monkeypatch.setattr("services.history.store.tables._LOCK_MS_MAX", 200)
    async with pool.acquire() as dump, dump.transaction():
        await dump.execute("LOCK TABLE status_record IN ACCESS SHARE MODE")
        with pytest.raises(TablesInUse):
            await rebuild(side.history, await side.settings(side.history), quietly)
    assert await contents(pool) == before
    assert await leftovers(pool) == 0


async def test_rights_that_others_were_given_stay(side: ReadSide, pool: asyncpg.Pool) -> None:
    await pool.execute("GRANT SELECT ON status_record TO PUBLIC")
    await rebuild(side.history, await side.settings(side.history), quietly)
    rights = await pool.fetchval(
        "SELECT relacl::text FROM pg_class WHERE oid = 'status_record'::regclass"
    )
    assert "{=r/" in rights or ",=r/" in rights


def test_names_are_only_made_by_us() -> None:
    with pytest.raises(ValueError, match="evil"):
        store.Names("evil; drop")
    assert Span(7, 3).count == 0
