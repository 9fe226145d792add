"""The outbox and its relay: nothing skipped, nothing reordered, one publishes at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from libs.service import dead_letters, outbox
from libs.service.backoff import Stopping
from libs.service.db import make_pool
from libs.service.faults import kill_at
from libs.service.health import Progress
from libs.service.logs import make_logger
from libs.service.metrics import Metrics
from libs.service.outbox import Outbound
from libs.service.publishing import BATCH_BYTES_MAX, Publisher
from libs.service.relay import Relay
from tests.integration.service.conftest import World, until

pytestmark = pytest.mark.stack


class Running:
    """A relay by itself."""

    def __init__(self, world: World, pool: asyncpg.Pool, rows_max: int = 500) -> None:
        settings = world.settings()
        self.metrics = Metrics(world.toy.name)
        self.publisher = Publisher(settings, world.toy.name, self.metrics)
        self.stop = asyncio.Event()
        self.progress = Progress(60)
        self.relay = Relay(
            pool,
            self.publisher,
            self.stop,
            rows_max,
            0.1,
            0.5,
            self.metrics,
            self.progress,
            make_logger(world.toy.name),
            kill_at(""),
        )
        self.task = asyncio.create_task(self.relay.run())

    async def end(self) -> None:
        self.stop.set()
        await self.task
        await self.publisher.stop()


Start = Callable[..., Running]


@pytest.fixture
async def pool(world: World) -> AsyncIterator[asyncpg.Pool]:
    pool = await make_pool(world.settings(database_pool_max=20), world.toy.name)
    yield pool
    await pool.close()


@pytest.fixture
async def start(world: World, pool: asyncpg.Pool) -> AsyncIterator[Start]:
    """Starts relays, and ends those that a test leaves."""
    relays: list[Running] = []

    def start(**settings: int) -> Running:
        relays.append(Running(world, pool, **settings))
        return relays[-1]

    yield start
    for relay in relays:
        await relay.end()


def numbered(world: World, number: int, size: int = 100) -> Outbound:
    body = str(number).encode().rjust(size, b"0")
    return Outbound(world.toy.events, b"BX1", (("n", b"\xff\x00"),), body)


def number_of(body: bytes) -> int:
    return int(body.lstrip(b"0") or b"0")


async def put(pool: asyncpg.Pool, *messages: Outbound) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await outbox.put(connection, messages, notify=True)


async def published(world: World) -> list[int]:
    return [number_of(event.value) for event in await world.everything(world.toy.events)]


async def late_commit(world: World, pool: asyncpg.Pool, start: Start) -> list[int]:
    """Two transactions: the first to insert is the last to commit. What is published, in order."""
    running = start()
    await until(lambda: running.relay.active)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await outbox.put(connection, [numbered(world, 1)], notify=True)
        other = asyncio.create_task(put(pool, numbered(world, 2)))
        await asyncio.wait([other], timeout=0.5)
        if other.done():  # nothing held it back: let the relay pass
            await until(lambda: running.metrics.value("published", world.toy.events) == 1)
        await transaction.commit()
    await other
    await put(pool, numbered(world, 3))

    async def is_out() -> bool:
        return 3 in await published(world)

    await until(is_out)
    await running.end()
    return await published(world)


async def test_a_row_that_commits_late_is_not_passed_over(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    assert await late_commit(world, pool, start) == [1, 2, 3]
    assert await world.count("outbox") == 0


async def test_mutation_without_the_outbox_lock_it_would_be_passed_over(
    world: World, pool: asyncpg.Pool, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not deleted, only passed over: a relay that starts anew finds it, out of order."""
    monkeypatch.setattr(outbox, "LOCK", "SELECT 1")
    assert await late_commit(world, pool, start) == [2, 3]
    assert await world.count("outbox") == 1


