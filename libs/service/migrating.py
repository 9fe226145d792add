"""`python -m services migrate NAME…`: bring the services' tables to the form this code wants."""

import asyncio
import sys
from collections.abc import Sequence

import asyncpg

from libs.service.backoff import Backoff
from libs.service.db import make_pool, until_it_answers
from libs.service.logs import make_logger
from libs.service.migrations import MigrationError, migrate
from libs.service.service import Service
from libs.service.settings import DatabaseSettings, WrongSettings, load_settings

WRONG_USE = 2
FAILED = 1
_WAIT_SECONDS_MAX = 60.0
_PAUSE_SECONDS_MAX = 2.0


async def migrate_all(services: Sequence[Service]) -> int:
    """Migrate each service's schema and print what was done; returns the exit code."""
    for service in services:
        try:
            applied = await _migrate(service)
        except WrongSettings as wrong:
            print(wrong, file=sys.stderr)
            return WRONG_USE
        except (MigrationError, TimeoutError, asyncpg.PostgresError) as wrong:
            said = wrong if str(wrong) else "PostgreSQL does not answer"
            print(f"{service.name}: {said}", file=sys.stderr)
            return FAILED
        print(f"{service.name}: {', '.join(applied) if applied else 'up to date'}")
    return 0


async def _migrate(service: Service) -> list[str]:
    settings = load_settings(DatabaseSettings, service.name)
    log = make_logger(service.name, stream=sys.stderr)
    applied: list[str] = []

    async def work() -> None:
        async with pool.acquire() as connection:
            applied.extend(await migrate(connection, service))

    pool = await make_pool(settings, service.name)
    try:
        async with asyncio.timeout(_WAIT_SECONDS_MAX):
            await until_it_answers(work, Backoff(asyncio.Event(), _PAUSE_SECONDS_MAX), log)
    finally:
        pool.terminate()
    return applied
