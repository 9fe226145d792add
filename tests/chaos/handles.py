"""What the tests of chaos take hold of: partners' behaviour, tables, dead letters, health."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from bench.load.balance import DECIDING
from bench.load.topics import Place, ends
from tests.chaos.arena import Arena

KEEPERS = (*DECIDING, "history")  # of dead letters
_LOOK_SECONDS = 0.1


@asynccontextmanager
async def connected(arena: Arena) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The stack's database, as its administrator sees it."""
    connection = await asyncpg.connect(arena.stack.admin_url)
    try:
        yield connection
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[object]], seconds_max: float, what: str) -> float:
    """Wait for a condition; returns how long it took. Raises AssertionError naming `what`."""
    began = monotonic()
    while not await condition():
        assert monotonic() - began < seconds_max, f"not within {seconds_max:.0f} s: {what}"
        await asyncio.sleep(_LOOK_SECONDS)
    return monotonic() - began


async def behave(arena: Arena, partner: str, **how: object) -> None:
    """Steer a partner of the sandbox; without more it behaves well."""
    async with httpx.AsyncClient() as client:
        address = arena.address(f"sandbox-{partner.lower()}")
        answer = await client.put(f"{address}/behaviour", json=how, timeout=10)
        answer.raise_for_status()


@asynccontextmanager
async def behaving(arena: Arena, partner: str, **how: object) -> AsyncIterator[None]:
    """A partner that behaves so for a while."""
    await behave(arena, partner, **how)
    try:
        yield
    finally:
        await behave(arena, partner)


async def dead_letters(arena: Arena) -> Counter[tuple[str, str]]:
    """Dead letters by service and reason."""
    async with connected(arena) as db:
        found: Counter[tuple[str, str]] = Counter()
        for service in KEEPERS:
            rows = await db.fetch(f"SELECT reason FROM {service}.dead_letter")  # noqa: S608 - ours
            found.update((service, row["reason"]) for row in rows)
        return found


async def forget_dead_letters(arena: Arena) -> None:
    """Dead letters that were meant are not for the next test to find."""
    async with connected(arena) as db:
        for service in KEEPERS:
            await db.execute(f"DELETE FROM {service}.dead_letter")  # noqa: S608 - ours


async def health(arena: Arena, name: str, path: str) -> httpx.Response:
    """What a service says at /livez, /readyz or /metrics."""
    async with httpx.AsyncClient() as client:
        return await client.get(f"{arena.address(name)}{path}", timeout=5)


async def records_since(
    arena: Arena, begin: Mapping[Place, int], topics: Collection[str]
) -> list[ConsumerRecord]:
    """What came on these topics since `begin`, until now."""
    bootstrap = arena.stack.kafka.bootstrap
    end = {place: at for place, at in (await ends(bootstrap)).items() if place.topic in topics}
    found: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(list(end))
        for place in end:
            consumer.seek(place, begin.get(place, 0))
        while any([await consumer.position(place) < at for place, at in end.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    return found
