"""Migrations, sessions and their tables on a real PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from libs.messages.parties import Role
from libs.service import Service, sessions
from libs.service.migrations import MigrationError, check_schema, migrate
from libs.signing import Identity
from tests.support.stores import Database

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHO = Identity(Role.OPERATOR, "91310115MA1K4ABC05", "公司", "李晓明", "C1", "01", "f" * 64)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


def service(folder: Path, **files: str) -> Service:
    for name, sql in files.items():
        (folder / f"{name}.sql").write_text(sql)
    return Service("mine", migrations=folder)


async def test_each_file_is_applied_once_and_in_order(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    mine = service(tmp_path, a1="CREATE TABLE t (n int)", a2="INSERT INTO t VALUES (1)")
    assert await migrate(connection, mine) == [
        "chassis/0001_chassis.sql",
        "chassis/0002_sent.sql",
        "chassis/0003_letters_compressed.sql",
        "chassis/0004_rows_in_one_piece.sql",
        "chassis/0005_large_letters_packed.sql",
        "mine/a1.sql",
        "mine/a2.sql",
    ]
    assert await migrate(connection, mine) == []
    await check_schema(connection, mine)
    service(tmp_path, a3="INSERT INTO t VALUES (2)")
    with pytest.raises(MigrationError, match=r"a3\.sql.*run `python -m services migrate mine`"):
        await check_schema(connection, mine)
    assert await migrate(connection, mine) == ["mine/a3.sql"]
    assert await connection.fetchval("SELECT count(*) FROM t") == 2


async def test_all_or_nothing_is_applied(connection: asyncpg.Connection, tmp_path: Path) -> None:
    mine = service(tmp_path, a1="CREATE TABLE t (n int)", a2="SELECT nothing FROM nowhere")
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(connection, mine)
    assert await connection.fetchval("SELECT to_regclass('t')") is None


async def test_a_file_changed_after_it_was_applied_is_refused(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await migrate(connection, service(tmp_path, a1="CREATE TABLE t (n int)"))
    mine = service(tmp_path, a1="CREATE TABLE t (n bigint)")
    with pytest.raises(MigrationError, match="changed after it had been applied"):
        await migrate(connection, mine)


async def test_tables_newer_than_the_code_are_refused(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    mine = service(tmp_path, a1="CREATE TABLE t (n int)")
    await migrate(connection, mine)
    with pytest.raises(MigrationError, match="newer than this code"):
        await check_schema(connection, replace(mine, migrations=None))


@pytest.fixture
async def logins(connection: asyncpg.Connection) -> asyncpg.Connection:
    await migrate(connection, Service("portal", sessions=True))
    return connection


async def test_a_challenge_is_taken_once_and_in_time(logins: asyncpg.Connection) -> None:
    nonce, expires_at = await sessions.new_challenge(logins, MINUTE, NOW)
    assert expires_at == NOW + MINUTE
    assert await sessions.take_challenge(logins, nonce, NOW)
    assert not await sessions.take_challenge(logins, nonce, NOW)
    late, _ = await sessions.new_challenge(logins, MINUTE, NOW)
    assert not await sessions.take_challenge(logins, late, NOW + MINUTE)
    assert not await sessions.take_challenge(logins, "invented", NOW)


async def test_a_session_is_found_by_its_token_until_it_ends(logins: asyncpg.Connection) -> None:
    token, session = await sessions.open_session(logins, WHO, MINUTE, NOW)
    assert await sessions.find_session(logins, token, NOW) == session
    assert (session.party, session.role) == (WHO.party, Role.OPERATOR)
    assert await sessions.find_session(logins, token, NOW + MINUTE) is None
    assert await sessions.find_session(logins, token + "x", NOW) is None
    await sessions.close_session(logins, token)
    assert await sessions.find_session(logins, token, NOW) is None


async def test_the_token_itself_is_kept_nowhere(logins: asyncpg.Connection) -> None:
    token, _ = await sessions.open_session(logins, WHO, MINUTE, NOW)
    (row,) = await logins.fetch("SELECT * FROM session")
    assert token not in str(dict(row))


async def test_what_has_expired_is_swept(logins: asyncpg.Connection) -> None:
    await sessions.new_challenge(logins, MINUTE, NOW)
    await sessions.open_session(logins, WHO, MINUTE, NOW)
    later = NOW + 2 * MINUTE
    await sessions.new_challenge(logins, MINUTE, later)
    await sessions.open_session(logins, WHO, MINUTE, later)
    counts = [
        await logins.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        for table in ("login_challenge", "session")
    ]
    assert counts == [1, 1]
