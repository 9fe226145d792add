"""A worker of a rebuild: reads its share of the partitions and adds rows. A process of its own."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Pipe
from types import MappingProxyType

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from libs.messages.topics import Topic
from libs.service import Accepted, Dead, Service, ServiceSettings, dead_letters
from libs.service.contexts import dead_letter
from libs.service.db import ERRORS, cause, is_infrastructure, make_pool
from libs.service.examining import Examined, Examiner
from libs.service.incoming import UNEXPECTED
from libs.signing import TrustStore
from services.history import store
from services.history.app import SERVICE
from services.history.rows import rows_of
from services.history.settings import HistorySettings
from services.history.spans import Reading, Spans, consuming

_GARBAGE_OBJECTS = 50_000  # a batch makes many, none of them in a circle


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told. It travels by a pipe: settings hold passwords."""

    settings: HistorySettings
    topics: Mapping[str, Topic]
    spans: Spans
    names: store.Names


@dataclass
class Loaded:
    """What was read: events applied, messages refused by reason, the next offsets; CPU used."""

    applied: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    def add(self, other: "Loaded") -> None:
        """Take another's counts and positions too."""
        self.applied += other.applied
        self.refused += other.refused
        self.positions |= other.positions
        self.cpu_seconds += other.cpu_seconds


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a worker gave up, in a few words."""

    cause: str


def examiner_of(service: Service, settings: ServiceSettings) -> Examiner:
    """What judges a record, as the running service does."""
    return Examiner(
        TrustStore.load(settings.trust_ca, settings.trust_crl),
        service.kinds,
        service.topics,
        service.wanted,
        settings.body_bytes_max,
    )


def work(task: Task, pipe: Pipe) -> None:
    """The process: tells how many messages it has read, at the end Loaded or Failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it stops it
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_OBJECTS)
    try:
        asyncio.run(_load(task, pipe))
    except (KafkaError, *ERRORS) as error:
        pipe.send(Failed(cause(error)))
        sys.exit(1)


async def _load(task: Task, pipe: Pipe) -> None:
    asyncio.get_running_loop().add_reader(pipe.fileno(), _orphaned)
    service = replace(SERVICE, topics=MappingProxyType(dict(task.topics)))
    examiner = examiner_of(service, task.settings)
    loaded = Loaded()
    async with (
        await make_pool(task.settings, "history-rebuild") as pool,
        pool.acquire() as connection,
        consuming(task.settings) as consumer,
    ):
        await connection.execute("SET synchronous_commit = off")  # the swap waits for the disk
        reading = Reading(consumer, task.spans, task.settings.rebuild_records_max)
        storing: asyncio.Task[None] | None = None
        async for batch in reading.batches():
            examined = await asyncio.to_thread(examiner.examine_all, batch)
            if storing is not None:
                await storing  # while one batch is written, the next is verified
            storing = asyncio.create_task(_store(connection, examined, task.names, loaded))
            pipe.send(len(batch))
        if storing is not None:
            await storing
    loaded.positions, loaded.cpu_seconds = reading.positions, time.process_time()
    pipe.send(loaded)


def _orphaned() -> None:
    """Nobody writes into the pipe: it can only have been closed."""
    os._exit(1)


async def _store(
    connection: store.Connection, examined: Sequence[Examined], names: store.Names, loaded: Loaded
) -> None:
    """Copy what is good, keep what is not; a message that breaks its batch is found by halves."""
    try:
        async with connection.transaction():
            await _copy(connection, examined, names)
    except Exception as error:
        if is_infrastructure(error):
            raise
        if len(examined) > 1:
            middle = len(examined) // 2
            await _store(connection, examined[:middle], names, loaded)
            await _store(connection, examined[middle:], names, loaded)
        else:
            await _bury(connection, examined[0], error, loaded)
    else:
        loaded.applied += sum(isinstance(found, Accepted) for found in examined)
        loaded.refused.update(found.reason for found in examined if isinstance(found, Dead))


async def _copy(
    connection: store.Connection, examined: Sequence[Examined], names: store.Names
) -> None:
    await dead_letters.put(connection, [found for found in examined if isinstance(found, Dead)])
    events = [found for found in examined if isinstance(found, Accepted)]
    if events:
        untold = await store.untold(connection, [event.envelope.id for event in events])
        rows = rows_of(((event.kind, event.message) for event in events), untold)
        await store.copy_in(connection, rows, names)


async def _bury(
    connection: store.Connection, examined: Examined, error: Exception, loaded: Loaded
) -> None:
    if not isinstance(examined, Accepted):
        raise error
    letter = dead_letter(examined, UNEXPECTED, f"{type(error).__name__}: {error}")
    await dead_letters.put(connection, [letter])
    loaded.refused[UNEXPECTED] += 1
