"""The row of changes: read on from a place, woken by the database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from libs.service.db import Connection, listening
from services.history.store.tables import LONG_SECONDS, Names

CHANGES_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('change:' || current_schema(), 0))"
NOTIFY = "SELECT pg_notify('change_' || current_schema(), '')"

_AFTER = """
SELECT position, owner, body::text AS body FROM change
WHERE position > $1 AND ($2::text IS NULL OR owner = $2) ORDER BY position LIMIT $3"""

_UNTOLD = """
SELECT event_id FROM unnest($1::uuid[]) AS event_id
WHERE NOT EXISTS (SELECT FROM change AS told WHERE told.event_id = event_id)"""
_TELL = """
INSERT INTO change (event_id, owner, body)
SELECT event_id, owner, body FROM {p}change AS new
WHERE NOT EXISTS (SELECT FROM change AS told WHERE told.event_id = new.event_id)
ORDER BY number ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its place in the row, whose it is, and what to tell (JSON)."""

    position: int
    owner: str
    body: str


async def changes_after(
    connection: Connection, position: int, limit: int, owner: str | None = None
) -> list[Change]:
    """The next changes after a place: of one company, or of all."""
    rows = await connection.fetch(_AFTER, position, owner, limit)
    return [Change(row["position"], row["owner"], row["body"]) for row in rows]


async def last_position(connection: Connection) -> int:
    """The place of the latest change; 0 when there is none."""
    found: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM change")
    return found


async def untold(connection: Connection, events: Sequence[UUID]) -> set[UUID]:
    """Those of `events` that streams were never told of."""
    return {row["event_id"] for row in await connection.fetch(_UNTOLD, events)}


async def tell(connection: Connection, names: Names) -> None:
    """Give positions to the changes that a rebuild has kept, inside the caller's transaction."""
    await connection.execute(CHANGES_LOCK)
    await connection.execute(_TELL.format(p=names.prefix), timeout=LONG_SECONDS)
    await connection.execute(NOTIFY)


@asynccontextmanager
async def listen(connection: Connection, news: asyncio.Event) -> AsyncIterator[None]:
    """Set `news` at each change, also when the connection is lost."""
    channel: str = await connection.fetchval("SELECT 'change_' || current_schema()")

    def wake(*_: object) -> None:
        news.set()

    connection.add_termination_listener(wake)
    async with listening(connection, channel, wake):
        try:
            yield
        finally:
            connection.remove_termination_listener(wake)
