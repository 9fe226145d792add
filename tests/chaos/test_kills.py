"""kill -9 of services and partners under load: flows end, once, in order, paid once."""

import asyncio

import pytest

from libs.messages.partners import PARTNERS
from tests.chaos.arena import IS_LONG, SERVICES, Arena

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

ROUNDS = 3 if IS_LONG else 1
PAUSE = (1.0, 3.0) if IS_LONG else (0.3, 0.7)
SANDBOX = tuple(f"sandbox-{code.lower()}" for code in PARTNERS)
EVERYONE = SERVICES + SANDBOX


async def test_all_at_once_and_each_in_turn(arena: Arena) -> None:
    async with arena.under_load() as load:
        for _ in range(ROUNDS):
            await asyncio.sleep(arena.chance.uniform(*PAUSE))
            arena.kill(*EVERYONE)
            arena.start(*EVERYONE)
            for name in arena.chance.sample(EVERYONE, len(EVERYONE)):
                await asyncio.sleep(arena.chance.uniform(*PAUSE))
                arena.kill(name)
                arena.start(name)
        assert not (await load.balance()).wrong
