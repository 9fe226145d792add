"""Reads every event again: the projections are emptied and filled from the earliest offsets.

Safe beside running instances: both write the same rows, each row once. Until all is read the read
API answers 503; when a rebuild is broken off, run it again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.service import Accepted, Incoming, Service
from libs.service.db import make_pool
from libs.service.examining import Examiner
from libs.service.kafka import client_options, incoming
from libs.service.migrations import check_schema
from libs.service.settings import ServiceSettings
from libs.signing import TrustStore
from services.history import store
from services.history.rows import rows_of

_ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtextextended('rebuild:' || current_schema(), 0))"
_WAIT_MS = 1000

Tell = Callable[[int, int], None]  # messages read, messages to read


class AlreadyRebuilding(Exception):
    """Another rebuild is under way."""


class NoTopic(Exception):
    """A topic that history lives from is not there: nothing was touched."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was read: events applied, and messages that are no valid events (dead letters)."""

    applied: int
    refused: int


async def rebuild(service: Service, settings: ServiceSettings, tell: Tell) -> Result:
    """Empty the projections and read all events again. Raises AlreadyRebuilding, NoTopic."""
    examiner = Examiner(
        TrustStore.load(settings.trust_ca, settings.trust_crl),
        service.kinds,
        service.topics,
        service.wanted,
        settings.body_bytes_max,
    )
    async with await make_pool(settings, "history-rebuild") as pool, pool.acquire() as guard:
        await check_schema(guard, service)
        if not await guard.fetchval(_ONE_AT_A_TIME):
            raise AlreadyRebuilding
        consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
        try:
            await consumer.start()
            places = await _places(consumer, service)
            async with guard.transaction():
                await store.start_over(guard)
            result = await _read_all(consumer, places, settings, examiner, pool, tell)
            await store.whole_again(guard)
        finally:
            await consumer.stop()
    return result


async def _read_all(
    consumer: AIOKafkaConsumer,
    places: list[TopicPartition],
    settings: ServiceSettings,
    examiner: Examiner,
    pool: asyncpg.Pool,
    tell: Tell,
) -> Result:
    """From the earliest offsets to where the topics end now; what comes later is the service's."""
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    begin, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    total = sum(end[place] - begin[place] for place in end)
    applied = refused = 0
    while (done := await _done(consumer, begin, end)) < total:
        tell(done, total)
        found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=settings.batch_records_max)
        batch = [incoming(record) for records in found.values() for record in records]
        if not batch:
            continue
        good = await _apply(pool, examiner, batch)
        applied, refused = applied + good, refused + len(batch) - good
    tell(total, total)
    return Result(applied, refused)


async def _places(consumer: AIOKafkaConsumer, service: Service) -> list[TopicPartition]:
    metadata = await consumer._client.fetch_all_metadata()
    places = []
    for topic in service.consumed:
        partitions = metadata.partitions_for_topic(topic)
        if not partitions:
            raise NoTopic(topic)
        places += [TopicPartition(topic, partition) for partition in sorted(partitions)]
    return places


async def _done(
    consumer: AIOKafkaConsumer,
    begin: Mapping[TopicPartition, int],
    end: Mapping[TopicPartition, int],
) -> int:
    """How many of the messages between begin and end are behind us."""
    positions = {place: await consumer.position(place) for place in end}
    return sum(min(positions[place], end[place]) - begin[place] for place in end)


async def _apply(pool: asyncpg.Pool, examiner: Examiner, batch: list[Incoming]) -> int:
    examined = await asyncio.to_thread(examiner.examine_all, batch)
    events = [found for found in examined if isinstance(found, Accepted)]
    rows = rows_of((event.kind, event.message) for event in events)
    async with pool.acquire() as connection, connection.transaction():
        await store.save(connection, rows, alone=True)
    return len(events)
