"""Streams of changes: one reader of the database a process, many listeners."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
from structlog.typing import FilteringBoundLogger

from libs.service.db import cause
from services.history import store
from services.history.store import Change

_READ_MAX = 500
_WAITING_MAX = 1000  # a listener that is so far behind is sent away; it comes back for the rest
_QUIET_SECONDS = 5.0  # the safety net when the database's own call was missed
_PAUSE_SECONDS = 1.0

Waiting = asyncio.Queue[Change | None]  # None: go away


@dataclass
class Streams:
    """Reads new changes while somebody listens, and gives each to its company's listeners."""

    pool: asyncpg.Pool
    stop: asyncio.Event
    log: FilteringBoundLogger
    _listeners: dict[str, set[Waiting]] = field(default_factory=lambda: defaultdict(set))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None
    _position: int = 0

    async def follow(
        self, owner: str, after: int, heartbeat_seconds: float
    ) -> AsyncIterator[Change | None]:
        """Every change of `owner` after a place, then new ones as they come; None: still here.

        Ends when the service does, and for a listener that is too far behind.
        """
        waiting: Waiting = asyncio.Queue(_WAITING_MAX + 1)
        self._listeners[owner].add(waiting)
        try:
            await self._have_reader()
            async for change in self._kept(owner, after):
                after = change.position
                yield change
            while not self.stop.is_set():
                try:
                    found = await asyncio.wait_for(waiting.get(), heartbeat_seconds)
                except TimeoutError:
                    yield None
                    continue
                if found is None:
                    return
                if found.position > after:
                    after = found.position
                    yield found
        finally:
            self._forget(owner, waiting)

    async def position(self) -> int:
        """The place of the latest change."""
        async with self.pool.acquire() as connection:
            return await store.last_position(connection)

    async def _kept(self, owner: str, after: int) -> AsyncIterator[Change]:
        """What is already in the database."""
        while True:
            async with self.pool.acquire() as connection:
                changes = await store.changes_after(connection, after, _READ_MAX, owner)
            for change in changes:
                after = change.position
                yield change
            if len(changes) < _READ_MAX:
                return

    async def _have_reader(self) -> None:
        """A listener is registered before its reader looks where the row of changes ends."""
        if self._is_reading():
            return
        position = await self.position()
        if not self._is_reading():
            self._position = position
            self._reader = asyncio.create_task(self._read())

    def _is_reading(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def _read(self) -> None:
        end = asyncio.create_task(self._end())
        while self._listeners and not self.stop.is_set():
            try:
                async with self.pool.acquire() as connection:
                    await self._read_on(connection)
            except Exception as error:  # noqa: BLE001 - listeners wait while it is mended
                self.log.warning("stream_interrupted", error=cause(error), action="waiting")
                await asyncio.sleep(_PAUSE_SECONDS)
        end.cancel()

    async def _read_on(self, connection: store.Connection) -> None:
        async with store.listen(connection, self._news):
            while self._listeners and not self.stop.is_set():
                self._news.clear()
                changes = await store.changes_after(connection, self._position, _READ_MAX)
                for change in changes:
                    self._position = change.position
                    self._hand_out(change)
                if len(changes) < _READ_MAX:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), _QUIET_SECONDS)

    async def _end(self) -> None:
        """When the service ends, send every listener away; they come back to another instance."""
        await self.stop.wait()
        for owner, listeners in list(self._listeners.items()):
            for waiting in list(listeners):
                self._send_away(owner, waiting)
        self._news.set()

    def _hand_out(self, change: Change) -> None:
        for waiting in list(self._listeners.get(change.owner, ())):
            if waiting.qsize() < _WAITING_MAX:
                waiting.put_nowait(change)
            else:
                self._send_away(change.owner, waiting)

    def _send_away(self, owner: str, waiting: Waiting) -> None:
        self._forget(owner, waiting)
        waiting.put_nowait(None)  # there is always room for this one

    def _forget(self, owner: str, waiting: Waiting) -> None:
        found = self._listeners.get(owner, set())
        found.discard(waiting)
        if not found:
            self._listeners.pop(owner, None)
