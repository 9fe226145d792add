"""kill -9 at every named point, and again: nothing lost, nothing twice, order kept."""

import asyncio
from pathlib import Path

import orjson
import pytest

from libs.service.faults import POINTS
from tests.integration.service.conftest import Sealed, World, fill_box, open_box, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

# several transactions a batch, each decided while the one before is written
SMALL = {
    "batch_records_max": 20,
    "transaction_records_max": 6,
    "relay_rows_max": 30,
}
BOXES = [f"BX{n}" for n in range(12)]
FILLS = 15


async def whole(world: World) -> bool:
    """Whether every command took effect and everything is published."""
    rows = await world.sql("SELECT count(*) FROM record WHERE version >= $1", FILLS + 1)
    return bool(rows[0][0] == len(BOXES)) and await world.count("outbox") == 0


async def check_balance(world: World) -> None:
    """Each effect once, in order; what repeats on a topic repeats with the same id and bytes."""
    rows = await world.sql("SELECT version, (body->>'total')::int AS total FROM record")
    assert [tuple(row) for row in rows] == [(FILLS + 1, sum(range(1, FILLS + 1)))] * len(BOXES)
    assert await world.count("inbox") == len(BOXES) * (FILLS + 1)
    assert await world.count("dead_letter") == 0
    events = await world.everything(world.toy.events)
    for box in BOXES:
        sequence: list[int] = []
        bodies: dict[int, bytes] = {}
        for event in (event for event in events if event.key == box.encode()):
            number = orjson.loads(event.value)["sequence"]
            assert bodies.setdefault(number, event.value) == event.value
            if number not in sequence:
                sequence.append(number)
        assert sequence == list(range(1, FILLS + 2)), box
    forwarded = {event.value for event in await world.everything(world.toy.requests)}
    assert len(forwarded) == len(BOXES) * FILLS


def load(world: World) -> list[Sealed]:
    return [world.sealed(open_box(box, ring_seconds=3600)) for box in BOXES] + [
        world.sealed(fill_box(box, n)) for n in range(1, FILLS + 1) for box in BOXES
    ]


@pytest.mark.parametrize("point", [point for point in POINTS if point != "before_timer"])
async def test_killed_at_a_named_point_and_started_again(
    world: World, point: str, tmp_path: Path
) -> None:
    await world.send(*load(world))
    mark = tmp_path / "died"
    died = world.spawn(fault_point=f"{point}:2:{mark}", **SMALL)
    await asyncio.to_thread(died.wait, 60)
    assert died.returncode == -9
    assert mark.exists()
    async with world.spawned(**SMALL):
        await until(lambda: whole(world), 60)
    await check_balance(world)


async def test_killed_between_a_timer_and_its_effect(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "died"
    died = world.spawn(fault_point=f"before_timer:1:{mark}")
    await world.send(world.sealed(open_box("BX1", ring_seconds=0.2)), world.sealed(fill_box("BX1")))
    await asyncio.to_thread(died.wait, 60)
    assert died.returncode == -9
    async with world.spawned():
        await until(lambda: rung(world), 60)
    # an event that was published but not yet taken off the outbox comes again, under its own id
    events = [dict(event.headers) for event in await world.everything(world.toy.events)]
    statuses = {event["ce_id"]: event["ce_status"] for event in events}
    assert list(statuses.values()) == [b"10", b"20", b"30"]


async def rung(world: World) -> bool:
    """Whether the timer's effect is written and published."""
    rows = await world.sql("SELECT status FROM record")
    return [row["status"] for row in rows] == ["30"] and await world.count("outbox") == 0


async def test_a_second_instance_joins_and_one_dies_under_load(world: World) -> None:
    commands = load(world)
    async with world.spawned(batch_records_max=10), world.spawned(batch_records_max=10) as second:
        for start in range(0, len(commands), 40):
            await world.send(*commands[start : start + 40])
            if start == 80:
                second.kill()
        await until(lambda: whole(world), 60)
    await check_balance(world)