async def test_headers_and_bytes_come_out_as_they_went_in(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    running = start()
    await put(pool, numbered(world, 7))
    (event,) = await world.read(world.toy.events, 1)
    await running.end()
    assert event.headers == (("n", b"\xff\x00"),)
    assert (event.key, event.value) == (b"BX1", numbered(world, 7).body)


async def test_windows_that_overflow_a_producer_batch_keep_order(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    size = BATCH_BYTES_MAX // 7
    await put(pool, *(numbered(world, number, size) for number in range(40)))
    running = start(rows_max=15)
    events = await world.read(world.toy.events, 40)
    await until(lambda: running.metrics.value("published", world.toy.events) == 40)
    await running.end()
    assert [number_of(event.value) for event in events] == list(range(40))


async def test_one_relay_publishes_and_a_standby_takes_over(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    first = start()
    await until(lambda: first.relay.active)
    second = start()
    await put(pool, *(numbered(world, number) for number in range(10)))
    await world.read(world.toy.events, 10)
    assert not second.relay.active
    await first.end()
    await until(lambda: second.relay.active)
    await put(pool, *(numbered(world, number) for number in range(10, 20)))
    events = await world.read(world.toy.events, 20)
    await second.end()
    assert [number_of(event.value) for event in events] == list(range(20))


async def test_a_relay_whose_session_is_gone_lets_another_take_over(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    first = start()
    await until(lambda: first.relay.active)
    second = start()
    admin = await asyncpg.connect(world.database.admin_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND pid IN (SELECT pid FROM pg_stat_activity WHERE usename = $1)",
        world.database.schema,
    )
    await admin.close()
    await put(pool, *(numbered(world, number) for number in range(10)))
    events = await world.read(world.toy.events, 10)
    await first.end()
    await second.end()
    assert [number_of(event.value) for event in events] == list(range(10))


async def test_a_message_that_no_broker_takes_does_not_hold_up_the_rest(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    await put(pool, numbered(world, 1), numbered(world, 2, 13_000_000), numbered(world, 3))
    running = start()
    events = await world.read(world.toy.events, 2)
    await until(lambda: running.metrics.value("unexpected") == 1)
    await running.end()
    assert [number_of(event.value) for event in events] == [1, 3]
    async with pool.acquire() as connection:
        (letter,) = await dead_letters.find(connection)
    assert (letter.reason, len(letter.source.body)) == ("TOO_LARGE", 13_000_000)


async def test_a_large_backlog_is_read_a_little_at_a_time(world: World, pool: asyncpg.Pool) -> None:
    await put(pool, *(numbered(world, number, 900_000) for number in range(30)))
    async with pool.acquire() as connection:
        rows = await outbox.waiting(connection, 0, 500)
    assert [row.message.body for row in rows] == [
        numbered(world, number, 900_000).body for number in range(len(rows))
    ]
    assert len(rows) == 10  # 8 MiB, and what began below


async def test_a_failed_window_is_sent_again_whole_and_in_order(
    world: World, pool: asyncpg.Pool, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brokers have the first window twice; what a reader meets first is in order."""
    publish = Publisher.publish_window
    failures = iter([OSError("lost after the brokers had it")])

    async def failing(self: Publisher, messages: list[Outbound]) -> int:
        taken = await publish(self, messages)
        if (error := next(failures, None)) is not None:
            raise error
        return taken

    monkeypatch.setattr(Publisher, "publish_window", failing)
    await put(pool, *(numbered(world, number) for number in range(20)))
    running = start(rows_max=8)
    events = await world.read(world.toy.events, 28)
    await running.end()
    firsts = list(dict.fromkeys(number_of(event.value) for event in events))
    assert firsts == list(range(20))


async def test_a_stopped_relay_raises_nothing(
    world: World, pool: asyncpg.Pool, start: Start
) -> None:
    running = start()
    await until(lambda: running.relay.active)
    running.stop.set()
    try:
        await asyncio.wait_for(running.task, 5)
    except Stopping:  # pragma: no cover
        pytest.fail("told its caller that it was told to stop")
    assert not running.relay.active
    await running.publisher.stop()
