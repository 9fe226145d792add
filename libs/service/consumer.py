"""A Kafka consumer that waits patiently, never passes over a record, and can be stopped."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from libs.service.cancelling import is_told_to_end
from libs.service.offsets import Offsets

_log = logging.getLogger("tongbao.kafka")
IDLE_FETCH_MS = 1000
_BUSY_FETCH_MS = 20
_PAUSE_SECONDS = 1.0
_ONE_WAIT_MS = 200
_UNREADABLE = (
    ("unreadable", b"the record cannot be parsed; it stays on the topic at this offset"),
)

Found = dict[TopicPartition, list[ConsumerRecord]]


class StoppableConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """Differs from its base in that `stop` also works while brokers are away.

    The base cancels its own fetches. One that waits to be tried again lets that pass on to whoever
    called `stop`, who would take it for his own end (aiokafka issue 647).
    """

    async def stop(self) -> None:
        """As the base."""
        try:
            await super().stop()
        except asyncio.CancelledError:
            if is_told_to_end():
                raise
            await self._client.close()


class PatientConsumer(StoppableConsumer):
    """Differs from its base in what `getmany` does.

    It returns when there is something: FastStream sleeps after an empty answer as long as it
    waited, and a message that comes then would wait for nothing.

    While messages come, brokers answer empty fetches soon. One fetch at a time asks a broker, and
    only for partitions of which nothing is at hand; one that has been used up meanwhile would have
    to wait for as long as nothing comes on the others.

    When it fails, no record is passed over: the base forgets what it had already taken from other
    partitions, whose positions have moved. And a record that cannot even be parsed (a header's
    name that is no UTF-8) comes as an empty one in its place, to become a dead letter.

    When a heartbeat was refused, it joins its group again: the base only tells of it, for ever.

    Between two batches are at least `gather_seconds`, in which messages gather: what comes to a
    service that rests is taken at once, but a busy one does not take each by itself.

    `refused` is called each time that the brokers gave nothing, or took no offsets.
    """

    def __init__(
        self, *args: Any, refused: Callable[[], None], gather_seconds: float, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._refused = refused
        self._gather_seconds = gather_seconds
        self._given_at = 0.0
        self._next: dict[TopicPartition, int] = {}  # behind the last record that was given out
        self._is_astray = False  # positions have moved past what was never given out
        self.offsets = Offsets(self, refused)

    async def getmany(  # noqa: D102 - as the base
        self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None
    ) -> Found:
        if (rest := self._given_at + self._gather_seconds - monotonic()) > 0:
            await asyncio.sleep(rest)
        while True:
            try:
                if self._is_astray:
                    await self._go_back()
                found: Found = await super().getmany(
                    *partitions, timeout_ms=timeout_ms, max_records=max_records
                )
                self._fetcher._fetch_max_wait_ms = _BUSY_FETCH_MS if found else IDLE_FETCH_MS
            except ConsumerStoppedError:
                raise
            except KafkaError as error:
                _log.warning("fetching failed: %s", type(error).__name__)
                self._refused()
                self._is_astray = True
                self._join_again()
                await asyncio.sleep(_PAUSE_SECONDS)
            except ValueError as error:
                _log.error("a record cannot be parsed: %s", type(error).__name__)
                suspects = list(self._fetcher._records)  # what was fetched and not given out
                self._is_astray = True
                await self._go_back()
                if found := await self._one_by_one(suspects):
                    return self._given(found)
            else:
                if found:
                    return self._given(found)

    async def stop(self) -> None:
        """As the base; but first the brokers are told what is settled."""
        if not self._closed:
            await self.offsets.hand_over()
        await super().stop()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """As the base; what was given back is given out again."""
        self._next[partition] = offset
        super().seek(partition, offset)

    def _given(self, found: Found) -> Found:
        for place, records in found.items():
            self._next[place] = records[-1].offset + 1
        self._given_at = monotonic()
        return found

    async def ends(self) -> Mapping[TopicPartition, int]:
        """Where all partitions of its topics end, also those of others. Raises KafkaError."""
        places = []
        for topic in self.subscription():
            partitions = self.partitions_for_topic(topic)
            if not partitions:
                raise KafkaError(f"nothing is known of the topic {topic}")
            places += [TopicPartition(topic, partition) for partition in partitions]
        ends: Mapping[TopicPartition, int] = await self.end_offsets(places)
        return ends

    async def has_unsettled(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether its group has anything before `ends` still to settle. Raises KafkaError."""
        settled = await self._coordinator.fetch_committed_offsets(list(ends))
        begins = await self.beginning_offsets(list(ends))
        return any(
            max(begins[place], settled[place].offset if place in settled else 0) < end
            for place, end in ends.items()
        )

    async def _go_back(self) -> None:
        """Every partition to behind the last record that was given out of it."""
        for place in self.assignment():
            after = self._next.get(place)
            if after is None:
                after = await self.committed(place)
            if after is None:
                await self.seek_to_beginning(place)
            else:
                self.seek(place, after)
        self._is_astray = False

    def _join_again(self) -> None:
        heartbeat = self._coordinator._heartbeat_task
        if heartbeat is not None and heartbeat.done():
            self._coordinator.request_rejoin()

    async def _one_by_one(self, places: list[TopicPartition]) -> Found:
        """One record of each partition by itself; so the one that cannot be parsed is met."""
        given: Found = {}
        for place in places:
            offset = await self.position(place)
            try:
                given |= await super().getmany(place, timeout_ms=_ONE_WAIT_MS, max_records=1)
            except ValueError:
                self.seek(place, offset + 1)
                given[place] = [_unreadable(place, offset)]
        return given


def _unreadable(place: TopicPartition, offset: int) -> ConsumerRecord:
    now_ms = int(time() * 1000)
    return ConsumerRecord(
        place.topic, place.partition, offset, now_ms, 0, None, b"", None, 0, 0, _UNREADABLE
    )
