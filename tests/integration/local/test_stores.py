"""The local stores: real, idempotent, private."""

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.stores import Database, Stores

pytestmark = pytest.mark.stack


async def test_topics_are_made_once_and_stamped_by_the_broker(stores: Stores, unique: str) -> None:
    stores.create_topics(f"{unique}.events", partitions=3)
    stores.create_topics(f"{unique}.events", partitions=3)
    admin = AIOKafkaAdminClient(bootstrap_servers=stores.bootstrap)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics([f"{unique}.events"])
    finally:
        await admin.close()
    assert len(topic["partitions"]) == 3


async def test_a_login_sees_its_own_schema_only(stores: Stores, database: Database) -> None:
    connection = await asyncpg.connect(database.url)
    try:
        assert await connection.fetchval("SELECT current_schema()") == database.schema
        await connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE policy.theirs (id int)")
    finally:
        await connection.close()


async def test_a_wrong_password_does_not_get_in(stores: Stores, database: Database) -> None:
    url = database.url.replace(database.schema + ":", database.schema + ":x", 1)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)


async def test_what_is_written_survives_a_crash_of_postgres(
    stores: Stores, database: Database
) -> None:
    connection = await asyncpg.connect(database.url)
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.execute("INSERT INTO kept VALUES (1)")
    stores.kill("postgres")
    await connection.close(timeout=1) if not connection.is_closed() else None
    stores.start()
    again = await asyncpg.connect(database.url)
    try:
        assert await again.fetchval("SELECT count(*) FROM kept") == 1
    finally:
        await again.close()
