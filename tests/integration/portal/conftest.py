"""One portal and one history for all tests here; documents have numbers of their own."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from libs.messages.base import Message
from libs.service.process import Process
from tests.support.readside import Keys, ReadSide
from tests.support.stores import Database, Stores
from tongbao.client import Portal


@dataclass
class World:
    """What a test sees: the read side running, and how to fill it."""

    side: ReadSide
    history: Process
    portal: Process
    pool: asyncpg.Pool  # history's tables

    async def happened(self, events: list[Message]) -> None:
        """Publish events and wait until history knows them."""
        await self.side.publish(events)
        await self.side.projected(self.pool, events)


@pytest.fixture(scope="session")
async def world(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    name = f"t_{secrets.token_hex(6)}"
    stores.stack.create_databases([name])
    database = Database(name, stores.stack.database_url(name), stores.stack.admin_url)
    side = ReadSide(stores, Keys(tmp_path_factory.mktemp("keys")), database)
    await side.prepare()
    async with (
        side.running_history() as history,
        side.running_portal(history.port) as portal,
        asyncpg.create_pool(database.url, min_size=0) as pool,
    ):
        yield World(side, history, portal, pool)


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Portal]:
    async with await world.side.login("operator") as portal:
        yield portal


@pytest.fixture
async def legal(world: World) -> AsyncIterator[Portal]:
    async with await world.side.login("legal") as portal:
        yield portal


@pytest.fixture
async def other(world: World) -> AsyncIterator[Portal]:
    async with await world.side.login("other") as portal:
        yield portal
