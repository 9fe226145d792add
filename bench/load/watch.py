"""Watches event topics by their headers, as cheaply as can be: for clocks, not for proofs."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from libs.messages.topics import TOPICS

_PAUSE_SECONDS = 0.2

Seen = Callable[[str, str, ConsumerRecord], None]  # subject, status, the record


@dataclass
class Watch:
    """Tells each event of these topics from the moment it starts, also after outages."""

    bootstrap: str
    topics: tuple[str, ...]
    seen: Seen
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Begin at the present ends."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=100,
            request_timeout_ms=10_000,
        )
        await self._consumer.start()
        places = [
            TopicPartition(topic, partition)
            for topic in self.topics
            for partition in range(TOPICS[topic].partitions)
        ]
        self._consumer.assign(places)
        for place, offset in (await self._consumer.end_offsets(places)).items():
            self._consumer.seek(place, offset)
        self._tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._consumer.stop()

    async def _watch(self) -> None:
        while True:
            try:
                found: Mapping[TopicPartition, list[ConsumerRecord]] = await self._consumer.getmany(
                    timeout_ms=200, max_records=500
                )
            except KafkaError:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            for records in found.values():
                for record in records:
                    headers = dict(record.headers)
                    subject = headers.get("ce_subject", b"").decode()
                    self.seen(subject, headers.get("ce_status", b"").decode(), record)
