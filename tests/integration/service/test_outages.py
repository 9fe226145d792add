"""Stores that are away: the service waits, says so, loses nothing and dead-letters nothing."""

import asyncio
import gc
import re
from collections.abc import Iterable
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.service import inbox, outbox
from libs.service.applying import Deciding
from libs.service.consumer import StoppableConsumer
from libs.service.db import Connection
from libs.service.incoming import Accepted
from libs.service.metrics import Metrics
from libs.service.outbox import Outbound
from libs.service.publishing import Publisher
from tests.integration.service.conftest import SECONDS_MAX, World, fill_box, open_box, until
from tests.support.acls import to_consume, without

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


async def restarted(world: World) -> None:
    await asyncio.to_thread(world.stores.start)


async def renewed(world: World) -> None:
    """A producer that knows nothing of the outage."""
    await world.producer.stop()
    world.producer = AIOKafkaProducer(bootstrap_servers=world.stores.bootstrap, acks="all")
    await world.producer.start()


async def balanced(world: World, total: int) -> bool:
    rows = await world.sql("SELECT (body->>'total')::int AS total FROM record")
    return [row["total"] for row in rows] == [total] and await world.count("outbox") == 0


async def test_postgresql_killed_under_load_and_back(world: World) -> None:
    async with world.running(retry_seconds_max=0.5) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        await asyncio.to_thread(world.stores.kill, "postgres")
        await world.send(*(world.sealed(fill_box("BX1", n)) for n in range(1, 31)))
        await until(lambda: process.metrics.value("store_waits", "postgresql") >= 3)
        assert "postgresql" in process.progress.missing()
        assert not process.progress.stalled()
        await restarted(world)
        await until(lambda: balanced(world, 465))
        assert process.progress.missing() == []
    assert await world.count("dead_letter") == 0


async def impatient(world: World, message: Outbound) -> tuple[Publisher, AIOKafkaProducer]:
    """A publisher that gives up after a second, with a producer that has sent before."""
    settings = world.settings(publish_seconds_max=1)
    publisher = Publisher(settings, world.toy.name, Metrics(world.toy.name))
    await publisher.publish(message)
    return publisher, await publisher._ready()


async def test_a_batch_given_up_while_it_waits_to_be_sent_again_is_kafkas_fault(
    world: World,
) -> None:
    message = Outbound(world.toy.events, b"BX1", (), b"{}")
    publisher, producer = await impatient(world, message)
    producer._sender._retry_backoff = 3  # seconds; at the end of them it is looked for
    await asyncio.to_thread(world.stores.kill, "kafka")
    try:
        with pytest.raises(KafkaError):
            await publisher.publish(message)
        assert not producer.client._conns  # nothing of it is left
    finally:
        await restarted(world)
    await publisher.publish(message)
    await publisher.stop()


async def test_a_batch_given_up_before_it_is_sent_is_no_error_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    message = Outbound(world.toy.events, b"BX1", (), b"{}")
    publisher, producer = await impatient(world, message)
    # as if each broker had a request of ours to answer first
    producer._sender._in_flight.update(row.nodeId for row in producer.client.cluster.brokers())
    with pytest.raises(KafkaError):
        await publisher.publish(message)
    del producer
    gc.collect()
    assert "never retrieved" not in caplog.text
    await publisher.publish(message)
    await publisher.stop()


FAREWELL = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"


