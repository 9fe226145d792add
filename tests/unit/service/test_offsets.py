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
    refusals: int = 0

    def assignment(self) -> set[TopicPartition]:
        return self.has

    def refused(self) -> None:
        self.refusals += 1

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
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 3), record(THERE, 7)])
    mine.note([record(HERE, 4)])
    assert await told(broker) == [{HERE: 5, THERE: 8}]
    await mine.hand_over()
    assert len(broker.told) == 1


async def test_partitions_that_are_anothers_are_not_spoken_for() -> None:
    broker = Broker(has={HERE})
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 1), record(THERE, 1)])
    await mine.hand_over()
    assert broker.told == [{HERE: 2}]


async def test_what_is_settled_while_the_brokers_take_their_time_is_told_after_it() -> None:
    broker = Broker(answers=asyncio.Event())
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 1)])
    await asyncio.sleep(0.03)  # being told
    mine.note([record(HERE, 2)])
    assert broker.answers is not None
    broker.answers.set()
    async with asyncio.timeout(5):
        while {HERE: 3} not in broker.told:
            await asyncio.sleep(0.001)


async def test_what_was_refused_is_told_again() -> None:
    broker = Broker(refuses=True)
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 1)])
    await asyncio.sleep(0.03)  # refused
    broker.refuses = False
    assert await told(broker) == [{HERE: 2}]
    assert broker.refusals


async def test_after_a_hand_over_nothing_is_told_of_what_was_before() -> None:
    broker = Broker(refuses=True)
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 1)])
    await mine.hand_over()
    broker.refuses = False
    mine.note([record(THERE, 1)])
    assert await told(broker) == [{THERE: 2}]


async def test_a_hand_over_waits_only_so_long_for_the_brokers() -> None:
    broker = Broker(answers=asyncio.Event())
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 2)])
    await mine.hand_over()
    assert not broker.told
    assert broker.refusals == 1


async def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    broker = Broker(answers=asyncio.Event())
    mine = Offsets(broker, broker.refused)
    mine.note([record(HERE, 1)])
    await asyncio.sleep(0.03)  # being told
    broker.answers = None  # only later askers are answered
    assert await told(broker) == [{HERE: 2}]
