"""What of the topics is to be read: from where to where, and how it is shared out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.service import Incoming, Service, ServiceSettings
from libs.service.consumer import StoppableConsumer
from libs.service.kafka import client_options, incoming

_WAIT_MS = 1000


class NoTopic(Exception):
    """A topic that history lives from is not there: nothing was touched."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of a partition: the next to read, and where to stop."""

    begin: int
    end: int

    @property
    def count(self) -> int:
        """How many messages at most are in between."""
        return max(self.end - self.begin, 0)


Spans = Mapping[TopicPartition, Span]


@asynccontextmanager
async def consuming(settings: ServiceSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group."""
    consumer = StoppableConsumer(
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=settings.fetch_bytes_max,
        max_partition_fetch_bytes=settings.fetch_partition_bytes_max,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def all_there_is(consumer: AIOKafkaConsumer, service: Service) -> Spans:
    """All messages of the service's topics. Raises NoTopic."""
    metadata = await consumer._client.fetch_all_metadata()
    places = []
    for topic in service.consumed:
        partitions = metadata.partitions_for_topic(topic)
        if not partitions:
            raise NoTopic(topic)
        places += [TopicPartition(topic, partition) for partition in sorted(partitions)]
    begins = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    return {place: Span(begins[place], ends[place]) for place in places}


async def what_came_since(
    consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]
) -> Spans:
    """From these positions to where the topics end now."""
    ends = await consumer.end_offsets(list(positions))
    return {place: Span(position, ends[place]) for place, position in positions.items()}


def share(spans: Spans, parts: int) -> list[Spans]:
    """Parts of about the same size, no more than there are partitions with messages.

    A partition is never divided: it keeps the order of its documents.
    """
    shares: list[dict[TopicPartition, Span]] = [{} for _ in range(max(parts, 1))]
    for place, span in sorted(spans.items(), key=lambda row: -row[1].count):
        least = min(shares, key=lambda each: sum(span.count for span in each.values()))
        least[place] = span
    return [each for each in shares if any(span.count for span in each.values())]


@dataclass
class Reading:
    """Reads spans in batches; `positions` is how far it is."""

    consumer: AIOKafkaConsumer
    spans: Spans
    records_max: int

    def __post_init__(self) -> None:
        self.positions = {place: span.begin for place, span in self.spans.items()}

    async def batches(self) -> AsyncIterator[list[Incoming]]:
        """All messages; those of one partition in order."""
        left = {place for place, span in self.spans.items() if span.count}
        if not left:
            return
        self.consumer.assign(list(left))
        for place in left:
            self.consumer.seek(place, self.spans[place].begin)
        while left:
            found = await self.consumer.getmany(timeout_ms=_WAIT_MS, max_records=self.records_max)
            for place in list(left):
                self.positions[place] = await self.consumer.position(place)
                if self.positions[place] >= self.spans[place].end:
                    self.consumer.pause(place)
                    left.remove(place)
            if found:
                yield [incoming(record) for records in found.values() for record in records]