async def test_a_servers_last_word_is_no_messages_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between it and the end of a connection a service may ask, and meets InternalClientError."""
    said = b"E" + (len(FAREWELL) + 4).to_bytes(4, "big") + FAREWELL
    seen, words = inbox.seen, [said] * 3

    async def told(connection: Connection, batch: Iterable[Accepted]) -> dict[inbox.Key, str]:
        if words:
            word, pool = words.pop(), cast(Any, process.runtime.pool)
            for holder in pool._holders:  # the relay's is one of them
                if holder._con is not None:
                    holder._con._protocol.data_received(word)
        return await seen(connection, batch)

    async with world.running(retry_seconds_max=0.5) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        monkeypatch.setattr(inbox, "seen", told)
        await world.send(world.sealed(fill_box("BX1", 1)))
        await until(lambda: balanced(world, 1))
        assert not words
        assert process.metrics.value("store_waits", "postgresql") >= 1
        assert process.metrics.value("unexpected") == 0  # of the relay neither
    assert await world.count("dead_letter") == 0


async def test_postgresql_that_refuses_new_connections(world: World) -> None:
    async with world.running(retry_seconds_max=0.5) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        admin = await asyncpg.connect(world.database.admin_url)
        login = world.database.schema
        await admin.execute(f"ALTER ROLE {login} NOLOGIN")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", login
        )
        await world.send(*(world.sealed(fill_box("BX1", n)) for n in range(1, 11)))
        await until(lambda: process.metrics.value("store_waits", "postgresql") >= 3)
        await admin.execute(f"ALTER ROLE {login} LOGIN")
        await admin.close()
        await until(lambda: balanced(world, 55))
    assert await world.count("dead_letter") == 0


async def test_an_error_at_commit_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Deciding._write
    failures = iter([asyncpg.SerializationError("at commit"), asyncpg.DiskFullError("disk full")])

    async def failing(self: Deciding, *args: object) -> None:
        await whole(self, *args)  # type: ignore[arg-type]
        if (error := next(failures, None)) is not None:
            raise error

    monkeypatch.setattr(Deciding, "_write", failing)
    async with world.running():
        await world.send(world.sealed(open_box("BX1")), world.sealed(fill_box("BX1", 4)))
        await until(lambda: balanced(world, 4))
    assert await world.count("dead_letter") == 0
    assert len(await world.everything(world.toy.events)) == 2


async def test_kafka_killed_with_a_full_outbox_and_back(world: World) -> None:
    async with world.running(retry_seconds_max=0.5, relay_rows_max=5) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        await world.send(*(world.sealed(fill_box("BX1", n)) for n in range(1, 31)))
        await asyncio.to_thread(world.stores.kill, "kafka")
        await restarted(world)
        await renewed(world)
        await world.send(world.sealed(fill_box("BX1", 100)))
        await until(lambda: balanced(world, 565), 60)
        assert not process.progress.stalled()
    sequence: list[int] = []
    for event in await world.everything(world.toy.events):
        number = int(re.findall(rb'"sequence":(\d+)', event.value)[0])
        if number not in sequence:
            sequence.append(number)
    assert sequence == list(range(1, 33))


async def test_kafka_away_for_long_is_no_stall_and_sends_do_not_hang(world: World) -> None:
    settings = {"retry_seconds_max": 0.3, "stall_seconds_max": 3, "publish_seconds_max": 1}
    async with world.running(**settings) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        await asyncio.to_thread(world.stores.kill, "kafka")
        message = Outbound(world.toy.requests, b"BX1", (), b"{}")
        with pytest.raises(KafkaError):
            await process.runtime.publisher.publish(message)
        async with process.runtime.pool.acquire() as connection, connection.transaction():
            await outbox.put(connection, [message], notify=True)
        await until(lambda: process.metrics.value("store_waits", "kafka") >= 5)
        assert not process.progress.stalled()
        await restarted(world)
        await renewed(world)
        await world.send(world.sealed(fill_box("BX1", 3)))
        await until(lambda: balanced(world, 3), 60)


async def test_kafka_absent_at_start_is_waited_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.producer.stop()
    await asyncio.to_thread(world.stores.kill, "kafka")
    async with world.starting() as process:
        await until(lambda: "kafka_unreachable" in capsys.readouterr().err)
        assert "kafka" in process.progress.missing()
        await restarted(world)
        await until(lambda: not process.progress.missing(), 60)
        await renewed(world)
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)


async def test_postgresql_absent_at_start_is_waited_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(world.stores.kill, "postgres")
    async with world.starting() as process:
        await until(lambda: "postgresql_unreachable" in capsys.readouterr().err)
        await restarted(world)
        await until(lambda: not process.progress.missing(), 60)


async def test_a_service_that_is_stopped_while_it_waits_gives_its_batch_back(world: World) -> None:
    async with world.running(retry_seconds_max=0.5) as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        await asyncio.to_thread(world.stores.kill, "postgres")
        await world.send(world.sealed(fill_box("BX1", 9)))
        await until(lambda: process.metrics.value("store_waits", "postgresql") >= 2)
    await restarted(world)
    async with world.running():
        await until(lambda: balanced(world, 9))


async def test_a_consumer_can_be_stopped_while_it_waits_to_fetch_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = StoppableConsumer(world.toy.events, bootstrap_servers=world.stores.bootstrap)
    await consumer.start()
    for place in consumer.assignment():
        await consumer.position(place)  # it fetches from there
    consumer._fetcher._retry_backoff = SECONDS_MAX  # in which it is stopped
    await asyncio.to_thread(world.stores.kill, "kafka")
    try:
        await until(lambda: "Failed fetch messages" in caplog.text)
        await consumer.stop()
        assert not consumer._client._conns  # nothing of it is left
    finally:
        await restarted(world)


async def test_the_right_to_consume_is_taken_away_and_given_back(world: World) -> None:
    async with world.running() as process:
        async with without(to_consume([world.toy.name]), world.stores.bootstrap):
            await until(lambda: process.metrics.value("store_waits", "kafka") > 0)  # a heartbeat
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        assert await world.count("record") == 1


@pytest.mark.parametrize("outage", ["the broker is killed", "nobody may consume"])
async def test_no_message_is_refused_for_what_could_not_be_read(world: World, outage: str) -> None:
    """What it waits for is on the topic, and longer out of reach than a message waits."""
    changes = {"deferral_seconds_max": 2, "retry_seconds_max": 0.5, "kafka_session_seconds": 6}
    async with world.running(**changes) as process:
        await world.send(world.sealed(open_box("BX2", like="BX1")))
        await until(lambda: process.metrics.value("deferred") == 1)
        if outage == "nobody may consume":
            async with without(to_consume(), world.stores.bootstrap):
                await until(lambda: process.metrics.value("store_waits", "kafka") > 0)
                await world.send(world.sealed(open_box("BX1")))
                await asyncio.sleep(5)
        else:
            await asyncio.to_thread(world.stores.kill, "kafka")
            await asyncio.sleep(5)
            await restarted(world)
            await renewed(world)
            await world.send(world.sealed(open_box("BX1")))
        events = await world.read(world.toy.events, 2)
    assert {event.key for event in events} == {b"BX1", b"BX2"}
    assert not any(b"CommandRejected" in dict(event.headers)["ce_type"] for event in events)
    assert await world.count("deferral") == 0
