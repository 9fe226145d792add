"""Several instances and several documents: what one does, no other undoes."""

import pytest

from libs.decisions import Ref
from libs.service import inbox, store
from libs.service.store import RecordStore, Save, body_text
from libs.service.writing import Writing
from tests.integration.service.conftest import World, fill_box, open_box, until
from tests.integration.service.toy import RECORD, BoxBody

pytestmark = pytest.mark.stack


async def changed_meanwhile(world: World) -> tuple[int, int]:
    """A box is changed elsewhere while a batch about it is under way: its version and total."""
    async with world.running() as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        pool = process.runtime.pool
        records = RecordStore({RECORD.name: RECORD})
        async with pool.acquire() as connection, connection.transaction():
            ref = Ref("box", "BX1")
            before = (await records.load(connection, [ref]))[ref]
            assert before is not None
            after = before.next(BoxBody(text="changed elsewhere", total=1000), "20")
            writing = Writing()
            records.save(writing, [Save(after, body_text(after), before.version)])
            await writing.run(connection)
            await world.send(world.sealed(fill_box("BX1", 5)))
            await until(lambda: _somebody_waits_for_a_lock(world))
        await world.read(world.toy.events, 2)
    (row,) = await world.sql("SELECT version, (body->>'total')::int AS total FROM record")
    return row["version"], row["total"]


async def test_a_record_changed_meanwhile_makes_the_batch_decide_again(world: World) -> None:
    assert await changed_meanwhile(world) == (3, 1005)


async def test_mutation_without_versions_a_change_would_be_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = store._UPDATE
    monkeypatch.setattr(store, "_UPDATE", guarded.replace("AND r.version = n.expected", ""))
    assert await changed_meanwhile(world) == (2, 5)


async def same_message_twice(world: World) -> int:
    """A box is filled with 7 by a message that comes twice, in two batches: its total."""
    fill = world.sealed(fill_box("BX1", 7))
    async with world.running():
        await world.send(world.sealed(open_box("BX1")), fill)
        await world.read(world.toy.events, 2)
        await world.send(fill, world.sealed(open_box("BX2")))
        await until(lambda: _boxes(world, 2))
    (row,) = await world.sql("SELECT (body->>'total')::int AS total FROM record WHERE id = 'BX1'")
    return int(row["total"])


async def test_the_same_message_in_a_later_batch_is_dropped(world: World) -> None:
    assert await same_message_twice(world) == 7


async def test_mutation_without_the_inbox_it_would_take_effect_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> dict[object, object]:
        return {}

    monkeypatch.setattr(inbox, "seen", nothing)
    monkeypatch.setattr(inbox, "keep", lambda *_: None)
    assert await same_message_twice(world) == 14


async def _boxes(world: World, count: int) -> bool:
    return await world.count("record") == count


async def _somebody_waits_for_a_lock(world: World) -> bool:
    rows = await world.sql(
        "SELECT 1 FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'"
    )
    return bool(rows)
