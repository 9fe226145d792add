"""Timers: rows with a time; when it comes the record's timer handler decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.decisions import Ref, Timer
from libs.service.db import Conflict, Connection
from libs.service.writing import Writing

_SET = """
INSERT INTO timer (type, id, name, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
ON CONFLICT (type, id, name) DO UPDATE SET due_at = excluded.due_at
RETURNING 1"""

_CANCEL = """
DELETE FROM timer t USING unnest($1::text[], $2::text[], $3::text[]) AS c(type, id, name)
WHERE t.type = c.type AND t.id = c.id AND t.name = c.name
RETURNING 1"""

_DONE = """
DELETE FROM timer t USING unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
    AS d(type, id, name, due_at)
WHERE t.type = d.type AND t.id = d.id AND t.name = d.name AND t.due_at = d.due_at"""

_DUE = """
SELECT type, id, name, due_at FROM timer WHERE due_at <= $1 ORDER BY due_at LIMIT $2"""

_CURRENT = """
SELECT t.type, t.id, t.name, t.due_at
FROM timer t JOIN unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
    AS d(type, id, name, due_at) USING (type, id, name, due_at)"""

_POSTPONE = """
UPDATE timer SET due_at = now() + $5 WHERE (type, id, name, due_at) = ($1, $2, $3, $4)"""


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose time has come."""

    ref: Ref
    name: str
    due_at: datetime


async def due(connection: Connection, now: datetime, limit: int) -> list[DueTimer]:
    """The timers whose time has come, oldest first."""
    rows = await connection.fetch(_DUE, now, limit)
    return [DueTimer(Ref(row["type"], row["id"]), row["name"], row["due_at"]) for row in rows]


async def current(connection: Connection, timers: Sequence[DueTimer]) -> set[DueTimer]:
    """Those of `timers` that nobody has decided, cancelled or set anew meanwhile."""
    rows = await connection.fetch(_CURRENT, *_columns(timers)) if timers else ()
    return {DueTimer(Ref(row["type"], row["id"]), row["name"], row["due_at"]) for row in rows}


async def postpone(connection: Connection, timer: DueTimer, by: timedelta) -> None:
    """Set a timer that breaks our own code to later."""
    await connection.execute(_POSTPONE, timer.ref.type, timer.ref.id, timer.name, timer.due_at, by)


async def done(connection: Connection, timers: Sequence[DueTimer]) -> None:
    """Remove timers that were decided. Raises Conflict when one was set anew or is gone."""
    if not timers:
        return
    status = await connection.execute(_DONE, *_columns(timers))
    if int(status.rpartition(" ")[2]) != len(timers):
        raise Conflict("a timer was set anew meanwhile")


def change(writing: Writing, timers: Iterable[Timer]) -> None:
    """Set and cancel; of several for one timer the last counts."""
    last = {(t.ref.type, t.ref.id, t.name): t for t in timers}
    if cancelled := sorted(key for key, t in last.items() if t.due_at is None):
        writing.add("cancelled", _CANCEL, *zip(*cancelled, strict=True))
    if times := sorted((*key, t.due_at) for key, t in last.items() if t.due_at is not None):
        writing.add("timed", _SET, *zip(*times, strict=True))


async def next_due(connection: Connection) -> datetime | None:
    """When the next timer or deferral is due."""
    time: datetime | None = await connection.fetchval(
        "SELECT least((SELECT min(due_at) FROM timer), (SELECT min(due_at) FROM deferral))"
    )
    return time


def _columns(timers: Sequence[DueTimer]) -> tuple[list[object], ...]:
    return (
        [t.ref.type for t in timers],
        [t.ref.id for t in timers],
        [t.name for t in timers],
        [t.due_at for t in timers],
    )
