"""Several instances and several documents: what one does, no other undoes."""

import pytest

from libs.decisions import Ref
from libs.service.store import RecordStore, Save, body_text
from tests.integration.service.conftest import World, fill_box, open_box, until
from tests.integration.service.toy import RECORD, BoxBody

pytestmark = pytest.mark.stack


async def test_a_record_changed_meanwhile_makes_the_batch_decide_again(world: World) -> None:
    async with world.running() as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        pool = process.runtime.pool
        store = RecordStore({RECORD.name: RECORD})
        async with pool.acquire() as connection, connection.transaction():
            ref = Ref("box", "BX1")
            before = (await store.load(connection, [ref]))[ref]
            assert before is not None
            after = before.next(BoxBody(text="changed elsewhere", total=1000), "20")
            await store.save(connection, [Save(after, body_text(after), before.version)])
            await world.send(world.sealed(fill_box("BX1", 5)))
            await until(lambda: _somebody_waits_for_a_lock(world))
        await until(lambda: process.metrics.value("conflicts") >= 1)
        await world.read(world.toy.events, 2)
    (row,) = await world.sql("SELECT version, body->>'total' AS total FROM record")
    assert tuple(row) == (3, "1005")


async def _somebody_waits_for_a_lock(world: World) -> bool:
    rows = await world.sql(
        "SELECT 1 FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'"
    )
    return bool(rows)
