"""The Kafka side of a counterparty, when its brokers go away at the worst moment."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from libs.messages.partners import partner_topic
from sandbox.loop import Loop
from tests.support.stores import Stores
from tests.unit.sandbox.counter import Counter, Keys

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

CODE = "CPIC"
SECONDS_MAX = 60.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not true():
            await asyncio.sleep(0.05)


async def test_it_connects_again_while_it_waits_to_fetch_again(
    stores: Stores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stores.create_topics(*(partner_topic(CODE, name) for name in ("requests", "replies")))
    counter = Counter(CODE, Keys.create(tmp_path))
    loop = Loop(CODE, stores.bootstrap, counter.desk, counter.store)
    working = asyncio.create_task(loop.run())
    try:
        await until(lambda: loop.ready)
        first: Any = loop._consumer
        for place in first.assignment():
            await first.position(place)  # it fetches from there
        first._fetcher._retry_backoff = SECONDS_MAX
        await asyncio.to_thread(stores.kill, "kafka")
        await until(lambda: "Failed fetch messages" in caplog.text)
        monkeypatch.setattr(first, "getmany", refused)
        await until(lambda: working.done() or loop._consumer is not first)
        await asyncio.to_thread(stores.start)
        await until(lambda: working.done() or loop.ready)
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def refused(*places: object, **options: object) -> None:
    """As when the group is lost."""
    raise KafkaError
