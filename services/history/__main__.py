"""`python -m services.history rebuild`: read all events again, into fresh projections."""

import asyncio
import sys

from aiokafka.errors import KafkaError

from libs.service import WrongSettings, load_settings
from libs.service.db import ERRORS, cause
from libs.service.migrations import MigrationError
from libs.signing import SignerError
from services.history.app import SERVICE
from services.history.rebuild import AlreadyRebuilding, Result, TablesInUse, rebuild
from services.history.spans import NoTopic
from services.history.workers import WorkerFailed

WRONG_USE = 2
FAILED = 1
_FAILURES = (
    AlreadyRebuilding,
    NoTopic,
    TablesInUse,
    WorkerFailed,
    MigrationError,
    SignerError,
    KafkaError,
    *ERRORS,
)
_USAGE = "usage: python -m services.history rebuild"


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    if arguments != ["rebuild"]:
        print(_USAGE, file=sys.stderr)
        return WRONG_USE
    try:
        settings = load_settings(SERVICE.settings, SERVICE.name)
    except WrongSettings as wrong:
        print(wrong, file=sys.stderr)
        return WRONG_USE
    try:
        result = asyncio.run(rebuild(SERVICE, settings, _tell))
    except _FAILURES as failure:
        print(_told(failure), file=sys.stderr)
        return FAILED
    print(_outcome(result))
    return 0


def _outcome(result: Result) -> str:
    refused = sum(result.refused.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(result.refused.items()))
    which = f" ({reasons})" if reasons else ""
    return f"\nread {result.applied} events; refused {refused} messages that are none{which}"


def _told(failure: BaseException) -> str:
    if isinstance(failure, AlreadyRebuilding):
        return "another rebuild is under way: wait for its end"
    if isinstance(failure, NoTopic):
        return f"there is no topic {failure}: nothing was touched"
    if isinstance(failure, TablesInUse):
        return "somebody keeps the tables in use (a dump?): nothing was touched; run it again"
    if isinstance(failure, MigrationError | SignerError):
        return str(failure)
    why = str(failure) if isinstance(failure, WorkerFailed) else cause(failure)
    return f"broken off ({why}): nothing was touched; run it again"


def _tell(stage: str, done: int, total: int) -> None:
    if done == 0:
        print()
    print(f"\r{stage}: {done} of {total}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
