"""kill -9 of services under load: every flow ends, once, in order, and no money moves twice."""

import asyncio

import pytest

from tests.chaos.arena import IS_LONG, SERVICES, Arena

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

ROUNDS = 3 if IS_LONG else 1
PAUSE = (1.0, 3.0) if IS_LONG else (0.5, 1.0)


async def test_each_service_in_turn_and_all_at_once(arena: Arena) -> None:
    async with arena.under_load() as load:
        for _ in range(ROUNDS):
            for name in arena.chance.sample(SERVICES, len(SERVICES)):
                await asyncio.sleep(arena.chance.uniform(*PAUSE))
                arena.kill(name)
                arena.start(name)
            await asyncio.sleep(arena.chance.uniform(*PAUSE))
            arena.kill(*SERVICES)
            arena.start(*SERVICES)
        assert not (await load.balance()).wrong
