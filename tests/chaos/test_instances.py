"""A second instance joins, takes partitions, leaves, dies: the relay is handed over, in order."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from bench.load.balance import Balance
from bench.load.flows import IN_FORCE
from tests.chaos import outages
from tests.chaos.arena import IS_LONG, READY_SECONDS, STILL_MOVES, Arena, Second, long_only

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

CONSUMERS = ("policy", "payment", "gateway", "booking", "history")
DOUBLED = CONSUMERS if IS_LONG else ("policy",)
ROUNDS = 2 if IS_LONG else 1
TOGETHER = 12  # flows that start while both are there
RACING = 60  # and where what is looked for is a matter of who is quicker
LONG_SESSION_SECONDS = 50.0

_LOOK_SECONDS = 0.2


async def members(admin: AIOKafkaAdminClient, group: str, count: int) -> None:
    """Wait until a group has so many members and each has its partitions."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            (answer,) = await admin.describe_consumer_groups([group])
            (_, _, state, _, _, found, *_) = answer.groups[0]
            if state == "Stable" and len(found) == count and all(member[4] for member in found):
                return
            await asyncio.sleep(_LOOK_SECONDS)


async def relays(port: int) -> None:
    """Wait until the instance on this port is the one that publishes."""
    async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
        while True:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics", timeout=10)).text
            rows = [line for line in text.splitlines() if line.startswith("tongbao_relay_active")]
            if rows and rows[0].endswith(" 1.0"):
                return
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def asking(arena: Arena) -> AsyncIterator[AIOKafkaAdminClient]:
    """Who can say what groups there are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.stack.kafka.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def comes_and_goes(arena: Arena, name: str) -> None:
    """A second instance leaves; another takes over from the first, and dies when that is back."""
    async with asking(arena) as admin:
        with arena.second(name) as second:
            await members(admin, name, 2)
            await leaves(second)
            await members(admin, name, 1)
        with arena.second(name) as second:
            await members(admin, name, 2)
            arena.kill(name)
            if name != "history":
                await relays(second.port)
            arena.start(name)
            await members(admin, name, 2)
            second.process.kill()
        await members(admin, name, 1)


async def leaves(second: Second) -> None:
    """SIGTERM, and it ends well."""
    second.process.terminate()
    assert await asyncio.to_thread(second.process.wait, READY_SECONDS) == 0


async def test_a_second_instance_comes_and_goes(arena: Arena) -> None:
    async with arena.under_load() as load:
        for _ in range(ROUNDS):
            async with asyncio.TaskGroup() as together:
                for name in DOUBLED:
                    together.create_task(comes_and_goes(arena, name))
        assert not (await load.balance()).wrong


async def side_by_side(arena: Arena, name: str, mutation: str = "") -> Balance:
    """Two instances for a while, on a database whose commits take their time."""
    arena.start(name, mutation=mutation)
    async with AsyncExitStack() as slow, asking(arena) as admin, arena.under_load() as load:
        await slow.enter_async_context(slow_commits(arena, name))
        with arena.second(name, mutation=mutation) as second:
            await members(admin, name, 2)
            await load.started(RACING)
            await leaves(second)
        await slow.aclose()
        return await load.at_rest()  # as they left it: a relay that starts begins with what lies


@asynccontextmanager
async def slow_commits(arena: Arena, name: str) -> AsyncIterator[None]:
    """Each row of the outbox makes its commit up to 100 ms longer."""
    await arena.do(
        f"""
        CREATE SCHEMA chaos; GRANT USAGE ON SCHEMA chaos TO PUBLIC;
        CREATE FUNCTION chaos.slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(random() * 0.1); RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER chaos AFTER INSERT ON {name}.outbox
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos.slowly()"""
    )
    try:
        yield
    finally:
        await arena.do("DROP SCHEMA chaos CASCADE")


def repeats(found: Balance) -> int:
    """Records of policy that were there before."""
    books = found.books
    return sum(books.records[topic] - books.unique[topic] for topic in ("policy.events",))


@long_only
async def test_two_side_by_side_repeat_nothing_and_lose_nothing(arena: Arena) -> None:
    found = await side_by_side(arena, "policy")
    assert not found.wrong
    assert repeats(found) == 0


@long_only
async def test_mutation_without_the_outbox_lock_a_late_commit_is_passed_over(arena: Arena) -> None:
    with pytest.raises(AssertionError, match=STILL_MOVES):
        await side_by_side(arena, "policy", "no_outbox_lock")
    (row,) = await arena.sql("SELECT count(*) AS left FROM policy.outbox")
    assert row["left"], "the relay, which runs, has passed nothing over"


@long_only
async def test_mutation_two_relays_publish_messages_twice(arena: Arena) -> None:
    arena.start("policy", mutation="no_relay_lock")
    async with asking(arena) as admin, arena.under_load() as load:
        with arena.second("policy", mutation="no_relay_lock") as second:
            await members(admin, "policy", 2)
            async with outages.brokers_refuse_messages(arena, ["policy.events"]):
                await load.started(TOGETHER)  # what waits first, both relays have read
            await load.started(TOGETHER, IN_FORCE)
            await leaves(second)
        arena.start("policy")
        found = await load.at_rest()
    assert repeats(found) > 0


@long_only
async def test_a_frozen_instance_that_wakes_does_nothing_again(arena: Arena) -> None:
    async with asking(arena) as admin, arena.under_load() as load:
        with arena.second("policy") as second:
            await members(admin, "policy", 2)
            second.process.send_signal(signal.SIGSTOP)
            await members(admin, "policy", 1)
            await load.started(TOGETHER)
            second.process.send_signal(signal.SIGCONT)
            await members(admin, "policy", 2)
            await leaves(second)
        assert not (await load.balance()).wrong


async def seconds_after_a_kill(arena: Arena, instance: str) -> float:
    """How long flows take to end when a service with long sessions was killed and restarted."""

    def start() -> None:
        arena.start("policy", kafka_session_seconds=LONG_SESSION_SECONDS, kafka_instance=instance)

    start()
    async with asking(arena) as admin, arena.under_load() as load:
        await members(admin, "policy", 1)
        await load.started(TOGETHER)
        arena.kill("policy")
        start()
        await load.started(TOGETHER)
        began = monotonic()
        assert not (await load.balance()).wrong
        return monotonic() - began


@long_only
async def test_an_instance_with_a_name_has_its_partitions_back_at_once(arena: Arena) -> None:
    assert await seconds_after_a_kill(arena, "policy") < LONG_SESSION_SECONDS / 2


@long_only
async def test_mutation_without_a_name_it_waits_for_its_session_to_end(arena: Arena) -> None:
    assert await seconds_after_a_kill(arena, "") > LONG_SESSION_SECONDS / 2
