"""A message's life through the chassis, on the real stores."""

import pytest

from libs.messages.partners import XML
from tests.integration.service.conftest import World, fill_box, open_box, until

pytestmark = pytest.mark.stack


async def test_a_signed_command_becomes_a_record_and_an_event(world: World) -> None:
    async with world.running():
        await world.send(world.sealed(open_box("BX1")), world.sealed(fill_box("BX1", 5), content_type=XML))
        events = await world.read(world.toy.events, 2)
    assert [dict(event.headers)["ce_status"] for event in events] == [b"10", b"20"]
    rows = await world.sql("SELECT version, status, body->>'total' AS total FROM record")
    assert [tuple(row) for row in rows] == [(2, "20", "5")]
