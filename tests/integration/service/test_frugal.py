"""What makes lone messages cheap: they gather where nobody waits, and lookups use their index."""

import asyncio

import pytest

from libs.service import inbox, store
from libs.service.db import make_pool
from tests.integration.service.conftest import World, open_box

pytestmark = pytest.mark.stack

APART, APART_SECONDS = 6, 0.05  # messages that are sent one after the other
FEW = 3  # the first, what was fetched when the second was due, and what came behind that


async def batches(world: World, gather_seconds: float) -> float:
    """In how many batches messages are taken that come one by one behind a first one."""
    async with world.running(gather_seconds=gather_seconds) as process:
        await world.send(world.sealed(open_box("FIRST")))
        await world.read(world.toy.events, 1)
        for number in range(APART):
            await world.send(world.sealed(open_box(f"BX{number}")))
            await asyncio.sleep(APART_SECONDS)
        await world.read(world.toy.events, 1 + APART)
        wanted = {"service": world.toy.name}
        count = process.metrics.registry.get_sample_value("tongbao_batch_messages_count", wanted)
    return count or 0.0


async def test_messages_gather_between_two_batches(world: World) -> None:
    assert await batches(world, gather_seconds=2.0) <= FEW


async def test_without_it_each_is_taken_when_it_comes(world: World) -> None:
    assert await batches(world, gather_seconds=0.0) > FEW


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (inbox._SEEN, "ARRAY['a'], ARRAY[gen_random_uuid()]"),
        (store._LOAD, "ARRAY['box'], ARRAY['BX1'], ARRAY[1]"),
    ],
    ids=["inbox", "record"],
)
async def test_a_lookup_planned_while_its_table_was_empty_uses_the_index(
    world: World, statement: str, values: str
) -> None:
    pool = await make_pool(world.settings(), world.toy.name, by_keys=True)
    async with pool, pool.acquire() as connection:
        await connection.execute(f"PREPARE looked AS {statement}")
        rows = await connection.fetch(f"EXPLAIN EXECUTE looked({values})")
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan" in plan
    assert "Seq Scan" not in plan
