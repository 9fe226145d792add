"""One running service, from start to stop; waits for stores that are away."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from structlog.typing import FilteringBoundLogger

from libs.service.assembly import assemble
from libs.service.backoff import Backoff
from libs.service.db import cause, make_pool, until_it_answers
from libs.service.faults import kill_at
from libs.service.health import Progress
from libs.service.http import HealthServer
from libs.service.kafka import make_broker, start_broker
from libs.service.metrics import Metrics
from libs.service.migrations import check_schema
from libs.service.pipeline import Pipeline
from libs.service.publishing import Publisher
from libs.service.recipients import recipients
from libs.service.runtime import Runtime
from libs.service.service import Service
from libs.service.settings import ServiceSettings
from libs.service.supervising import Supervisor
from libs.service.watching import Watcher
from libs.service.web import WebServer
from libs.signing import FileSigner, TrustStore

_LOOK_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_GARBAGE_OBJECTS = 150_000  # new objects until a collection looks for cycles among them


class TopicsMissing(KafkaError):  # type: ignore[misc]  # aiokafka has no types
    """Kafka answers, but has not the topics that this service reads."""


class Process:
    """Holds a service's parts; a context manager."""

    runtime: Runtime

    def __init__(
        self,
        service: Service,
        settings: ServiceSettings,
        stop: asyncio.Event,
        log: FilteringBoundLogger,
    ) -> None:
        self.service = service
        self.settings = settings
        self.stop = stop
        self.log = log
        self.metrics = Metrics(service.name)
        self.progress = Progress(settings.stall_seconds_max)
        self.port = 0
        self._reach = kill_at(settings.fault_point)
        self._closing = AsyncExitStack()
        self._wake: list[Callable[[], None]] = []
        self._interrupted: Callable[[], None] = lambda: None  # told when brokers do not answer
        self._parts = Supervisor(stop, settings.retry_seconds_max, self.metrics, log)

    async def __aenter__(self) -> Self:
        settings, name = self.settings, self.service.name
        trust = TrustStore.load(settings.trust_ca, settings.trust_crl)
        secret = settings.key_password
        password = secret.get_secret_value().encode() if secret else None
        self.runtime = Runtime(
            self.service,
            settings,
            await make_pool(settings, name, by_keys=self.service.applier is None),
            FileSigner.load(settings.key_file, settings.cert_file, password),
            trust,
            recipients(name, self.service.topics, settings.recipients, trust),
            Publisher(settings, name, self.metrics),
            self.metrics,
            self.progress,
            self.log,
            self.stop,
        )
        self._closing.push_async_callback(self._close_pool)
        self._closing.push_async_callback(self.runtime.publisher.stop)
        self.progress.lacks("started")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        for wake in self._wake:
            wake()
        await self._parts.end(self.settings.stop_seconds_max)
        await self._closing.aclose()

    async def run(self) -> None:
        """Start everything, then work until told to stop. Raises Stopping, MigrationError."""
        await self._listen()
        await self._database()
        if self.service.consumed:
            await self._consume()
        else:
            await self._patiently(self.runtime.publisher.start)
            self._watch(None)
        self.progress.has("started")
        gc.collect()
        gc.freeze()  # what is there now stays: no collection needs to walk it again
        gc.set_threshold(_GARBAGE_OBJECTS)  # a batch makes many objects and few cycles
        self.log.info("ready", http_port=self.port, topics=list(self.service.consumed))
        await self.stop.wait()
        self.log.info("stopping")

    async def _listen(self) -> None:
        host, port = self.settings.http_host, self.settings.http_port
        if self.service.http is not None:
            web = WebServer(self.service.http(self.runtime), host, port, self.runtime)
            self._closing.push_async_callback(web.close)
            self.port = await web.start()
        else:
            health = HealthServer(host, port, self.progress, self.metrics)
            self._closing.callback(health.close)
            self.port = health.port

    async def _database(self) -> None:
        async def check() -> None:
            async with self.runtime.pool.acquire() as connection:
                await check_schema(connection, self.service)

        self.progress.lacks("postgresql")
        backoff = Backoff(self.stop, self.settings.retry_seconds_max)
        await until_it_answers(check, backoff, self.log)
        self.metrics.set("store_up", 1, "postgresql")
        self.progress.has("postgresql")

    async def _consume(self) -> None:
        threads = ThreadPoolExecutor(self.settings.worker_threads, f"{self.service.name}-work")
        self._closing.callback(threads.shutdown, wait=False, cancel_futures=True)
        parts = assemble(self.runtime, threads, self._reach)
        self._parts.start("relay", parts.relay.run)
        self._wake.append(parts.relay.wake)
        if parts.waker is not None:
            self._wake.append(parts.waker.wake)
            self._parts.start("waker", parts.waker.run)
            self._interrupted = parts.waker.horizon.interrupted
        consumer = await self._subscribe(parts.pipeline)
        if parts.waker is not None:
            parts.waker.horizon.brokers = consumer
        self._watch(consumer)

    async def _subscribe(self, pipeline: Pipeline) -> AIOKafkaConsumer:
        consumer: AIOKafkaConsumer | None = None
        topics = self.service.consumed

        async def start() -> None:
            nonlocal consumer
            if missing := await self.runtime.publisher.missing(topics):
                raise TopicsMissing(", ".join(missing))
            broker = make_broker(self.settings, self.service.name, topics, pipeline.take)
            try:
                consumer = await start_broker(broker, self.settings, self._refused)
            except BaseException:
                await broker.stop()
                raise
            self._closing.push_async_callback(broker.stop)

        await self._patiently(start)
        return consumer

    def _watch(self, consumer: AIOKafkaConsumer | None) -> None:
        watcher = Watcher(
            consumer,
            self.runtime.pool,
            self.runtime.trust,
            self.stop,
            min(_LOOK_SECONDS, self.settings.trust_refresh_seconds),
            self.metrics,
            self.progress,
            self.log,
        )
        self._parts.start("watcher", watcher.run)

    async def _patiently(self, start: Callable[[], Awaitable[object]]) -> None:
        """Try until Kafka answers; say so once when it does not."""
        backoff = Backoff(self.stop, self.settings.retry_seconds_max)
        self.progress.lacks("kafka")
        told: type[Exception] | None = None
        while True:
            try:
                await start()
            except (KafkaError, OSError) as error:
                if type(error) is not told:
                    self._kafka_lacks(error)
                told = type(error)
                self.metrics.set("store_up", 0, "kafka")
                await backoff.pause()
            else:
                if told is not None:
                    self.log.info("kafka_back")
                self.metrics.set("store_up", 1, "kafka")
                self.progress.has("kafka")
                return

    def _refused(self) -> None:
        self.metrics.count("store_waits", "kafka")
        self._interrupted()

    def _kafka_lacks(self, error: Exception) -> None:
        if isinstance(error, TopicsMissing):
            todo = "waiting; `tongbao topics` makes them"
            self.log.warning("topics_missing", topics=str(error), action=todo)
        else:
            brokers, told = self.settings.kafka_bootstrap, cause(error)
            self.log.warning("kafka_unreachable", brokers=brokers, error=told, action="waiting")

    async def _close_pool(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.runtime.pool.close()
        except TimeoutError:
            self.runtime.pool.terminate()
