"""One running service: its parts, put together here and nowhere else."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Self

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from structlog.typing import FilteringBoundLogger

from libs.service.applying import Application, Applying, Deciding
from libs.service.backoff import Backoff, Stopping
from libs.service.db import cause, make_pool, until_it_answers
from libs.service.examining import Examiner
from libs.service.faults import kill_at
from libs.service.folding import Folder
from libs.service.health import Progress
from libs.service.http import HealthServer
from libs.service.kafka import make_broker, start_broker
from libs.service.logs import where
from libs.service.metrics import Metrics
from libs.service.migrations import check_schema
from libs.service.outgoing import Outgoing
from libs.service.pipeline import Pipeline
from libs.service.plan import Plan
from libs.service.publishing import Publisher
from libs.service.relay import Relay
from libs.service.runtime import Runtime
from libs.service.service import Service
from libs.service.settings import ServiceSettings
from libs.service.store import RecordStore
from libs.service.waking import Waker
from libs.service.watching import Watcher
from libs.service.web import WebServer
from libs.signing import FileSigner, TrustStore

_LOOK_SECONDS = 5.0


class Process:
    """Holds a service's parts from start to stop; a context manager."""

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
        self.reach = kill_at(settings.fault_point)
        self.port = 0
        self._closing = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        settings, name = self.settings, self.service.name
        password = settings.key_password
        self.signer = FileSigner.load(
            settings.key_file,
            settings.cert_file,
            password.get_secret_value().encode() if password else None,
        )
        self.trust = TrustStore.load(settings.trust_ca, settings.trust_crl)
        self.pool: asyncpg.Pool = await make_pool(settings, name)
        self._closing.push_async_callback(self._close_pool)
        self.publisher = Publisher(settings, name, self.metrics)
        self._closing.push_async_callback(self.publisher.stop)
        self.progress.lacks("started")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        await self._end_tasks()
        await self._closing.aclose()

    async def run(self) -> None:
        """Start everything, then work until told to stop. Raises Stopping, MigrationError."""
        await self._listen()
        await self._database()
        if self.service.consumed:
            await self._consume()
        else:
            await self._patiently(self.publisher.start)
            self._watch(None)
        self.progress.has("started")
        self.log.info("ready", http_port=self.port, topics=list(self.service.consumed))
        await self.stop.wait()
        self.log.info("stopping")

    @property
    def runtime(self) -> Runtime:
        """The parts that the service's own code may use."""
        return Runtime(
            self.service,
            self.settings,
            self.pool,
            self.signer,
            self.trust,
            self.publisher,
            self.metrics,
            self.progress,
            self.log,
            self.stop,
        )

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
            async with self.pool.acquire() as connection:
                await check_schema(connection, self.service)

        self.progress.lacks("postgresql")
        backoff = Backoff(self.stop, self.settings.retry_seconds_max)
        await until_it_answers(check, backoff, self.log)
        self.metrics.set("store_up", 1, "postgresql")
        self.progress.has("postgresql")

    async def _consume(self) -> None:
        threads = ThreadPoolExecutor(self.settings.worker_threads, f"{self.service.name}-work")
        self._closing.callback(threads.shutdown, wait=False, cancel_futures=True)
        relay = self._relay()
        application = self._application(relay, threads)
        pipeline = Pipeline(
            self._examiner(),
            application,
            self.pool,
            threads,
            self.stop,
            self.settings.retry_seconds_max,
            self.metrics,
            self.progress,
            self.log,
            self.reach,
        )
        waker = self._waker(pipeline)

        def settled(plan: Plan) -> None:
            if plan.outbox:
                relay.wake()
            waker.notice(plan)

        pipeline.settled = settled
        self._task("relay", relay.run)
        if self.service.applier is None:
            self._task("waker", waker.run)
        self._watch(await self._subscribe(pipeline))

    def _relay(self) -> Relay:
        return Relay(
            self.pool,
            self.publisher,
            self.stop,
            self.settings.relay_rows_max,
            self.settings.poll_seconds,
            self.settings.retry_seconds_max,
            self.metrics,
            self.progress,
            self.log,
            self.reach,
        )

    def _waker(self, pipeline: Pipeline) -> Waker:
        return Waker(
            self.pool,
            pipeline,
            self.stop,
            self.settings.poll_seconds,
            self.settings.retry_seconds_max,
            self.log,
            self.reach,
        )

    def _examiner(self) -> Examiner:
        return Examiner(
            self.trust,
            self.service.kinds,
            self.service.topics,
            self.service.wanted,
            self.settings.body_bytes_max,
        )

    def _application(self, relay: Relay, threads: ThreadPoolExecutor) -> Application:
        if self.service.applier is not None:
            return Applying(self.pool, self.service.applier(self.runtime), self.reach)
        kinds = {kind.model: kind for kind in self.service.kinds.values()}
        outgoing = Outgoing(self.signer, self.service.topics, kinds)
        wait_max = timedelta(seconds=self.settings.deferral_seconds_max)
        folder = Folder(self.service.name, self.service.handlers, outgoing, wait_max)
        store = RecordStore({record.name: record for record in self.service.records})
        return Deciding(self.pool, store, folder, threads, self.reach, lambda: not relay.active)

    async def _subscribe(self, pipeline: Pipeline) -> AIOKafkaConsumer:
        consumer: AIOKafkaConsumer | None = None

        async def start() -> None:
            nonlocal consumer
            broker = make_broker(
                self.settings, self.service.name, self.service.consumed, pipeline.take
            )
            try:
                consumer = await start_broker(broker, self.settings)
            except BaseException:
                await broker.stop()
                raise
            self._closing.push_async_callback(broker.stop)

        await self._patiently(start)
        assert consumer is not None  # noqa: S101 - started
        return consumer

    def _watch(self, consumer: AIOKafkaConsumer | None) -> None:
        watcher = Watcher(
            consumer,
            self.pool,
            self.trust,
            self.stop,
            min(_LOOK_SECONDS, self.settings.trust_refresh_seconds),
            self.metrics,
            self.progress,
            self.log,
        )
        self._task("watcher", watcher.run)

    async def _patiently(self, start: Callable[[], Awaitable[object]]) -> None:
        """Try until Kafka answers; say so once when it does not."""
        backoff = Backoff(self.stop, self.settings.retry_seconds_max)
        self.progress.lacks("kafka")
        waiting = False
        while True:
            try:
                await start()
            except (KafkaError, OSError) as error:
                if not waiting:
                    self.log.warning(
                        "kafka_unreachable",
                        brokers=self.settings.kafka_bootstrap,
                        error=cause(error),
                        action="waiting",
                    )
                waiting = True
                self.metrics.set("store_up", 0, "kafka")
                await backoff.pause()
            else:
                if waiting:
                    self.log.info("kafka_back")
                self.metrics.set("store_up", 1, "kafka")
                self.progress.has("kafka")
                return

    def _task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part in the background; one that breaks is told of and begun again."""

        async def supervised() -> None:
            backoff = Backoff(self.stop, self.settings.retry_seconds_max)
            while not self.stop.is_set():
                try:
                    await work()
                except Stopping:
                    return
                except Exception as error:  # noqa: BLE001 - the last guard of a background part
                    self.metrics.count("unexpected")
                    told = {"error_type": type(error).__name__, "where": where(error)}
                    self.log.error("part_broke", part=name, **told)  # noqa: TRY400 - a trace would show values
                    try:
                        await backoff.pause()
                    except Stopping:
                        return

        self._tasks.append(asyncio.create_task(supervised(), name=name))

    async def _end_tasks(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self.settings.stop_seconds_max)
            for task in late:
                task.cancel()

    async def _close_pool(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()
