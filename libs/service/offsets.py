"""Offsets of what is settled, told to the brokers now and then rather than after every batch.

Nothing depends on how new they are: what comes again is in the inbox. Under light load a batch is a
message, and a word to the brokers for each costs more than the message does.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

_EVERY_SECONDS = 1.0
_EVERY_SECONDS_MAX = 5.0  # while the brokers refuse
_TELL_SECONDS_MAX = 5.0  # also when a service ends, or gives partitions away

_log = logging.getLogger("tongbao.kafka")


class Committing(Protocol):
    """What is asked of a consumer."""

    def assignment(self) -> Iterable[TopicPartition]:
        """The partitions that it has."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the brokers. Raises KafkaError."""


class Offsets:
    """Those of one consumer; `refused` is called when the brokers did not take them."""

    def __init__(self, consumer: Committing, refused: Callable[[], None]) -> None:
        self._consumer = consumer
        self._refused = refused
        self._settled: dict[TopicPartition, int] = {}
        self._telling: asyncio.Task[None] | None = None

    def note(self, records: Iterable[ConsumerRecord]) -> None:
        """These records are settled."""
        for record in records:
            self._settled[TopicPartition(record.topic, record.partition)] = record.offset + 1
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_until_told())

    async def hand_over(self) -> None:
        """Tell the brokers, if they listen: whoever has the partitions next begins there."""
        if self._telling is not None:  # or it would tell later what is older
            self._telling.cancel()
            self._telling = None
        await self._tell()
        self._settled.clear()  # what they were not told comes again, to whoever that is

    async def _tell_until_told(self) -> None:
        pause = _EVERY_SECONDS
        while self._settled:
            await asyncio.sleep(pause)
            pause = _EVERY_SECONDS if await self._tell() else min(2 * pause, _EVERY_SECONDS_MAX)

    async def _tell(self) -> bool:
        """Tell what is settled of the partitions that are ours now; whether brokers took it."""
        ours = set(self._consumer.assignment())
        self._settled = {place: at for place, at in self._settled.items() if place in ours}
        told = dict(self._settled)
        if not told:
            return True
        try:
            # aiokafka itself asks again for as long as no broker answers
            async with asyncio.timeout(_TELL_SECONDS_MAX):
                await self._consumer.commit(told)
        except (KafkaError, IllegalStateError, TimeoutError, ValueError) as error:
            _log.warning("offsets not moved: %s", type(error).__name__)
            self._refused()
            return False
        for place, at in told.items():
            if self._settled.get(place) == at:
                del self._settled[place]
        return True
