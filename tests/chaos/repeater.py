"""A Kafka that delivers everything three times, in an order of its own across documents."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from bench.load.topics import ends

TIMES_MORE = 2
_HELD_MIN = 30  # records among which the next to go is drawn: repeats come late and out of order
_WAIT_MS = 100
_QUIET_SECONDS = 1.0


@dataclass
class Repeater:
    """Produces each record that comes, two more times: same key, headers and bytes.

    What it has seen already it lets be: its own repeats, and what is repeated without it.
    """

    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    chance: random.Random
    repeated: Counter[str] = field(default_factory=Counter)  # records by topic
    overtaken: int = 0  # repeats that came behind a record which was younger than they
    _seen: set[bytes] = field(default_factory=set)
    _held: list[tuple[int, ConsumerRecord]] = field(default_factory=list)
    _youngest: int = 0
    _heard: float = field(default_factory=monotonic)

    async def run(self) -> None:
        """Repeat until cancelled; what is held back goes out when nothing else comes."""
        while True:
            found = await self.consumer.getmany(timeout_ms=_WAIT_MS, max_records=500)
            for records in found.values():
                for record in records:
                    self._take(record)
            await self._let_go(_HELD_MIN if found else 0)

    async def quiet(self) -> None:
        """Wait until everything is repeated and nothing new comes."""
        while self._held or monotonic() - self._heard < _QUIET_SECONDS:
            await asyncio.sleep(_WAIT_MS / 1000)

    def _take(self, record: ConsumerRecord) -> None:
        mark = _digest(record)
        if mark not in self._seen:
            self._heard = monotonic()
            self._seen.add(mark)
            self._held += [(len(self._seen), record)] * TIMES_MORE

    async def _let_go(self, keep: int) -> None:
        self.chance.shuffle(self._held)
        going, self._held = self._held[keep:], self._held[:keep]
        for number, record in going:
            self.overtaken += number < self._youngest
            self._youngest = max(self._youngest, number)
            self.repeated[record.topic] += 1
            await self.producer.send(
                record.topic, record.value, key=record.key, headers=list(record.headers)
            )
        await self.producer.flush()


@asynccontextmanager
async def repeating(bootstrap: str, chance: random.Random) -> AsyncIterator[Repeater]:
    """Everything that is published meanwhile is delivered three times."""
    places = await ends(bootstrap)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50
    )
    async with consumer, AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5) as producer:
        consumer.assign(list(places))
        for place, offset in places.items():
            consumer.seek(place, offset)
        repeater = Repeater(consumer, producer, chance)
        running = asyncio.create_task(repeater.run())
        try:
            yield repeater
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _digest(record: ConsumerRecord) -> bytes:
    told = repr((record.topic, record.key, record.headers)).encode()
    return hashlib.sha256(told + (record.value or b"")).digest()
