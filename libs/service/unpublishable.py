"""An outbox row that no broker takes (too large for the topic) must not hold up all behind it."""

from datetime import UTC, datetime

import asyncpg

from libs.service import dead_letters
from libs.service.incoming import Dead, Incoming
from libs.service.outbox import Waiting

PARTITION = -1  # never came by Kafka; the outbox number stands for the offset


async def set_aside(pool: asyncpg.Pool, row: Waiting) -> None:
    """Keep it as a dead letter; its row goes with the others of its window."""
    message = row.message
    source = Incoming(
        message.topic,
        PARTITION,
        row.seq,
        datetime.now(UTC),
        message.key,
        message.headers,
        message.body,
    )
    letter = Dead(source, "TOO_LARGE", f"{len(message.body)} bytes: refused by the broker")
    async with pool.acquire() as connection, connection.transaction():
        await dead_letters.put(connection, [letter])
