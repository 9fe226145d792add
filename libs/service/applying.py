"""Carrying out a batch: one transaction with everything it means, or none of it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import asyncpg

from libs.service import dead_letters, deferrals, inbox, outbox, sent, timers
from libs.service.contexts import dead_letter
from libs.service.db import Connection
from libs.service.deferrals import Deferral
from libs.service.faults import Reach
from libs.service.folding import Folder
from libs.service.incoming import UNEXPECTED, Accepted, Dead
from libs.service.plan import Decided, Item, Line, Plan, Work
from libs.service.service import Applier
from libs.service.store import Loaded, RecordStore, Save, body_text
from libs.service.timers import DueTimer
from libs.service.writing import Writing
from libs.signing.encryption import NoRecipient

_INLINE_MAX = 4  # so few messages are decided quicker than they are handed to a thread


class Application(Protocol):
    """What the pipeline does with items: decide them, then write all of it or raise why not."""

    async def decide(self, items: Sequence[Item], before: Plan | None = None) -> Decided:
        """What `items` come to, once `before`, which is being written, stands."""

    async def commit(self, decided: Decided) -> Plan:
        """Carry it out, in one transaction."""


@dataclass(frozen=True)
class Deciding:
    """Messages go through a service's handlers."""

    pool: asyncpg.Pool
    store: RecordStore
    folder: Folder
    threads: Executor
    reach: Reach
    notify: Callable[[], bool]  # whether a relay elsewhere must be woken
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def decide(self, items: Sequence[Item], before: Plan | None = None) -> Decided:
        """What `items` come to. Reads only."""
        before = before or Plan()
        async with self.pool.acquire() as connection:
            items = await _current(connection, items)
            fresh = [item.message for item in items if isinstance(item, Work) and not item.deferral]
            seen = await inbox.seen(connection, fresh)
            seen |= {message.key: message.source.digest for message in before.inbox}
            return await self._decide(connection, items, before, seen)

    async def commit(self, decided: Decided) -> Plan:
        """Carry it out. Raises Conflict when another instance was quicker."""
        plan = decided.plan
        if plan.is_empty:
            return plan
        async with self.pool.acquire() as connection, connection.transaction():
            await self._write(connection, plan, decided.loaded)
            self.reach("before_commit")
        self.store.remember(plan.records.values())
        self.reach("after_commit")
        return plan

    async def _decide(
        self,
        connection: Connection,
        items: Sequence[Item],
        before: Plan,
        seen: dict[inbox.Key, str],
    ) -> Decided:
        now = self.clock()
        loaded: Loaded = {}
        wanted = self.folder.wanted(items)
        while True:
            loaded |= {ref: before.records[ref] for ref in wanted if ref in before.records}
            loaded |= await self.store.load(connection, wanted - loaded.keys())
            plan = await self._fold(items, loaded, seen, now)
            if not plan.missing:
                await self._load_resends(connection, plan)
                return Decided(plan, loaded)
            wanted = plan.missing

    async def _load_resends(self, connection: Connection, plan: Plan) -> None:
        if plan.resends:
            folder = self.folder
            letters = await sent.letters(connection, folder.service, plan.resends)
            for each in plan.resends:
                try:
                    plan.outbox.append(folder.outgoing.again(each, letters[each]))
                except NoRecipient as none:  # it will be asked again
                    plan.lines.append(Line("withheld", "Resend", {"reason": str(none)}))

    async def _fold(
        self, items: Sequence[Item], loaded: Loaded, seen: dict[inbox.Key, str], now: datetime
    ) -> Plan:
        if len(items) <= _INLINE_MAX:
            return self.folder.fold(items, loaded, seen, now)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.folder.fold, items, loaded, seen, now)

    async def _write(self, connection: Connection, plan: Plan, loaded: Loaded) -> None:
        # by themselves, for what is done with may be put again
        await deferrals.done(connection, plan.deferrals_done)
        await timers.done(connection, plan.timers_done)
        await dead_letters.put(connection, plan.dead)
        told = await self._writing(plan, loaded).run(connection)
        plan.rows = outbox.rows(told, plan.outbox)

    def _writing(self, plan: Plan, loaded: Loaded) -> Writing:
        writing = Writing()
        inbox.keep(writing, plan.inbox)
        deferrals.put(writing, plan.deferrals, self.clock())
        saves = [
            Save(record, body_text(record), before.version if before else 0)
            for ref, record in plan.records.items()
            for before in (loaded[ref],)
        ]
        self.store.save(writing, saves)
        timers.change(writing, plan.timers)
        sent.keep(writing, plan.sent)
        outbox.add(writing, plan.outbox, notify=self.notify())
        return writing


@dataclass(frozen=True)
class Applying:
    """Messages go to an applier of the service's own."""

    pool: asyncpg.Pool
    applier: Applier
    reach: Reach

    async def decide(self, items: Sequence[Item], before: Plan | None = None) -> Decided:
        """Nothing is decided: messages are taken as they are."""
        plan = Plan(
            inbox=[item.message for item in items if isinstance(item, Work)],
            dead=[item for item in items if isinstance(item, Dead)],
        )
        plan.lines = [_line("applied", message) for message in plan.inbox]
        plan.lines += [_dead_line(letter) for letter in plan.dead]
        return Decided(plan, {})

    async def commit(self, decided: Decided) -> Plan:
        """Carry it out."""
        plan = decided.plan
        async with self.pool.acquire() as connection, connection.transaction():
            await dead_letters.put(connection, plan.dead)
            if plan.inbox:
                await self.applier.apply(connection, plan.inbox)
            self.reach("before_commit")
        self.reach("after_commit")
        return plan


async def bury(pool: asyncpg.Pool, letter: Dead, deferral: Deferral | None) -> Plan:
    """Keep one dead letter by itself, and let it wait no longer."""
    plan = Plan(dead=[letter], lines=[_dead_line(letter)])
    async with pool.acquire() as connection, connection.transaction():
        await dead_letters.put(connection, plan.dead)
        if deferral is not None:
            await deferrals.done(connection, [deferral])
    return plan


async def _current(connection: Connection, items: Sequence[Item]) -> list[Item]:
    """Items without timers and deferrals that another instance has settled meanwhile."""
    waited = [item.deferral for item in items if isinstance(item, Work) and item.deferral]
    timed = [item for item in items if isinstance(item, DueTimer)]
    if not waited and not timed:
        return list(items)
    deferred = await deferrals.current(connection, waited)
    due = await timers.current(connection, timed)
    return [
        item
        for item in items
        if (
            item in due
            if isinstance(item, DueTimer)
            else not (isinstance(item, Work) and item.deferral) or item.message.key in deferred
        )
    ]


def broken(item: Work, error: Exception) -> Dead:
    """A message that alone breaks its transaction."""
    return dead_letter(item.message, UNEXPECTED, f"{type(error).__name__}: {error}")


def _line(outcome: str, message: Accepted) -> Line:
    return Line(
        outcome,
        message.kind.name,
        {
            "message_id": str(message.envelope.id),
            "document_id": message.envelope.subject,
            "signer": message.signer.party,
            **message.source.place,
        },
    )


def _dead_line(dead: Dead) -> Line:
    fields: dict[str, str | int | None] = {**dead.source.place, "reason": dead.reason}
    return Line("dead", dead.ce_type or "unknown", fields)
