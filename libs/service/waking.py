"""What nobody sends: timers that come due, and deferred messages to try again."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
from structlog.typing import FilteringBoundLogger

from libs.service import deferrals, inbox, timers
from libs.service.backoff import Backoff, Stopping
from libs.service.db import cause, is_infrastructure
from libs.service.deferrals import Deferral
from libs.service.faults import Reach
from libs.service.horizon import Horizon
from libs.service.incoming import Accepted, Dead, Incoming
from libs.service.pipeline import Pipeline
from libs.service.plan import Item, Plan, Work

_AT_ONCE_MAX = 200
_NOT_ASLEEP = datetime.max.replace(tzinfo=UTC)  # whatever is set now must be looked at


@dataclass
class Waker:
    """Feeds the pipeline with what is due, in time order."""

    pool: asyncpg.Pool
    pipeline: Pipeline
    horizon: Horizon
    wait_max: timedelta  # of a deferred message, for what it needs
    stop: asyncio.Event
    poll_seconds: float
    retry_seconds_max: float
    log: FilteringBoundLogger
    reach: Reach
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _until: datetime = _NOT_ASLEEP

    def wake(self) -> None:
        """Look now."""
        self._changed.set()

    def notice(self, plan: Plan) -> None:
        """A commit may have set something that is due before we look again by ourselves."""
        set_now = (timer.due_at for timer in plan.timers if timer.due_at is not None)
        if plan.deferrals or any(due_at < self._until for due_at in set_now):
            self._changed.set()

    async def run(self) -> None:
        """Settle what is due until the service stops."""
        backoff = Backoff(self.stop, self.retry_seconds_max)
        with suppress(Stopping):
            while not self.stop.is_set():
                try:
                    await self._wait(await self._round())
                    backoff.reset()
                except Exception as error:
                    if not is_infrastructure(error):
                        raise
                    self.log.warning("timers_wait", store="postgresql", error=cause(error))
                    await backoff.pause()

    async def _round(self) -> datetime | None:
        """Settle what is due now; returns when the next is."""
        self._changed.clear()
        async with self.pool.acquire() as connection:
            now = datetime.now(UTC)
            due_timers = await timers.due(connection, now, _AT_ONCE_MAX)
            due_deferrals = await deferrals.due(connection, now, _AT_ONCE_MAX)
            messages = await inbox.kept(connection, [d.key for d in due_deferrals])
            if not due_timers and not due_deferrals:
                return await timers.next_due(connection)
        self.reach("before_timer")
        items: list[Item] = [*due_timers, *await self._again(due_deferrals, messages)]
        await self.pipeline.settle(items)
        return datetime.now(UTC)

    async def _again(
        self, waited: list[Deferral], messages: dict[inbox.Key, Incoming]
    ) -> list[Work]:
        """The deferred messages, verified again, for nothing is believed that was stored."""
        found = [deferral for deferral in waited if deferral.key in messages]
        examined = await self.pipeline.examine([messages[deferral.key] for deferral in found])
        works = []
        for deferral, result in zip(found, examined, strict=True):
            if isinstance(result, Accepted):
                works.append(Work(result, deferral, await self._is_last_try(deferral)))
            elif isinstance(result, Dead):
                await self.pipeline.bury(result, deferral)
            else:
                await self.pipeline.bury(Dead(result.source, "UNKNOWN_KIND"), deferral)
        return works

    async def _is_last_try(self, deferral: Deferral) -> bool:
        if datetime.now(UTC) - deferral.first_at < self.wait_max:
            return False
        return await self.horizon.has_passed(deferral.first_at, self.wait_max)

    async def _wait(self, due_at: datetime | None) -> None:
        seconds = self.poll_seconds
        if due_at is not None:
            seconds = min(seconds, (due_at - datetime.now(UTC)).total_seconds())
        if seconds <= 0 or self.stop.is_set():
            return
        self._until = datetime.now(UTC) + timedelta(seconds=seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._until = _NOT_ASLEEP
