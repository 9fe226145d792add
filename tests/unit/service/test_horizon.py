"""The horizon: a wait is over when all that came meanwhile is settled, outages not counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from libs.service.horizon import Ends, Horizon

BEGIN = datetime(2026, 11, 26, 8, tzinfo=UTC)
WAIT = timedelta(seconds=30)
PLACE = TopicPartition("policy.events", 0)


@dataclass
class Scene:
    """A clock, and brokers with one partition."""

    now: datetime = BEGIN
    end: int = 5
    settled: int = 5
    away: bool = False
    asked: int = 0
    horizon: Horizon = field(init=False)

    def __post_init__(self) -> None:
        self.horizon = Horizon(lambda: self.now)
        self.horizon.brokers = self

    async def ends(self) -> Ends:
        self.asked += 1
        if self.away:
            raise KafkaConnectionError
        return {PLACE: self.end}

    async def has_unsettled(self, ends: Ends) -> bool:
        return self.settled < ends[PLACE]

    async def passed(self, seconds: float) -> bool:
        """So long after the beginning."""
        self.now = BEGIN + timedelta(seconds=seconds)
        return await self.horizon.has_passed(BEGIN, WAIT)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_wait_is_over_when_it_was_long_enough_and_all_is_settled(scene: Scene) -> None:
    assert not await scene.passed(29)
    assert await scene.passed(31)


async def test_not_while_something_lies_on_the_topics_that_came_meanwhile(scene: Scene) -> None:
    scene.settled = 4
    for seconds in (31, 60, 600):
        assert not await scene.passed(seconds)
    scene.settled = 5
    assert await scene.passed(602)


async def test_what_comes_later_need_not_be_settled(scene: Scene) -> None:
    """Or under load no wait would ever be over."""
    scene.settled = 4
    assert not await scene.passed(31)
    scene.end, scene.settled = 900, 5
    assert await scene.passed(33)


async def test_while_the_brokers_are_away_no_time_passes(scene: Scene) -> None:
    scene.away = True
    assert not await scene.passed(31)
    assert not await scene.passed(100)
    scene.away = False
    assert not await scene.passed(102)
    assert not await scene.passed(129)
    assert await scene.passed(131)


async def test_nor_when_only_others_noticed_it(scene: Scene) -> None:
    scene.now = BEGIN + timedelta(seconds=20)
    scene.horizon.interrupted()
    assert not await scene.passed(31)
    assert await scene.passed(51)


async def test_without_a_consumer_nothing_is_known(scene: Scene) -> None:
    scene.horizon.brokers = None
    assert not await scene.passed(1000)


async def test_many_who_ask_cost_one_look(scene: Scene) -> None:
    scene.settled = 4
    for _ in range(50):
        assert not await scene.passed(31)
    assert scene.asked == 1
