"""The waker looks early only when something was set that is due before it would look anyway."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from libs.decisions import Ref, Timer
from libs.service.plan import Plan
from libs.service.waking import Waker

REF = Ref("box", "BX1")


def plan_with(due_at: datetime | None) -> Plan:
    return Plan(timers=[Timer(REF, "ring", due_at)])


@pytest.fixture
def waker() -> Waker:
    wait = timedelta(seconds=30)
    return Waker(Mock(), Mock(), Mock(), wait, asyncio.Event(), 5.0, 1.0, Mock(), Mock())


@pytest.mark.parametrize(
    ("seconds", "woken"), [(1.0, True), (30.0, False), (None, False)], ids=["sooner", "later", "-"]
)
async def test_asleep_it_is_woken_only_by_what_is_due_sooner(
    waker: Waker, seconds: float | None, woken: bool
) -> None:
    now = datetime.now(UTC)
    asleep = asyncio.create_task(waker._wait(now + timedelta(seconds=4)))
    await asyncio.sleep(0)
    waker.notice(plan_with(None if seconds is None else now + timedelta(seconds=seconds)))
    assert waker._changed.is_set() is woken
    asleep.cancel()


async def test_awake_it_looks_again_at_whatever_is_set(waker: Waker) -> None:
    waker.notice(plan_with(datetime.now(UTC) + timedelta(days=1)))
    assert waker._changed.is_set()
