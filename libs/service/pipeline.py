"""The batch pipeline: verify and decode in threads, then settle everything in one transaction.

Three kinds of failure: business says no and messages that can never work are results, not errors;
anything else either has its cause in a store, and then the pipeline waits as long as it takes, or
in one message, and then halving finds that one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter

import asyncpg
from structlog.typing import FilteringBoundLogger

from libs.service import timers
from libs.service.applying import Application, broken, bury
from libs.service.backoff import Backoff
from libs.service.db import Conflict, cause, is_infrastructure
from libs.service.deferrals import Deferral
from libs.service.examining import Examined, Examiner
from libs.service.faults import Reach
from libs.service.health import Progress
from libs.service.incoming import UNEXPECTED, Accepted, Dead, Incoming
from libs.service.logs import where
from libs.service.metrics import Metrics
from libs.service.plan import Decided, Item, Plan, Work
from libs.service.timers import DueTimer

ACTIVITY = "pipeline"
_INLINE_MAX = 4  # so few are verified quicker than they are handed to a thread
_FIRST_PART = 4  # the first part of a batch is so much smaller than the largest
_TROUBLES = ("dead", "withheld")  # outcomes that someone has to see
_CONFLICTS_USUAL = 3  # in a row, between instances that share a document
_POSTPONED = timedelta(minutes=1)


@dataclass
class Pipeline:
    """One service's pipeline. Batches, timers and retries go through it one at a time."""

    examiner: Examiner
    application: Application
    pool: asyncpg.Pool
    threads: Executor
    stop: asyncio.Event
    retry_seconds_max: float
    metrics: Metrics
    progress: Progress
    log: FilteringBoundLogger
    reach: Reach
    part_messages: int  # a transaction: enough to share its cost, so few that parts overlap
    settled: Callable[[Plan], None] = lambda _: None  # told after each commit
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, batch: Sequence[Incoming]) -> None:
        """Settle a batch from Kafka. Raises Stopping when the service stops before it could."""
        async with self._turn:
            self.progress.working(ACTIVITY)
            self.metrics.observe("batch_messages", len(batch))
            await self._in_parts(in_parts(batch, self.part_messages))
            self.progress.idle(ACTIVITY)
        self.reach("before_offsets")

    async def settle(self, items: Sequence[Item]) -> None:
        """Settle what is due: timers and deferred messages."""
        async with self._turn:
            await self._settle_all(items)

    async def bury(self, letter: Dead, deferral: Deferral) -> None:
        """A message that waited, and can never work after all."""
        self._tell(await self._patiently(lambda: bury(self.pool, letter, deferral)))

    async def examine(self, batch: Sequence[Incoming]) -> list[Examined]:
        """Verify and decode, in order, without keeping the event loop from its heartbeats."""
        start = perf_counter()
        if len(batch) <= _INLINE_MAX:
            examined = self.examiner.examine_all(batch)
        else:
            loop = asyncio.get_running_loop()
            examined = await loop.run_in_executor(self.threads, self.examiner.examine_all, batch)
        self.metrics.observe("batch_seconds", perf_counter() - start, "verify")
        return examined

    async def _in_parts(self, parts: Sequence[Sequence[Incoming]]) -> None:
        """While the database writes a part, the next is decided and the one behind it verified."""
        tasks: list[asyncio.Task[None]] = []
        examining = asyncio.create_task(self.examine(parts[0]))
        deciding: asyncio.Task[_Part | None] | None = None
        before: _Part | None = None
        try:
            for number in range(len(parts)):
                large, items = _parted(self._items(await examining))
                if number + 1 < len(parts):
                    examining = asyncio.create_task(self.examine(parts[number + 1]))
                if large:  # stored while the database has the others' short statements
                    tasks.append(asyncio.create_task(self._settle_all(large)))
                deciding = asyncio.create_task(self._ahead(items, before))
                stands = before is None or await self._written(before)
                part = await deciding
                if part is None or not stands:  # or decided on what did not come to be
                    await self._settle_all(items)
                before = part if stands else None
            if before is not None:
                await self._written(before)
            await asyncio.gather(*tasks)
        finally:
            for task in (examining, deciding, *tasks):
                if task is not None:
                    task.cancel()

    async def _ahead(self, items: Sequence[Item], before: "_Part | None") -> "_Part | None":
        """What `items` come to if `before` stands; None when that cannot be told yet."""
        try:
            decided = await self._decide(items, before.decided.plan if before else None)
        except Exception:  # noqa: BLE001 - `_settle_all` meets it again, and finds the cause
            return None
        return _Part(items, decided)

    async def _written(self, part: "_Part") -> bool:
        """Write what was decided; False when it had to be decided anew."""
        try:
            plan = await self._commit(part.decided)
        except Exception:  # noqa: BLE001 - as above
            await self._settle_all(part.items)
            return False
        self._database_is(up=True)
        self._tell(plan)
        return True

    def _items(self, examined: Sequence[Examined]) -> list[Item]:
        items: list[Item] = []
        for result in examined:
            if isinstance(result, Accepted):
                items.append(Work(result))
            elif isinstance(result, Dead):
                items.append(result)
            else:
                self.metrics.count("messages", "other", "skipped")
        return items

    async def _settle_all(self, items: Sequence[Item]) -> None:
        if not items:
            return
        waiting = [items]  # a stack: the first half is settled before the second, order is kept
        while waiting:
            part = waiting.pop()
            try:
                plan = await self._persist(part)
            except _Poison as poison:
                if len(part) > 1:
                    self.metrics.count("halvings")
                    middle = len(part) // 2
                    waiting += [part[middle:], part[:middle]]
                else:
                    await self._isolate(part[0], poison.error)
            else:
                self._tell(plan)

    async def _persist(self, items: Sequence[Item]) -> Plan:
        """Carry out, however long PostgreSQL takes. Raises _Poison when a message is the cause."""

        async def run() -> Plan:
            return await self._commit(await self._decide(items))

        return await self._patiently(run)

    async def _decide(self, items: Sequence[Item], before: Plan | None = None) -> Decided:
        start = perf_counter()
        decided = await self.application.decide(items, before)
        self.metrics.observe("batch_seconds", perf_counter() - start, "decide")
        return decided

    async def _commit(self, decided: Decided) -> Plan:
        start = perf_counter()
        plan = await self.application.commit(decided)
        self.metrics.observe("batch_seconds", perf_counter() - start, "write")
        return plan

    async def _patiently(self, work: Callable[[], Awaitable[Plan]]) -> Plan:
        backoff, conflicts = Backoff(self.stop, self.retry_seconds_max), 0
        while True:
            try:
                plan = await work()
            except Conflict as conflict:
                self.metrics.count("conflicts")
                conflicts += 1
                if conflicts > _CONFLICTS_USUAL:
                    self.log.warning("conflicts_again", error=str(conflict), times=conflicts)
                    await backoff.pause()
            except Exception as error:
                if not is_infrastructure(error):
                    raise _Poison(error) from error
                self._database_is(up=False)
                self.log.warning("postgresql_failed", error=cause(error), action="waiting")
                self.progress.moved(ACTIVITY)
                await backoff.pause()
            else:
                self._database_is(up=True)
                return plan

    async def _isolate(self, item: Item, error: Exception) -> None:
        """Set aside the one item that breaks its transaction, and alert."""
        self.metrics.count("unexpected")
        self.log.error("unexpected", error_type=type(error).__name__, where=where(error))
        if isinstance(item, DueTimer):
            await self._patiently(lambda: self._postpone(item))
        elif isinstance(item, Work):
            letter = broken(item, error)
            self._tell(await self._patiently(lambda: bury(self.pool, letter, item.deferral)))
        elif item.reason == UNEXPECTED and not item.detail:
            raise error
        else:
            await self._settle_all([Dead(item.source, UNEXPECTED)])

    async def _postpone(self, timer: DueTimer) -> Plan:
        async with self.pool.acquire() as connection, connection.transaction():
            await timers.postpone(connection, timer, _POSTPONED)
        return Plan()

    def _database_is(self, *, up: bool) -> None:
        self.metrics.set("store_up", float(up), "postgresql")
        if up:
            self.progress.has("postgresql")
        else:
            self.metrics.count("store_waits", "postgresql")
            self.progress.lacks("postgresql")

    def _tell(self, plan: Plan) -> None:
        for line in plan.lines:
            self.metrics.count("messages", line.kind, line.outcome)
            write = self.log.warning if line.outcome in _TROUBLES else self.log.info
            write("message", kind=line.kind, outcome=line.outcome, **line.fields)
        for letter in plan.dead:
            self.metrics.count("dead_letters", letter.reason)
            if letter.reason == UNEXPECTED:
                self.metrics.count("unexpected")
        if plan.deferrals:
            self.metrics.count("deferred", by=len(plan.deferrals))
        for timer in plan.timers_done:
            self.metrics.count("timers", timer.name)
        self.progress.moved(ACTIVITY)
        self.settled(plan)


def in_parts(batch: Sequence[Incoming], most: int) -> list[Sequence[Incoming]]:
    """Small parts first, each up to twice the one before: so all stages have work soon."""
    parts, size = [], max(1, most // _FIRST_PART)
    while batch:
        parts.append(batch[:size])
        batch, size = batch[size:], min(most, 2 * size)
    return parts


@dataclass(frozen=True, slots=True)
class _Part:
    """Decided, not written yet."""

    items: Sequence[Item]
    decided: Decided


def _parted(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Large dead letters, whose order means nothing, and everything else."""
    large: list[Item] = []
    rest: list[Item] = []
    for item in items:
        (large if isinstance(item, Dead) and item.is_large else rest).append(item)
    return large, rest


class _Poison(Exception):
    def __init__(self, error: Exception) -> None:
        self.error = error
