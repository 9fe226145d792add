"""Background parts: what becomes of one that breaks."""

import asyncio
import io

import pytest

from libs.service.logs import make_logger
from libs.service.metrics import Metrics
from libs.service.supervising import Supervisor


@pytest.mark.parametrize("broken_by", [RuntimeError, asyncio.CancelledError])
async def test_a_part_that_breaks_is_told_of_and_begun_again(
    broken_by: type[BaseException],
) -> None:
    """A library's cancelled task, waited for, ends who waits as if he were cancelled himself."""
    stop, said, rounds = asyncio.Event(), io.StringIO(), 0
    metrics = Metrics("policy")

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise broken_by
        stop.set()

    supervisor = Supervisor(stop, 0.01, metrics, make_logger("policy", stream=said))
    supervisor.start("relay", work)
    await supervisor.end(5)
    assert rounds == 2
    assert metrics.value("unexpected") == 1
    assert "part_broke" in said.getvalue()


async def test_a_part_that_takes_too_long_to_stop_is_cancelled() -> None:
    stop, begun, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    log = make_logger("policy", stream=io.StringIO())
    supervisor = Supervisor(stop, 0.01, Metrics("policy"), log)
    supervisor.start("relay", work)
    await begun.wait()
    stop.set()
    await supervisor.end(0.05)
    await asyncio.wait_for(cancelled.wait(), 5)
