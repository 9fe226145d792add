"""One database, and in it a schema and a login a service: no service can read another's tables."""

from collections.abc import Mapping

import asyncpg

from deploy.local.postgres import ADMIN, DATABASE, LocalPostgres


async def create_databases(
    server: LocalPostgres, admin_password: str, logins: Mapping[str, str]
) -> None:
    """Have the database, and for each login (name to password) its role and schema; runs again.

    Names are those of services, so they are safe in SQL; passwords are sent as SCRAM-able literals
    that `format` quotes on the server.
    """
    connection = await asyncpg.connect(server.url(ADMIN, admin_password, ADMIN))
    try:
        found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
        if not found:
            await connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    finally:
        await connection.close()
    connection = await asyncpg.connect(server.url(ADMIN, admin_password))
    try:
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for name, password in logins.items():
            await _create_login(connection, name, password)
    finally:
        await connection.close()


async def _create_login(connection: asyncpg.Connection, name: str, password: str) -> None:
    async with connection.transaction():
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
        verb = "ALTER" if exists else "CREATE"
        statement = await connection.fetchval(
            f"SELECT format('{verb} ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)",
            name,
            password,
        )
        await connection.execute(statement)
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}" AUTHORIZATION "{name}"')
        await connection.execute(
            f'ALTER ROLE "{name}" IN DATABASE {DATABASE} SET search_path = "{name}"'
        )
