"""The row of changes: read on from a place, woken by the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from libs.service.db import Connection

_AFTER = """
SELECT position, owner, body::text AS body FROM change
WHERE position > $1 AND ($2::text IS NULL OR owner = $2) ORDER BY position LIMIT $3"""


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


@asynccontextmanager
async def listen(connection: Connection, news: asyncio.Event) -> AsyncIterator[None]:
    """Set `news` at each change, also when the connection is lost."""
    channel: str = await connection.fetchval("SELECT 'change_' || current_schema()")

    def wake(*_: object) -> None:
        news.set()

    connection.add_termination_listener(wake)
    await connection.add_listener(channel, wake)
    try:
        yield
    finally:
        connection.remove_termination_listener(wake)
        if not connection.is_closed():
            await connection.remove_listener(channel, wake)
