"""Every message three times, in shuffled order across documents: each takes effect once."""

import asyncio

import pytest

from bench.load import Finding
from tests.chaos.arena import CATCH_UP_SECONDS, IS_LONG, Arena, long_only
from tests.chaos.handles import forget_dead_letters
from tests.chaos.repeater import TIMES_MORE, repeating

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

LOAD_SECONDS = 40.0 if IS_LONG else 4.0


async def repeated(arena: Arena, *, seconds: float, **mutated: str) -> list[Finding]:
    """What is wrong after a load of which everything was delivered three times."""
    for service, mutation in mutated.items():
        arena.start(service, mutation=mutation)
    async with (
        repeating(arena.stack.kafka.bootstrap, arena.chance) as repeater,
        arena.under_load() as load,
    ):
        await asyncio.sleep(seconds)
        await load.stop()
        await load.traffic.finished(CATCH_UP_SECONDS)
        await repeater.quiet()
        found = await load.balance()
    unique, records = found.books.unique, found.books.records
    short = {
        topic: (unique[topic], records[topic])
        for topic in unique
        if records[topic] < unique[topic] * (1 + TIMES_MORE)
    }
    print(f"repeats {repeater.repeated.total()}, overtaken by younger {repeater.overtaken}")
    assert not short, f"not everything was repeated: {short}"
    assert repeater.overtaken > repeater.repeated.total() / 4, "not shuffled"
    return found.wrong


async def test_everything_three_times_counts_once(arena: Arena) -> None:
    assert not await repeated(arena, seconds=LOAD_SECONDS)


@long_only
async def test_without_inboxes_it_would_count_again(arena: Arena) -> None:
    try:
        wrong = await repeated(arena, seconds=2.0, policy="no_inbox")
    finally:
        await forget_dead_letters(arena)
    assert "dead letters of policy" in {finding.what for finding in wrong}
