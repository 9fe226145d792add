"""History's tables, empty, in a schema of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import services.history
from tests.support.stores import Database

MIGRATIONS = Path(services.history.__file__).parent / "migrations"


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.url, min_size=0, max_size=8) as pool:
        for path in sorted(MIGRATIONS.glob("*.sql")):
            await pool.execute(path.read_text())
        yield pool
