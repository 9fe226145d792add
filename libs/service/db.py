"""The way to PostgreSQL: a pool, and which errors are its own and not a message's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from structlog.typing import FilteringBoundLogger

from libs.service.backoff import Backoff
from libs.service.settings import DatabaseSettings

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_COMMAND_SECONDS = 60.0
# a relay whose machine is gone must lose its lock soon, not after hours
_KEEPALIVE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
# Whoever asks for a few rows by their keys wants their index, whatever the planner makes of tables
# that were empty when a statement was first planned: it would read them whole until the next
# analysis, and plan each statement anew to find out.
_BY_KEYS = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",  # or a plan that must read a table whole looks dear enough to be compiled
    "plan_cache_mode": "force_generic_plan",
}

# SQLSTATE classes whose cause is the server, its disk or who else is at work, never one message
_INFRASTRUCTURE_CLASSES = (
    "08",  # connection
    "25",  # transaction state (read-only: a standby was promoted away)
    "28",  # authorisation
    "3D",  # no such database
    "40",  # rolled back: deadlock, serialisation
    "42",  # a table or right is missing: the schema is not migrated
    "53",  # disk full, out of memory, too many connections
    "55",  # object not in the right state, lock not available
    "57",  # operator intervention: shutdown, cancelled
    "58",  # I/O error
    "XX",  # internal error, corrupted data
)


# all that work on it may raise; `is_infrastructure` tells whose fault one is
ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A server that dies may say so to a connection at rest, and close it a moment later. What is
    # asked between the two meets this; the connection is then aborted (asyncpg issue 1069).
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    EOFError,
)


class Conflict(Exception):
    """Another instance was quicker; the batch is to be decided again on fresh records."""


def is_infrastructure(error: BaseException) -> bool:
    """Whether PostgreSQL (or the way to it) is the cause, so that waiting is the cure."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _INFRASTRUCTURE_CLASSES
    if isinstance(error, asyncpg.InterfaceError):
        # a value that does not fit its column's type is an InterfaceError and a ValueError
        return not isinstance(error, ValueError | TypeError)
    return isinstance(error, ERRORS)


async def make_pool(
    settings: DatabaseSettings, name: str, *, by_keys: bool = False
) -> asyncpg.Pool:
    """A pool whose connections are opened when needed; `by_keys`: for statements about few rows."""
    options = {"application_name": f"tongbao-{name}", **_KEEPALIVE, **(_BY_KEYS if by_keys else {})}
    if settings.database_schema:
        options["search_path"] = settings.database_schema
    pool = asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=0,
        max_size=settings.database_pool_max,
        command_timeout=_COMMAND_SECONDS,
        timeout=10,
        max_inactive_connection_lifetime=300,
        reset=_nothing,
        server_settings=options,
    )
    return await pool


async def _nothing(_: object) -> None:
    """By itself a pool asks the server to forget a session's settings whenever one is given back.

    That is a round trip a batch, for what only the relay and streams leave, who clear it up.
    """


@asynccontextmanager
async def listening(
    connection: Connection, channel: str, wake: Callable[..., None]
) -> AsyncIterator[None]:
    """Call `wake` at each NOTIFY on this channel."""
    await connection.add_listener(channel, wake)
    try:
        yield
    finally:
        if connection.is_closed():  # by the client itself, which leaves the listener there
            connection.terminate()
        else:
            await connection.remove_listener(channel, wake)


async def until_it_answers(
    ask: Callable[[], Awaitable[object]], backoff: Backoff, log: FilteringBoundLogger
) -> None:
    """Try until PostgreSQL answers; say so once when it does not, and once when it does again."""
    waiting = False
    while True:
        try:
            await ask()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            if not waiting:
                log.warning("postgresql_unreachable", error=cause(error), action="waiting")
            waiting = True
            await backoff.pause()
        else:
            if waiting:
                log.info("postgresql_back")
            return


def cause(error: BaseException) -> str:
    """An error in a few words, without values that may be somebody's."""
    if isinstance(error, asyncpg.PostgresError):
        said = f": {error}" if is_infrastructure(error) else ""
        return f"{type(error).__name__} {error.sqlstate}{said}"
    if isinstance(error, OSError):
        return f"{type(error).__name__} {error.strerror or error.errno or ''}".strip()
    return type(error).__name__
