"""The outbox relay: publishes what is committed, in order; one relay of a service at a time.

The lock belongs to a database session, so it goes with the process that holds it, and a standby
takes over. While windows travel, the rows before them are deleted and those behind are read. What
was committed here is still at hand, so that the database is only asked for its numbers.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from structlog.typing import FilteringBoundLogger

from libs.service import outbox
from libs.service.at_hand import AtHand
from libs.service.backoff import Backoff, Stopping, sleep_or_stop
from libs.service.db import Connection, cause, is_infrastructure, listening
from libs.service.faults import Reach
from libs.service.health import Progress
from libs.service.metrics import Metrics
from libs.service.outbox import Waiting
from libs.service.publishing import Publisher
from libs.service.unpublishable import set_aside

ACTIVITY = "relay"
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('relay:' || current_schema(), 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('relay:' || current_schema(), 0))"
# what is lost with these commits is only published once more
_CHEAP_COMMITS, _USUAL_COMMITS = "SET synchronous_commit = off", "RESET synchronous_commit"


@dataclass
class Relay:
    """One service's relay."""

    pool: asyncpg.Pool
    publisher: Publisher
    stop: asyncio.Event
    rows_max: int
    poll_seconds: float
    retry_seconds_max: float
    metrics: Metrics
    progress: Progress
    log: FilteringBoundLogger
    reach: Reach
    active: bool = False
    _at_hand: AtHand = field(default_factory=AtHand)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There is something in the outbox."""
        self._woken.set()

    def notice(self, rows: Sequence[Waiting]) -> None:
        """These rows were committed here."""
        if self.active:
            self._at_hand.add(rows)
        self._woken.set()

    async def run(self) -> None:
        """Publish until the service stops."""
        backoff = Backoff(self.stop, self.retry_seconds_max)
        with suppress(Stopping):
            while not self.stop.is_set():
                try:
                    await self._lead(backoff)
                except Exception as error:  # noqa: BLE001 - _fail raises what it does not know
                    await self._fail(error, backoff)
                await sleep_or_stop(self.stop, self.poll_seconds)

    async def _fail(self, error: Exception, backoff: Backoff) -> None:
        """Wait for the store that failed. Raises what no store is the cause of."""
        if isinstance(error, KafkaError):
            store = "kafka"
        elif is_infrastructure(error):
            store = "postgresql"
        else:
            raise error
        self.metrics.count("store_waits", store)
        self.metrics.set("store_up", 0, store)
        self.log.warning("relay_waits", store=store, error=cause(error))
        self.progress.moved(ACTIVITY)
        await backoff.pause()

    async def _lead(self, backoff: Backoff) -> None:
        """Take the lock, if it is free, and publish for as long as it is ours."""
        async with self.pool.acquire() as connection:
            if not await connection.fetchval(_TRY_LOCK):
                return
            await connection.execute(_CHEAP_COMMITS)
            channel = await connection.fetchval(outbox.CHANNEL)
            async with listening(connection, channel, self._heard):
                self._is_active(True)
                try:
                    await self._publish(connection, backoff)
                finally:
                    self._is_active(False)
                    if not connection.is_closed():
                        await connection.execute(_UNLOCK)
                        await connection.execute(_USUAL_COMMITS)

    async def _publish(self, connection: Connection, backoff: Backoff) -> None:
        line = _Line(await self._read(connection, 0))
        while not self.stop.is_set():
            if not line.rows and not line.advance():
                line.rows = await self._drop_and_read(connection, line)
                if not line.rows:
                    await self._wait()
                continue
            self.progress.working(ACTIVITY)
            self.reach("before_publish")
            await self._window(connection, line)
            self.progress.moved(ACTIVITY)
            backoff.reset()
        await self._drop(connection, line)

    async def _window(self, connection: Connection, line: "_Line") -> None:
        """Publish the head of the line; meanwhile delete what is out and read on behind it."""
        sending = asyncio.create_task(self._send(line.rows))
        try:
            await self._drop(connection, line)
            if not line.behind and not outbox.is_all(line.rows, self.rows_max):
                line.behind = await self._read(connection, line.rows[-1].seq)
        finally:
            taken = await sending
        line.published = line.rows[taken - 1].seq
        line.rows = line.rows[taken:]
        self._at_hand.drop(line.published)
        self.metrics.set("store_up", 1, "kafka")
        self.reach("after_publish")

    async def _read(self, connection: Connection, after: int) -> list[Waiting]:
        return await outbox.waiting(connection, after, self.rows_max, self._at_hand.messages)

    async def _drop_and_read(self, connection: Connection, line: "_Line") -> list[Waiting]:
        """What comes behind all that is published; by one statement, for it is most of a wake."""
        drops = line.published > line.dropped
        rows = await outbox.waiting(
            connection,
            line.published,
            self.rows_max,
            self._at_hand.messages,
            dropped=line.dropped,
        )
        line.dropped = line.published
        if drops:
            self.reach("after_cursor")
        return rows

    async def _send(self, rows: Sequence[Waiting]) -> int:
        messages = [row.message for row in rows]
        try:
            return await self.publisher.publish_window(messages)
        except MessageSizeTooLargeError:
            if len(messages) > 1:
                return await self._send(rows[:1])
            await set_aside(self.pool, rows[0])
            self.metrics.count("unexpected")
            self.log.error("unpublishable", topic=rows[0].message.topic)  # noqa: TRY400 - a trace would show values
            return 1

    async def _drop(self, connection: Connection, line: "_Line") -> None:
        if line.published > line.dropped:
            await outbox.drop(connection, line.dropped, line.published)
            line.dropped = line.published
            self.reach("after_cursor")

    async def _wait(self) -> None:
        """Until woken by a commit here, by one elsewhere (NOTIFY), or to look all the same."""
        self.progress.idle(ACTIVITY)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.poll_seconds):
                await self._woken.wait()
        self._woken.clear()

    def _heard(self, *_: object) -> None:
        self._woken.set()

    def _is_active(self, active: bool) -> None:
        self.active = active
        self._at_hand.clear()  # between two terms another relay may publish what is here
        self.metrics.set("relay_active", float(active))
        if not active:
            self.progress.idle(ACTIVITY)


@dataclass
class _Line:
    """What the relay has in hand: rows to send next, rows read behind them, how far it is."""

    rows: list[Waiting]
    behind: list[Waiting] = field(default_factory=list)
    published: int = 0  # everything up to this number is out
    dropped: int = 0  # and up to this one deleted

    def advance(self) -> bool:
        """Take up what was read behind; False when there is nothing."""
        self.rows, self.behind = self.behind, []
        return bool(self.rows)
