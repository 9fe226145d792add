"""Asking again: what went out goes out once more, byte for byte, from what is kept."""

import asyncio

import pytest
from aiokafka import ConsumerRecord

from libs.messages.partners import JSON, XML
from libs.service import sent
from tests.integration.service.conftest import World, fill_box, open_box, until

pytestmark = pytest.mark.stack


def whole(record: ConsumerRecord) -> tuple[object, ...]:
    """All of a message that a partner sees."""
    return record.key, tuple(record.headers), record.value


async def _asked_again(world: World) -> bool:
    return await world.count("timer") == 0


@pytest.mark.parametrize("content_type", [XML, JSON])
async def test_what_is_resent_has_the_same_id_bytes_and_headers(
    world: World, content_type: str
) -> None:
    fill = world.sealed(fill_box("BX1", 5, ask=True), content_type=content_type)
    async with world.running(ask_seconds=0.3):
        await world.send(world.sealed(open_box("BX1")), fill)
        records = await world.read(world.toy.requests, 4)
    first, again = [whole(r) for r in records[:2]], [whole(r) for r in records[2:]]
    assert again == first
    assert records[2].value == fill.body
    assert dict(records[3].headers)["ce_source"].decode() == world.toy.name
    assert await world.count("sent") == 1
    assert await world.count("inbox") == 2


async def test_it_can_be_asked_again_by_another_process_than_the_one_that_asked(
    world: World,
) -> None:
    async with world.running(ask_seconds=3):
        await world.send(world.sealed(open_box("BX1")), world.sealed(fill_box("BX1", ask=True)))
        await world.read(world.toy.requests, 2)
    async with world.running():
        records = await world.read(world.toy.requests, 4)
    assert [whole(r) for r in records[2:]] == [whole(r) for r in records[:2]]


async def test_asking_again_survives_a_kill_before_its_commit(world: World) -> None:
    await world.send(world.sealed(open_box("BX1")))
    async with world.running():
        await world.read(world.toy.events, 1)
    await world.send(world.sealed(fill_box("BX1", ask=True)))
    died = world.spawn(ask_seconds=0.5, fault_point="before_commit:2")  # the fill, then the timer
    await asyncio.to_thread(died.wait, 60)
    assert died.returncode == -9
    assert await world.count("timer") == 1
    async with world.running():
        await until(lambda: _asked_again(world))
        records = await world.read(world.toy.requests, 4)
    assert len({whole(r) for r in records}) == 2  # a killed relay may have published them twice


async def test_what_was_never_kept_is_told_and_does_not_stop_the_service(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the proof that the bytes come from what is kept, and from nowhere else."""

    def nothing(*_: object) -> None: ...

    monkeypatch.setattr(sent, "keep", nothing)
    async with world.running(ask_seconds=0.1) as process:
        await world.send(world.sealed(open_box("BX1")), world.sealed(fill_box("BX1", ask=True)))
        await until(lambda: process.metrics.value("unexpected") == 1)
        await world.send(world.sealed(open_box("BX2")))
        await world.read(world.toy.events, 3)
    assert len(await world.everything(world.toy.requests)) == 2
    assert await world.count("timer") == 1
