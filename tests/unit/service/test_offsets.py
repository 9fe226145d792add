"""Offsets: told together, told again when refused, never of partitions that another has."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError

from libs.service import offsets
from libs.service.offsets import Offsets

HERE, THERE = TopicPartition("t", 0), TopicPartition("t", 1)


@dataclass
class Broker:
    """Stands for a consumer: what it has, and what it told."""

    has: set[TopicPartition] = field(default_factory=lambda: {HERE, THERE})
    told: list[Mapping[TopicPartition, int]] = field(default_factory=list)
    answers: asyncio.Event | None = None
    refuses: bool = False

    def assignment(self) -> set[TopicPartition]:
        return self.has

    async def commit(self, settled: Mapping[TopicPartition, int]) -> None:
        if self.answers is not None:
            await self.answers.wait()
        if self.refuses:
            raise CommitFailedError
        self.told.append(dict(settled))


def record(place: TopicPartition, offset: int) -> ConsumerRecord:
    return ConsumerRecord(place.topic, place.partition, offset, 0, 0, None, b"", None, 0, 0, ())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(offsets, "_TELL_SECONDS_MAX", 0.05)


async def told(broker: Broker) -> list[Mapping[TopicPartition, int]]:
    async with asyncio.timeout(5):
        while not broker.told:
            await asyncio.sleep(0.001)
    return broker.told


async def test_what_was_settled_meanwhile_is_told_once() -> None:
    broker = Broker()
    mine = Offsets(broker)
    mine.note([record(HERE, 3), record(THERE, 7)])
    mine.note([record(HERE, 4)])
    assert await told(broker) == [{HERE: 5, THERE: 8}]
    await mine.end()
    assert len(broker.told) == 1


async def test_partitions_that_are_anothers_are_not_spoken_for() -> None:
    broker = Broker(has={HERE})
    mine = Offsets(broker)
    mine.note([record(HERE, 1), record(THERE, 1)])
    await mine.tell_now()
    assert broker.told == [{HERE: 2}]
    await mine.end()


async def test_a_refusal_is_no_error_and_the_end_waits_only_so_long() -> None:
    broker = Broker(refuses=True)
    mine = Offsets(broker)
    mine.note([record(HERE, 1)])
    await mine.tell_now()
    broker.answers = asyncio.Event()
    mine.note([record(HERE, 2)])
    await mine.end()  # the brokers do not answer
    assert not broker.told
