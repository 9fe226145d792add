"""The outbox: what is to be published, numbered in the order of commits.

A number is taken at insert but seen at commit; a reader that follows numbers would pass over a row
whose transaction commits late. So whoever inserts holds a lock until its commit: the numbers'
order is the commits' order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from asyncpg import Record

from libs.service.db import Connection
from libs.service.packing import Headers, pack, unpack
from libs.service.writing import Writing

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('outbox:' || current_schema(), 0))"
CHANNEL = "SELECT 'outbox_' || current_schema()"
_NOTIFY = "SELECT pg_notify('outbox_' || current_schema(), '')"
# a number is drawn for a row of the join, which there is when the lock is held
_PUT = """
INSERT INTO outbox (topic, key, headers, body)
SELECT m.* FROM ({lock}) AS held,
    unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) AS m(topic, key, headers, body)
RETURNING seq"""
# where to begin is said: before it are only rows that are deleted already, thousands of them
_DROP = "DELETE FROM outbox WHERE seq > $1 AND seq <= $2"
_NEXT = """
WITH gone AS (DELETE FROM outbox WHERE seq > $3 AND seq <= $1)
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
    writing = Writing()
    add(writing, messages, notify=notify)
    return rows(await writing.run(connection), messages)


def add(writing: Writing, messages: Sequence[Outbound], *, notify: bool) -> None:
    """The same as the last part of a writing; `rows` makes of its answer what `put` returns."""
    if not messages:
        return
    writing.add(
        "outbox",
        _PUT.format(lock=LOCK),
        [m.topic for m in messages],
        [m.key for m in messages],
        [pack(m.headers) for m in messages],
        [m.body for m in messages],
        tells="array_agg(seq ORDER BY seq)",
    )
    if notify:
        writing.add("notified", _NOTIFY)


def rows(told: Mapping[str, Any], messages: Sequence[Outbound]) -> list[Waiting]:
    """The messages of a writing with the numbers that they were given."""
    numbers: list[int] = told.get("outbox", [])
    return [Waiting(seq, m) for seq, m in zip(numbers, messages, strict=True)]


async def waiting(
    connection: Connection,
    after: int,
    limit: int,
    at_hand: Mapping[int, Outbound] = _NONE,
    *,
    dropped: int | None = None,
) -> list[Waiting]:
    """The next rows in order, not many more bytes than 8 MiB; those `at_hand` are not read.

    `dropped`: on the way, rows behind this one and up to `after` are removed.
    """
    begin = after if dropped is None else dropped
    found = _head(await connection.fetch(_NEXT, after, limit, begin))
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


async def drop(connection: Connection, after: int, through: int) -> None:
    """Remove what is published: everything behind the one number, up to the other."""
    await connection.execute(_DROP, after, through)


def is_all(rows: Sequence[Waiting], limit: int) -> bool:
    """Whether these, which were read with this limit, were all that there was."""
    return len(rows) < limit and sum(len(r.message.body) for r in rows) < _READ_BYTES_MAX


async def age_seconds(connection: Connection) -> float:
    """How long the oldest message waits; 0 when none does."""
    age: float | None = await connection.fetchval(
        "SELECT extract(epoch FROM clock_timestamp() - created_at)::float8"
        " FROM outbox ORDER BY seq LIMIT 1"
    )
    return age or 0.0
