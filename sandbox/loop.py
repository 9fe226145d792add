"""The Kafka side: batches in, letters out, offsets last."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from libs.messages.partners import partner_topic
from sandbox.desk import Desk, Mail
from sandbox.logs import say
from sandbox.posting import Letter
from sandbox.store import Store

_BATCH = 500
_WAIT_MS = 500
_PATIENCE_SECONDS = 2.0
_METADATA_MS = 5000  # how soon a topic that is created later is noticed


class Loop:
    """Reads requests and sends replies until cancelled."""

    def __init__(self, code: str, bootstrap: str, desk: Desk, store: Store) -> None:
        self._code = code
        self._bootstrap = bootstrap
        self._desk = desk
        self._store = store
        self._consumer: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._later: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether requests are being read."""
        return self._consumer is not None and bool(self._consumer.assignment())

    async def run(self) -> None:
        """Work until cancelled; a Kafka that is away is waited for."""
        try:
            while True:
                try:
                    await self._connected()
                except (KafkaError, OSError) as error:
                    say("kafka away", logging.WARNING, error=type(error).__name__)
                finally:
                    await self._disconnect()
                await asyncio.sleep(_PATIENCE_SECONDS)
        finally:
            await self._disconnect()

    async def _connected(self) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            metadata_max_age_ms=_METADATA_MS,
        )
        await self._producer.start()
        await self._send_or_later(await asyncio.to_thread(self._store.open_letters))
        self._consumer = AIOKafkaConsumer(
            partner_topic(self._code, "requests"),
            bootstrap_servers=self._bootstrap,
            group_id=f"sandbox-{self._code}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            metadata_max_age_ms=_METADATA_MS,
        )
        await self._consumer.start()
        say("reading requests")
        while True:
            await self._batch(self._consumer)

    async def _batch(self, consumer: AIOKafkaConsumer) -> None:
        found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)
        mail = [Mail(r.headers, r.value or b"") for records in found.values() for r in records]
        if mail:
            letters = await asyncio.to_thread(self._desk.work, mail)
            await self._send_or_later(letters)
            await consumer.commit()

    async def _send_or_later(self, letters: Iterable[Letter]) -> None:
        now = datetime.now(UTC)
        ordered = sorted(letters, key=lambda letter: letter.due)
        await self._send([letter for letter in ordered if letter.due <= now])
        later = [letter for letter in ordered if letter.due > now]
        for due, rows in groupby(later, key=lambda letter: letter.due):
            task = asyncio.create_task(self._send_at(due, list(rows)))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _send_at(self, due: datetime, letters: list[Letter]) -> None:
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        while True:  # what is never sent stays open in the store
            with contextlib.suppress(KafkaError):
                return await self._send(letters)
            await asyncio.sleep(_PATIENCE_SECONDS)

    async def _send(self, letters: Sequence[Letter]) -> None:
        if not letters or self._producer is None:
            return
        topic = partner_topic(self._code, "replies")
        sent = [
            await self._producer.send(topic, row.body, key=row.key, headers=row.headers)
            for row in letters
        ]
        await asyncio.gather(*sent)
        await asyncio.to_thread(self._store.sent, letters)

    async def _disconnect(self) -> None:
        tasks, self._later = self._later, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        consumer, self._consumer = self._consumer, None
        producer, self._producer = self._producer, None
        if consumer is not None:
            await _close(consumer, consumer._client)
        if producer is not None:
            await _close(producer, producer.client)


async def _close(owner: AIOKafkaConsumer | AIOKafkaProducer, client: AIOKafkaClient) -> None:
    """Close it, also while brokers are away, when its own tasks fail in its `stop`."""
    try:
        await owner.stop()
    except (KafkaError, OSError):
        pass
    except KeyError:
        pass  # a batch that it was about to send again was looked for
    except asyncio.CancelledError:
        if (caller := asyncio.current_task()) is not None and caller.cancelling():
            raise
        # else a fetch that waited to be tried again was cancelled (aiokafka issue 647)
    await client.close()
