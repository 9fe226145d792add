"""Offsets of what is settled, told to the brokers now and then rather than after every batch.

Nothing depends on how new they are: what comes again is in the inbox. Under light load a batch is a
message, and a word to the brokers for each costs more than the message does.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

_EVERY_SECONDS = 0.2
_TELL_SECONDS_MAX = 5.0  # when a service ends, or gives partitions away

_log = logging.getLogger("tongbao.kafka")


class Committing(Protocol):
    """What is asked of a consumer."""

    def assignment(self) -> Iterable[TopicPartition]:
        """The partitions that it has."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the brokers. Raises KafkaError."""


class Offsets:
    """Those of one consumer."""

    def __init__(self, consumer: Committing) -> None:
        self._consumer = consumer
        self._settled: dict[TopicPartition, int] = {}
        self._telling: asyncio.Task[None] | None = None

    def note(self, records: Iterable[ConsumerRecord]) -> None:
        """These records are settled."""
        for record in records:
            self._settled[TopicPartition(record.topic, record.partition)] = record.offset + 1
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_soon())

    async def tell_now(self) -> None:
        """Tell the brokers, if they listen: who has these partitions next begins there."""
        try:
            async with asyncio.timeout(_TELL_SECONDS_MAX):
                await self._tell()
        except TimeoutError:
            _log.warning("offsets not moved: the brokers did not answer")

    async def end(self) -> None:
        """Tell them for the last time."""
        if self._telling is not None:
            self._telling.cancel()
        await self.tell_now()

    async def _tell_soon(self) -> None:
        await asyncio.sleep(_EVERY_SECONDS)
        await self._tell()

    async def _tell(self) -> None:
        ours = set(self._consumer.assignment())
        settled = {place: at for place, at in self._settled.items() if place in ours}
        if settled:
            try:
                await self._consumer.commit(settled)
            except (KafkaError, IllegalStateError, ValueError) as error:
                _log.warning("offsets not moved: %s", type(error).__name__)
        for place, at in settled.items():
            if self._settled.get(place) == at:
                del self._settled[place]
