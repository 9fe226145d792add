"""`python -m tests.chaos.mutant MUTATION NAME`: a service with one of its mechanisms taken away.

For showing that a test of chaos fails when what it is about is missing.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from services.__main__ import main
from tests.chaos import mutant_messages

Mutations = dict[str, Callable[[], None]]


def no_inbox() -> None:
    """Forget what was taken in: a message that comes again takes effect again."""
    from libs.service import inbox

    async def seen(*_: object) -> dict[Any, str]:
        return {}

    inbox.seen = seen  # type: ignore[assignment]
    inbox._KEEP = inbox._KEEP.replace("RETURNING", "ON CONFLICT DO NOTHING RETURNING")


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

    async def waiting(connection: Any, *what: Any, **how: Any) -> list[outbox.Waiting]:
        rows = await read(connection, *what, **how)
        if rows:
            await outbox.drop(connection, 0, rows[-1].seq)
        return rows

    outbox.waiting = waiting


def outbox_after_commit() -> None:
    """What a batch sends is written when its transaction is over, in another."""
    from libs.service import outbox
    from libs.service.applying import Deciding
    from libs.service.writing import Writing

    late: list[outbox.Outbound] = []
    add, commit = outbox.add, Deciding.commit

    def later(_: object, messages: Sequence[outbox.Outbound], **__: bool) -> None:
        late.extend(messages)

    def no_rows(*_: object) -> list[outbox.Waiting]:
        return []

    async def committed(self: Deciding, decided: Any) -> Any:
        # a fault point is about batches that send something new, not what was asked before
        sends = decided.plan.outbox and decided.plan.records
        reach = self.reach if sends else (lambda _: None)
        plan = await commit(replace(self, reach=reach), decided)
        async with self.pool.acquire() as connection, connection.transaction():
            writing = Writing()
            add(writing, late, notify=True)
            await writing.run(connection)
        late.clear()
        return plan

    outbox.add, outbox.rows = later, no_rows  # type: ignore[assignment]
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
