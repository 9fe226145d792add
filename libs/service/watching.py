"""Looks after the service every few seconds: is work waiting, is the loop alive, is trust fresh."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError
from structlog.typing import FilteringBoundLogger

from libs.service import outbox
from libs.service.backoff import Stopping, sleep_or_stop
from libs.service.db import is_infrastructure
from libs.service.health import Progress
from libs.service.metrics import Metrics
from libs.service.pipeline import ACTIVITY as PIPELINE
from libs.signing import SignerError, TrustStore

LOOP = "loop"
CONSUMER = "consumer"
_LOOP_SECONDS = 1.0


@dataclass
class Watcher:
    """Feeds metrics and liveness with what the pipeline itself cannot see."""

    consumer: AIOKafkaConsumer | None
    pool: asyncpg.Pool
    trust: TrustStore
    stop: asyncio.Event
    every_seconds: float
    metrics: Metrics
    progress: Progress
    log: FilteringBoundLogger
    _offsets: dict[object, int] | None = None

    def __post_init__(self) -> None:
        self.progress.working(LOOP)  # before the loop's first turn, in which it may get stuck

    async def run(self) -> None:
        """Look until the service stops."""
        beat = asyncio.create_task(self._beat())
        with suppress(Stopping):
            while not self.stop.is_set():
                await self._look()
                await sleep_or_stop(self.stop, self.every_seconds)
        beat.cancel()

    async def _beat(self) -> None:
        """The event loop always has work: this. A loop that is stuck does not get to do it."""
        while True:
            self.progress.moved(LOOP)
            await asyncio.sleep(min(_LOOP_SECONDS, self.progress.stall_seconds_max / 4))

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(self.trust.refresh)
        except SignerError as error:  # half-written files: the old ones stay in force
            self.log.error("trust_files_wrong", error=str(error))  # noqa: TRY400 - a trace would show values
        try:
            async with self.pool.acquire() as connection:
                age = await outbox.age_seconds(connection)
            self.metrics.set("outbox_age_seconds", age)
        except Exception as error:
            if not is_infrastructure(error):
                raise
        try:
            async with asyncio.timeout(self.every_seconds):
                await self._consumed()
        except (KafkaError, IllegalStateError, TimeoutError):
            self.progress.moved(CONSUMER)  # Kafka is away: waiting is right

    async def _consumed(self) -> None:
        """A consumer whose partitions have messages must move."""
        if self.consumer is None:
            return
        partitions = self.consumer.assignment()
        ends = await self.consumer.end_offsets(list(partitions)) if partitions else {}
        positions = {place: await self.consumer.position(place) for place in partitions}
        lag = sum(max(0, end - positions[place]) for place, end in ends.items())
        self.metrics.set("lag", lag)
        if not lag:
            self.progress.idle(CONSUMER)
        else:
            self.progress.working(CONSUMER)
        if positions != self._offsets or self.progress.is_working(PIPELINE):
            self.progress.moved(CONSUMER)
        self._offsets = positions
