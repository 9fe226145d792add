"""`python -m services.history rebuild`: drop the projections and read all events again."""

import asyncio
import sys

import asyncpg
from aiokafka.errors import KafkaError

from libs.service import WrongSettings, load_settings
from libs.service.db import cause
from libs.service.migrations import MigrationError
from libs.signing import SignerError
from services.history.app import SERVICE
from services.history.rebuild import AlreadyRebuilding, NoTopic, rebuild

WRONG_USE = 2
FAILED = 1
_FAILURES = (
    AlreadyRebuilding,
    NoTopic,
    MigrationError,
    SignerError,
    asyncpg.PostgresError,
    KafkaError,
    OSError,
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
    print(f"\nread {result.applied} events; refused {result.refused} messages that are none")
    return 0


def _told(failure: BaseException) -> str:
    if isinstance(failure, AlreadyRebuilding):
        return "another rebuild is under way: wait for its end"
    if isinstance(failure, NoTopic):
        return f"there is no topic {failure}: nothing was touched"
    if isinstance(failure, MigrationError | SignerError):
        return str(failure)
    return f"broken off ({cause(failure)}): run it again"


def _tell(done: int, total: int) -> None:
    print(f"\rreading events: {done} of {total}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
