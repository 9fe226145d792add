"""Reads every event again, into a second set of tables that then takes the place of the first.

Safe beside running instances: they go on reading and writing the first set until the swap. Broken
off anywhere, a rebuild leaves everything as it was; the next one clears away what it had begun.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.service import Accepted, Dead, Service, ServiceSettings, dead_letters
from libs.service.db import ERRORS, make_pool
from libs.service.examining import Examiner
from libs.service.migrations import check_schema
from services.history import spans, store, workers
from services.history.loading import Loaded, Task, examiner_of
from services.history.rows import rows_of
from services.history.settings import HistorySettings
from services.history.spans import Reading, Spans

_ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtextextended('rebuild:' || current_schema(), 0))"
_SWAPS_MAX = 20
_PAUSE_SECONDS = 1.0
READING, INDEXING, SWAPPING = "reading events", "making indexes", "putting in place"

Tell = Callable[[str, int, int], None]  # stage, how much of it is done, how much there is


class AlreadyRebuilding(Exception):
    """Another rebuild is under way."""


class TablesInUse(Exception):
    """Somebody holds the tables that are read for so long that they could not be replaced."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was read: events applied, and messages that are no valid events, by reason.

    The latter are dead letters: those that the service has not buried, the rebuild did.
    `cpu_seconds` is what the workers used.
    """

    applied: int
    refused: Mapping[str, int]
    cpu_seconds: float


@dataclass
class _Rebuild:
    service: Service
    settings: HistorySettings
    pool: asyncpg.Pool
    guard: store.Connection
    consumer: AIOKafkaConsumer
    names: store.Names
    tell: Tell

    async def run(self) -> Result:
        found = await spans.all_there_is(self.consumer, self.service)
        await store.sweep(self.guard)
        async with self.guard.transaction():
            await store.make(self.guard, self.names)
        loaded = await self._load(found)
        await self._index()
        positions = {place: span.begin for place, span in found.items()} | loaded.positions
        loaded.add(await self._swap(positions))
        return Result(loaded.applied, dict(loaded.refused), loaded.cpu_seconds)

    async def _load(self, found: Spans) -> Loaded:
        total, done = sum(span.count for span in found.values()), 0

        def read(count: int) -> None:
            nonlocal done
            done = min(done + count, total)
            self.tell(READING, done, total)

        topics = dict(self.service.topics)
        shares = spans.share(found, self.parts)
        tasks = [Task(self.settings, topics, share, self.names) for share in shares]
        loaded = await workers.load(tasks, read)
        self.tell(READING, total, total)
        return loaded

    @property
    def parts(self) -> int:
        """How many processes, and then connections, work at once."""
        return self.settings.rebuild_workers or len(os.sched_getaffinity(0))

    async def _index(self) -> None:
        """Keys and indexes, made when the rows are in: sorted once instead of a place a row."""
        self.tell(INDEXING, 0, 1)
        if await self._keys("document_version"):
            async with self.pool.acquire() as connection:
                await store.keep_once(connection, self.names, "status_record")
        await asyncio.gather(
            self._complete("status_record"),
            self._complete("rejection"),
            self._analyze("document_version"),
            self._documents(),
        )
        self.tell(INDEXING, 1, 1)

    async def _documents(self) -> None:
        await asyncio.gather(*(self._fill_documents(part) for part in range(self.parts)))
        await self._complete("document")

    async def _complete(self, table: str) -> None:
        await self._keys(table)
        await self._analyze(table)

    async def _keys(self, table: str) -> bool:
        async with self.pool.acquire() as connection:
            return await store.give_keys(connection, self.names, table)

    async def _analyze(self, table: str) -> None:
        async with self.pool.acquire() as connection:
            await store.analyze(connection, self.names, table)

    async def _fill_documents(self, part: int) -> None:
        async with self.pool.acquire() as connection:
            await store.fill_documents(connection, self.names, part, self.parts)

    async def _swap(self, positions: dict[TopicPartition, int]) -> Loaded:
        """What came meanwhile; then, with nobody writing, the rest, and the swap."""
        self.tell(SWAPPING, 0, 1)
        examiner = examiner_of(self.service, self.settings)
        late = await self._catch_up(examiner, positions)
        for attempt in range(1, _SWAPS_MAX + 1):
            try:
                async with self.guard.transaction():
                    await store.stop_the_writers(self.guard)
                    last = await self._catch_up(examiner, positions | late.positions)
                    await store.tell(self.guard, self.names)
                    await store.swap(self.guard, self.names)
            except asyncpg.LockNotAvailableError:
                if attempt == _SWAPS_MAX:
                    raise TablesInUse from None
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                break
        late.add(last)
        self.tell(SWAPPING, 1, 1)
        return late

    async def _catch_up(
        self, examiner: Examiner, positions: Mapping[TopicPartition, int]
    ) -> Loaded:
        since = await spans.what_came_since(self.consumer, positions)
        reading, loaded = Reading(self.consumer, since, self.settings.rebuild_records_max), Loaded()
        async for batch in reading.batches():
            examined = await asyncio.to_thread(examiner.examine_all, batch)
            events = [found for found in examined if isinstance(found, Accepted)]
            dead = [found for found in examined if isinstance(found, Dead)]
            untold = await store.untold(self.guard, [event.envelope.id for event in events])
            rows = rows_of(((event.kind, event.message) for event in events), untold)
            async with self.guard.transaction():
                await dead_letters.put(self.guard, dead)
                await store.save_documents(self.guard, rows, self.names)
                await store.keep_untold(self.guard, rows, self.names)
            loaded.add(Loaded(len(events)))
            loaded.refused.update(letter.reason for letter in dead)
        loaded.positions = reading.positions
        return loaded


async def rebuild(service: Service, settings: ServiceSettings, tell: Tell) -> Result:
    """Read all events again. Raises AlreadyRebuilding, NoTopic, WorkerFailed, TablesInUse."""
    assert isinstance(settings, HistorySettings)  # noqa: S101 - history's SERVICE names them
    async with await make_pool(settings, "history-rebuild") as pool, pool.acquire() as guard:
        await check_schema(guard, service)
        if not await guard.fetchval(_ONE_AT_A_TIME):
            raise AlreadyRebuilding
        async with spans.consuming(settings) as consumer:
            names = store.fresh_names()
            try:
                return await _Rebuild(service, settings, pool, guard, consumer, names, tell).run()
            except BaseException:
                with suppress(*ERRORS):
                    await store.sweep(guard)
                raise
