"""Deferrals: messages that came before what they need; tried again with growing pauses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.service.db import Conflict, Connection
from libs.service.inbox import Key
from libs.service.writing import Writing

PAUSE_SECONDS_MIN = 0.05
PAUSE_SECONDS_MAX = 5.0

_PUT = """
INSERT INTO deferral (source, message_id, first_at, due_at, attempts, reason)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::int[],
                     $6::text[])
ON CONFLICT (source, message_id) DO UPDATE
SET due_at = excluded.due_at, attempts = excluded.attempts, reason = excluded.reason
RETURNING 1"""

_DONE = """
DELETE FROM deferral d USING unnest($1::text[], $2::uuid[], $3::int[])
    AS w(source, message_id, attempts)
WHERE d.source = w.source AND d.message_id = w.message_id AND d.attempts = w.attempts"""

_DUE = """
SELECT source, message_id, d.first_at, d.attempts, d.reason
FROM deferral d JOIN inbox USING (source, message_id)
WHERE d.due_at <= $1 ORDER BY d.due_at LIMIT $2"""

_CURRENT = """
SELECT d.source, d.message_id
FROM deferral d JOIN unnest($1::text[], $2::uuid[], $3::int[])
    AS w(source, message_id, attempts) USING (source, message_id, attempts)"""


@dataclass(frozen=True, slots=True)
class Deferral:
    """How long one message has waited, and for what."""

    key: Key
    first_at: datetime
    attempts: int
    reason: str

    def again(self, now: datetime) -> datetime:
        """When to try next: the pauses double."""
        pause = min(PAUSE_SECONDS_MIN * 2**self.attempts, PAUSE_SECONDS_MAX)
        return now + timedelta(seconds=pause)


def put(writing: Writing, deferrals: Iterable[Deferral], now: datetime) -> None:
    """Keep these messages waiting."""
    rows = sorted(deferrals, key=lambda d: d.key)
    if not rows:
        return
    writing.add(
        "deferral",
        _PUT,
        [d.key[0] for d in rows],
        [UUID(d.key[1]) for d in rows],
        [d.first_at for d in rows],
        [d.again(now) for d in rows],
        [d.attempts for d in rows],
        [d.reason for d in rows],
    )


async def due(connection: Connection, now: datetime, limit: int) -> list[Deferral]:
    """The deferrals to try now."""
    rows = await connection.fetch(_DUE, now, limit)
    return [
        Deferral(
            (row["source"], str(row["message_id"])),
            row["first_at"],
            row["attempts"],
            row["reason"],
        )
        for row in rows
    ]


async def current(connection: Connection, deferrals: Sequence[Deferral]) -> set[Key]:
    """Those of `deferrals` that nobody has tried meanwhile."""
    rows = await connection.fetch(_CURRENT, *_columns(deferrals)) if deferrals else ()
    return {(row["source"], str(row["message_id"])) for row in rows}


async def done(connection: Connection, deferrals: Iterable[Deferral]) -> None:
    """Remove deferrals that are decided, or about to be put again.

    Raises Conflict when another instance tried one meanwhile.
    """
    rows = sorted(deferrals, key=lambda d: d.key)
    if not rows:
        return
    status = await connection.execute(_DONE, *_columns(rows))
    if int(status.rpartition(" ")[2]) != len(rows):
        raise Conflict("another instance has tried a deferred message")


def _columns(deferrals: Sequence[Deferral]) -> tuple[list[object], ...]:
    return (
        [d.key[0] for d in deferrals],
        [UUID(d.key[1]) for d in deferrals],
        [d.attempts for d in deferrals],
    )
