"""Plain SQL, forward only: each file once, in order, remembered with its digest."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from libs.service.db import Connection
from libs.service.service import Service

_HERE = Path(__file__).parent / "sql"

_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    origin text NOT NULL, name text NOT NULL, digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (origin, name)
)"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('migrate:' || current_schema(), 0))"


class MigrationError(Exception):
    """The schema is not what this code needs; the text says what to do."""


@dataclass(frozen=True)
class Migration:
    """One file. `origin` is the chassis, its sessions, or the service."""

    origin: str
    path: Path

    @property
    def key(self) -> tuple[str, str]:
        """Origin and file name."""
        return self.origin, self.path.name

    @property
    def sql(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def digest(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_of(service: Service) -> list[Migration]:
    """All files of a service, in the order they are applied."""
    folders = [("chassis", _HERE / "chassis")]
    if service.sessions:
        folders.append(("sessions", _HERE / "sessions"))
    if service.migrations is not None:
        folders.append((service.name, service.migrations))
    return [
        Migration(origin, path)
        for origin, folder in folders
        for path in sorted(folder.glob("*.sql"))
    ]


async def migrate(connection: Connection, service: Service) -> list[str]:
    """Apply what is missing, all of it or nothing; returns the names of what was applied.

    Raises MigrationError when an applied file was changed afterwards.
    """
    async with connection.transaction():
        await connection.execute(_LOCK)
        await connection.execute(_TABLE)
        missing = _missing(migrations_of(service), await _applied(connection))
        for migration in missing:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (origin, name, digest) VALUES ($1, $2, $3)",
                *migration.key,
                migration.digest,
            )
    return [f"{migration.origin}/{migration.path.name}" for migration in missing]


async def check_schema(connection: Connection, service: Service) -> None:
    """Raises MigrationError when the schema is not the one this code was written for."""
    found = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
    applied = await _applied(connection) if found else {}
    migrations = migrations_of(service)
    missing = [migration.path.name for migration in _missing(migrations, applied)]
    if missing:
        raise MigrationError(
            f"the tables of {service.name} are older than this code (not applied: "
            f"{', '.join(missing)}): run `python -m services migrate {service.name}`"
        )
    unknown = set(applied) - {migration.key for migration in migrations}
    if unknown:
        names = ", ".join(sorted(name for _, name in unknown))
        raise MigrationError(
            f"the tables of {service.name} are newer than this code (it does not know {names}): "
            "start the newer version"
        )


def _missing(
    migrations: Iterable[Migration], applied: dict[tuple[str, str], str]
) -> list[Migration]:
    missing = []
    for migration in migrations:
        digest = applied.get(migration.key)
        if digest is None:
            missing.append(migration)
        elif digest != migration.digest:
            raise MigrationError(
                f"{migration.path} was changed after it had been applied: restore it and put the "
                "change into a new file"
            )
    return missing


async def _applied(connection: Connection) -> dict[tuple[str, str], str]:
    rows = await connection.fetch("SELECT origin, name, digest FROM migration")
    return {(row["origin"], row["name"]): row["digest"] for row in rows}
