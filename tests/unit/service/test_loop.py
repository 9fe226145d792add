"""On the loop of services aiokafka hears of closed connections as it does on asyncio's own."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from libs.service.loop import new_event_loop

Write = Callable[[AIOKafkaConnection], object]
WRITES: dict[str, Write] = {
    "request": lambda connection: connection.send(MetadataRequest([])),
    "token": lambda connection: connection._send_sasl_token(b"token"),
}


async def write_to_closed(write: Write) -> None:
    """Write to a broker whose connection is gone, which aiokafka has not noticed yet."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    connection = AIOKafkaConnection(host, port)
    connection._versions = {MetadataRequest.API_KEY: (0, 1)}
    connection._reader, connection._writer = await asyncio.open_connection(host, port)
    connection._read_task = asyncio.create_task(asyncio.sleep(0))
    connection._writer.transport.abort()
    await asyncio.sleep(0.01)
    try:
        write(connection)
    finally:
        server.close()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_closed_connection_is_an_error_of_kafkas(write: Write) -> None:
    with (
        asyncio.Runner(loop_factory=new_event_loop) as runner,
        pytest.raises(KafkaConnectionError, match="closed"),
    ):
        runner.run(write_to_closed(write))


def test_by_itself_uvloop_raises_what_aiokafka_does_not_expect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asyncio.Runner(loop_factory=new_event_loop).close()
    monkeypatch.setattr(AIOKafkaConnection, "send", AIOKafkaConnection.send.__wrapped__)
    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        pytest.raises(RuntimeError, match="closed"),
    ):
        runner.run(write_to_closed(WRITES["request"]))
