"""`python -m tests.chaos.mutant MUTATION NAME`: a service with one of its mechanisms taken away.

For showing that a test of chaos fails when what it is about is missing.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from services.__main__ import main
from tests.chaos import mutant_messages

Mutations = dict[str, Callable[[], None]]


def no_inbox() -> None:
    """Forget what was taken in: a message that comes again takes effect again."""
    from libs.service import inbox

    async def seen(*_: object) -> dict[Any, str]:
        return {}

    async def keep(*_: object) -> None:
        return None

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


MUTATIONS: Mutations = {
    **{function.__name__: function for function in (no_inbox, offsets_first)},
    **mutant_messages.MUTATIONS,
}


def run(arguments: Sequence[str]) -> int:
    """Take the mechanism away, then run the service as ever."""
    mutation, *names = arguments
    MUTATIONS[mutation]()
    return main(names)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
