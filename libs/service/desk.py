"""Dead letters as an operator reaches them: by a service's database, without its process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.service import dead_letters
from libs.service.db import ERRORS, Connection, cause, is_infrastructure, make_pool
from libs.service.dead_letters import DeadLetter
from libs.service.settings import DatabaseSettings, WrongSettings, load_settings


class DeskClosed(Exception):
    """The service's database cannot be used; the text says why."""


async def listed(
    service: str, *, reason: str | None = None, retried: bool = False, limit: int = 50
) -> list[DeadLetter]:
    """The newest dead letters of a service. Raises DeskClosed."""
    async with _connection(service) as connection:
        return await dead_letters.find(connection, reason=reason, retried=retried, limit=limit)


async def shown(service: str, id: int) -> DeadLetter | None:
    """One dead letter. Raises DeskClosed."""
    async with _connection(service) as connection:
        return await dead_letters.get(connection, id)


async def retried(service: str, id: int) -> DeadLetter | None:
    """Send one again to its topic; the service's relay publishes it. Raises DeskClosed."""
    async with _connection(service) as connection:
        return await dead_letters.retry(connection, id)


@asynccontextmanager
async def _connection(service: str) -> AsyncIterator[Connection]:
    try:
        settings = load_settings(DatabaseSettings, service)
    except WrongSettings as wrong:
        raise DeskClosed(str(wrong)) from None
    pool = await make_pool(settings, service)
    try:
        async with pool.acquire() as connection:
            yield connection
    except ERRORS as error:
        if not is_infrastructure(error):
            raise
        raise DeskClosed(f"{service}: PostgreSQL: {cause(error)}") from None
    finally:
        pool.terminate()
