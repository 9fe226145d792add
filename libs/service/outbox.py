"""The outbox: what is to be published, numbered in the order of commits.

A number is taken at insert but seen at commit; a reader that follows numbers would pass over a row
whose transaction commits late. So whoever inserts holds a lock until its commit: the numbers'
order is the commits' order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.service.db import Connection
from libs.service.packing import Headers, pack, unpack

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('outbox:' || current_schema(), 0))"
CHANNEL = "SELECT 'outbox_' || current_schema()"
_NOTIFY = "SELECT pg_notify('outbox_' || current_schema(), '')"
_COLUMNS = ("topic", "key", "headers", "body")
_NEXT = """
SELECT seq, topic, key, headers, body FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS bytes_before
    FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2
) AS head WHERE bytes_before < $3 ORDER BY seq"""
_READ_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to publish, whole: nothing of it is changed on the way out."""

    topic: str
    key: bytes | None
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """An outbox row."""

    seq: int
    message: Outbound


async def put(connection: Connection, messages: Sequence[Outbound], *, notify: bool) -> None:
    """Add messages in this order, inside the caller's transaction, as its last statements.

    `notify` wakes a relay in another process.
    """
    if not messages:
        return
    await connection.execute(LOCK)
    rows = [(m.topic, m.key, pack(m.headers), m.body) for m in messages]
    await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)
    if notify:
        await connection.execute(_NOTIFY)


async def waiting(connection: Connection, after: int, limit: int) -> list[Waiting]:
    """The next rows in order, not many more bytes than 8 MiB."""
    rows = await connection.fetch(_NEXT, after, limit, _READ_BYTES_MAX)
    return [
        Waiting(seq, Outbound(topic, key, unpack(headers), body))
        for seq, topic, key, headers, body in rows
    ]


async def drop(connection: Connection, through: int) -> None:
    """Remove what is published: everything up to this number."""
    await connection.execute("DELETE FROM outbox WHERE seq <= $1", through)


async def age_seconds(connection: Connection) -> float:
    """How long the oldest message waits; 0 when none does."""
    age: float | None = await connection.fetchval(
        "SELECT extract(epoch FROM clock_timestamp() - created_at)::float8"
        " FROM outbox ORDER BY seq LIMIT 1"
    )
    return age or 0.0
