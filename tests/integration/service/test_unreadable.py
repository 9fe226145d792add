"""A record that the client library cannot even parse must not stop its topic."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from tests.integration.service.conftest import Sealed, World, open_box, until

pytestmark = pytest.mark.stack

_CRC_AT, _CRC_FROM = 17, 21  # of a record batch


async def test_a_header_whose_name_is_no_text_is_a_dead_letter_between_its_neighbours(
    world: World,
) -> None:
    good = [world.sealed(open_box(f"BX{number}")) for number in range(6)]
    async with world.running():
        await world.send(*good[:3])
        await send_with_bad_name(world, good[3])
        await world.send(*good[4:])
        events = await world.read(world.toy.events, 5)
        await until(lambda: _has_letter(world))
    assert {event.key for event in events} == {b"BX0", b"BX1", b"BX2", b"BX4", b"BX5"}
    (letter,) = await world.sql('SELECT reason, partition, "offset" FROM dead_letter')
    assert letter["reason"] == "HEADERS"


async def send_with_bad_name(world: World, message: Sealed) -> None:
    """Publish with a header whose name is bytes that are no UTF-8, as a C client can."""
    producer = AIOKafkaProducer(bootstrap_servers=world.stores.bootstrap)
    await producer.start()
    batch = producer.create_batch()
    headers = [*message.headers, ("BADNAME", b"x")]
    batch.append(key=message.key, value=message.body, timestamp=None, headers=headers)
    data = bytearray(batch._build())
    place = data.index(b"BADNAME")
    data[place : place + 7] = b"\xff\xfe\xfd\xfc\xfb\xfa\xf9"
    data[_CRC_AT:_CRC_FROM] = calc_crc32c(bytes(data[_CRC_FROM:])).to_bytes(4, "big")
    batch._buffer = data
    await (await producer.send_batch(batch, world.toy.commands, partition=1))
    await producer.stop()


async def _has_letter(world: World) -> bool:
    return await world.count("dead_letter") == 1
