"""The outbox: what is to be published, numbered in the order of commits.

A number is taken at insert but seen at commit; a reader that follows numbers would pass over a row
whose transaction commits late. So whoever inserts holds a lock until its commit: the numbers'
order is the commits' order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from asyncpg import Record

from libs.service.db import Connection
from libs.service.packing import Headers, pack, unpack

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('outbox:' || current_schema(), 0))"
CHANNEL = "SELECT 'outbox_' || current_schema()"
_NOTIFY = "SELECT pg_notify('outbox_' || current_schema(), '')"
# a number is drawn for a row of the join, which there is when the lock is held
_NUMBERS = "SELECT nextval('outbox_seq_seq') FROM ({lock}) AS held, generate_series(1, $1)"
_COLUMNS = ("seq", "topic", "key", "headers", "body")
_NEXT = """
SELECT seq, octet_length(body) AS bytes FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2"""
_ROWS = "SELECT seq, topic, key, headers, body FROM outbox WHERE seq = ANY($1::bigint[])"
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


_NONE: Mapping[int, Outbound] = MappingProxyType({})


async def put(
    connection: Connection, messages: Sequence[Outbound], *, notify: bool
) -> list[Waiting]:
    """Add messages in this order, inside the caller's transaction, as its last statements.

    `notify` wakes a relay in another process. Returns the rows with their numbers; they stand
    when the transaction is committed.
    """
    if not messages:
        return []
    drawn = await connection.fetch(_NUMBERS.format(lock=LOCK), len(messages))
    numbers = [row[0] for row in drawn]
    rows = [
        (seq, m.topic, m.key, pack(m.headers), m.body)
        for seq, m in zip(numbers, messages, strict=True)
    ]
    await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)
    if notify:
        await connection.execute(_NOTIFY)
    return [Waiting(seq, m) for seq, m in zip(numbers, messages, strict=True)]


async def waiting(
    connection: Connection, after: int, limit: int, at_hand: Mapping[int, Outbound] = _NONE
) -> list[Waiting]:
    """The next rows in order, not many more bytes than 8 MiB; those `at_hand` are not read."""
    found = _head(await connection.fetch(_NEXT, after, limit))
    lacking = [seq for seq in found if seq not in at_hand]
    read = {
        seq: Outbound(topic, key, unpack(headers), body)
        for seq, topic, key, headers, body in (
            await connection.fetch(_ROWS, lacking) if lacking else ()
        )
    }
    return [Waiting(seq, read[seq] if seq in read else at_hand[seq]) for seq in found]


def _head(rows: Sequence[Record]) -> list[int]:
    """The first numbers; the last one's bytes pass the limit."""
    numbers: list[int] = []
    total = 0
    for seq, size in rows:
        if total >= _READ_BYTES_MAX:
            break
        numbers.append(seq)
        total += size
    return numbers


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
