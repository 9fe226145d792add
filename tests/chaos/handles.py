"""What the tests of chaos take hold of: partners' behaviour, tables, dead letters, health."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bench.load.balance import DECIDING
from bench.load.topics import Place, ends
from libs.messages.topics import TOPICS
from libs.service.outbox import Outbound
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


async def publish(arena: Arena, rows: Sequence[Outbound]) -> None:
    """Put messages on their topics, in order a key."""
    async with AIOKafkaProducer(
        bootstrap_servers=arena.stack.kafka.bootstrap,
        linger_ms=5,
        max_batch_size=512 * 1024,
        max_request_size=16 * 1024 * 1024,
    ) as producer:
        for row in rows:
            await producer.send(row.topic, row.body, key=row.key, headers=list(row.headers))


def group_of(name: str) -> tuple[str, str]:
    """How the topic table calls a member, and its consumer group."""
    if name.startswith("sandbox-"):
        code = name.removeprefix("sandbox-").upper()
        return code, f"sandbox-{code}"
    return name, name


async def _read(arena: Arena, name: str) -> tuple[dict[Place, int], dict[Place, int]]:
    """Of a member's topics: where they end, and how far it is."""
    reader, group = group_of(name)
    end = await ends(arena.stack.kafka.bootstrap)
    own = {place: at for place, at in end.items() if reader in TOPICS[place.topic].consumers}
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.stack.kafka.bootstrap)
    await admin.start()
    try:
        read = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return own, {place: read[place].offset if place in read else 0 for place in own}


async def lag(arena: Arena, name: str) -> int:
    """Messages that wait for a member."""
    own, read = await _read(arena, name)
    return sum(max(0, at - read[place]) for place, at in own.items())


async def pass_over(arena: Arena, *names: str) -> None:
    """Let these members, which are stopped, begin behind everything that waits for them."""
    await asyncio.gather(*(_pass_over(arena, name) for name in names))


async def _pass_over(arena: Arena, name: str) -> None:
    own, _ = await _read(arena, name)
    async with AIOKafkaConsumer(
        bootstrap_servers=arena.stack.kafka.bootstrap,
        group_id=group_of(name)[1],
        enable_auto_commit=False,
    ) as consumer:
        consumer.assign(list(own))
        await _commit(consumer, own)


async def _commit(consumer: AIOKafkaConsumer, offsets: Mapping[Place, int]) -> None:
    """A stopped member with a lasting name counts until its session ends; so long is waited."""

    async def taken() -> bool:
        try:
            await consumer.commit(offsets)
        except KafkaError:
            return False
        return True

    await until(taken, 30, "offsets are committed from outside the group")


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
