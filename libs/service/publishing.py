"""Publishing: whole windows of messages, and single ones, by the idempotent producer.

A window is at most one producer batch a partition, and the next window begins when all of this one
is acknowledged. So a batch that fails has nothing behind it that could overtake it; sending the
same window again, also from another process, may repeat messages but never reorders them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import chain
from time import perf_counter

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from libs.service.kafka import client_options
from libs.service.metrics import Metrics
from libs.service.outbox import Outbound
from libs.service.settings import ServiceSettings

BATCH_BYTES_MAX = 900 * 1024  # below the brokers' usual limit of 1 MiB
_REQUEST_BYTES_MAX = 16 * 1024 * 1024
_partition_of_key = lru_cache(maxsize=4096)(DefaultPartitioner())


def make_producer(settings: ServiceSettings, name: str) -> AIOKafkaProducer:
    """An idempotent producer that wants every replica's word; not started."""
    return AIOKafkaProducer(
        **client_options(settings),
        client_id=f"tongbao-{name}",
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=_REQUEST_BYTES_MAX,
        linger_ms=0,
    )


class Publisher:
    """One producer, made anew after a failure, so that nothing half-sent is left in it."""

    def __init__(self, settings: ServiceSettings, name: str, metrics: Metrics) -> None:
        self._settings = settings
        self._name = name
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises KafkaError when no broker answers."""
        await self._ready()

    async def stop(self) -> None:
        """Close; whatever is sent is waited for."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def missing(self, topics: Iterable[str]) -> list[str]:
        """Which of `topics` the brokers do not have. Raises KafkaError."""
        producer = await self._ready()
        cluster = await producer.client.fetch_all_metadata()
        return sorted(set(topics) - cluster.topics())

    async def publish(self, message: Outbound) -> None:
        """Send one message and wait for the brokers' word; calls at once share their batches.

        Raises KafkaError; then the message may be out all the same.
        """
        async with self._using() as producer:
            sent = await producer.send(
                message.topic, message.body, key=message.key, headers=list(message.headers)
            )
            await sent
        self._metrics.count("published", message.topic)

    async def publish_window(self, messages: Sequence[Outbound]) -> int:
        """Send as many of `messages`, in order, as fit one window; returns how many are out.

        Raises KafkaError; then some may be out and all must be sent again.
        """
        start = perf_counter()
        async with self._using() as producer:
            batches, taken = await _window(producer, messages)
            sent = [
                await producer.send_batch(batch, topic, partition=partition)
                for (topic, partition), batch in batches.items()
            ]
            await asyncio.gather(*sent)
        self._metrics.observe("publish_seconds", perf_counter() - start)
        for (topic, _), batch in batches.items():
            self._metrics.count("published", topic, by=batch.record_count())
        return taken

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[AIOKafkaProducer]:
        """The producer, for a bounded time: by itself it tries for ever. A failed one is discarded.

        A cancelled caller leaves it to the others that use it.
        """
        producer = None
        try:
            async with asyncio.timeout(self._settings.publish_seconds_max):
                producer = await self._ready()
                yield producer
        except Exception as error:
            if producer is not None:
                await self._discard(producer)
            if isinstance(error, TimeoutError):
                raise KafkaTimeoutError("the brokers did not answer in time") from None
            raise

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = make_producer(self._settings, self._name)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        """Throw a producer away without waiting for what it could not send."""
        if self._producer is producer:
            self._producer = None
        # stop() by itself would wait until the brokers are back
        accumulator = producer._message_accumulator
        accumulator.fail_all(KafkaError("discarded"))
        for batch in chain(*accumulator._batches.values()):
            batch._drain_waiter.exception()  # mostly nobody waits for it: no error to be logged
        try:
            await producer.stop()
        except KeyError:  # aiokafka looks for a batch that it was about to send again
            await producer.client.close()


async def _window(
    producer: AIOKafkaProducer, messages: Sequence[Outbound]
) -> tuple[dict[tuple[str, int], BatchBuilder], int]:
    batches: dict[tuple[str, int], BatchBuilder] = {}
    partitions: dict[str, tuple[int, ...]] = {}
    for taken, message in enumerate(messages):
        if message.topic not in partitions:
            found = await producer.partitions_for(message.topic)
            partitions[message.topic] = tuple(sorted(found))
        places = partitions[message.topic]
        place = message.topic, _partition_of_key(message.key or b"", places, places)
        if place not in batches:
            batches[place] = producer.create_batch()
        added = batches[place].append(
            key=message.key, value=message.body, timestamp=None, headers=list(message.headers)
        )
        if added is None:
            return batches, taken
    return batches, len(messages)
