"""`python -m tests.chaos.mutant MUTATION NAME`: a service with one of its mechanisms taken away.

For showing that a test of chaos fails when what it is about is missing.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from services.__main__ import main
from tests.chaos import mutant_messages

Mutations = dict[str, Callable[[], None]]


def no_inbox() -> None:
    """Forget what was taken in: a message that comes again takes effect again."""
    from libs.service import inbox
    from libs.service.db import Conflict

    async def seen(*_: object) -> dict[Any, str]:
        return {}

    remember = inbox.keep

    async def keep(connection: Any, batch: Any) -> None:
        with suppress(Conflict):
            async with connection.transaction():  # what fails in it spoils nothing around it
                await remember(connection, batch)

    inbox.seen, inbox.keep = seen, keep  # type: ignore[assignment]


def offsets_first() -> None:
    """Move offsets before the batch is settled: what a crash interrupts is never seen again."""
    from libs.service.consumer import Found, PatientConsumer

    patient = PatientConsumer.getmany

    async def getmany(self: PatientConsumer, *args: Any, **options: Any) -> Found:
        found = await patient(self, *args, **options)
        await self.commit()
        return found

    PatientConsumer.getmany = getmany  # type: ignore[method-assign]


def outbox_emptied_first() -> None:
    """The relay deletes rows when it reads them, not when the brokers have them."""
    from libs.service import outbox

    read = outbox.waiting

    async def waiting(connection: Any, *what: Any) -> list[outbox.Waiting]:
        rows = await read(connection, *what)
        if rows:
            await outbox.drop(connection, rows[-1].seq)
        return rows

    outbox.waiting = waiting  # type: ignore[assignment]


def outbox_after_commit() -> None:
    """What a batch sends is written when its transaction is over, in another."""
    from libs.service import outbox
    from libs.service.applying import Deciding

    late: list[outbox.Outbound] = []
    put, commit = outbox.put, Deciding.commit

    async def later(
        _: object, messages: Sequence[outbox.Outbound], **__: bool
    ) -> list[outbox.Waiting]:
        late.extend(messages)
        return []

    async def committed(self: Deciding, decided: Any) -> Any:
        # a fault point is about batches that send something new, not what was asked before
        sends = decided.plan.outbox and decided.plan.records
        reach = self.reach if sends else (lambda _: None)
        plan = await commit(replace(self, reach=reach), decided)
        async with self.pool.acquire() as connection, connection.transaction():
            await put(connection, late, notify=True)
        late.clear()
        return plan

    outbox.put = later  # type: ignore[assignment]
    Deciding.commit = committed  # type: ignore[method-assign]


def no_patience() -> None:
    """Take a database that fails for a message that breaks."""
    from libs.service import pipeline

    pipeline.is_infrastructure = lambda _: False  # type: ignore[assignment, attr-defined]


def waits_by_the_clock() -> None:
    """Refuse what has waited long enough, though brokers were away meanwhile."""
    from libs.service.horizon import Horizon

    async def has_passed(*_: object) -> bool:
        return True

    Horizon.has_passed = has_passed  # type: ignore[assignment, method-assign]


def no_outbox_lock() -> None:
    """Two instances number what they send without waiting for each other."""
    from libs.service import outbox

    outbox.LOCK = "SELECT 1"


def no_relay_lock() -> None:
    """Every instance publishes, not one of them."""
    from libs.service import relay

    relay._TRY_LOCK, relay._UNLOCK = "SELECT true", "SELECT true"


OURS = (
    no_inbox,
    offsets_first,
    outbox_emptied_first,
    outbox_after_commit,
    no_patience,
    waits_by_the_clock,
    no_outbox_lock,
    no_relay_lock,
)
MUTATIONS: Mutations = {
    **{function.__name__: function for function in OURS},
    **mutant_messages.MUTATIONS,
}


def run(arguments: Sequence[str]) -> int:
    """Take the mechanism away, then run the service as ever."""
    mutation, *names = arguments
    MUTATIONS[mutation]()
    return main(names)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
