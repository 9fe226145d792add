"""A second set of tables, filled beside the ones that are read, and put in their place at once.

Its form is taken from the tables themselves, so that a migration has one place to change.
"""

import re
import secrets
from dataclasses import dataclass

from libs.service.db import Connection

# in the order in which readers lock them: who swaps never meets a reader halfway
TABLES = ("document", "document_version", "status_record", "rejection")
_PREFIX = re.compile(r"^rebuild_[0-9a-f]{8}_")
LONG_SECONDS = 86_400.0  # of a statement over all rows
_LOCK_MS_MAX = 3000

_LEFT_OVER = """
SELECT c.oid::regclass::text AS name FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relname ~ '^rebuild_[0-9a-f]{8}_'"""
_PARTITION_KEY = "SELECT pg_get_partkeydef($1::regclass::oid)"
_INDEXES = """
SELECT index.relname AS name, i.indisunique AS is_unique,
       regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', 'USING ') AS definition,
       pg_get_constraintdef(constrained.oid) AS constrained
FROM pg_index AS i JOIN pg_class AS index ON index.oid = i.indexrelid
LEFT JOIN pg_constraint AS constrained
       ON constrained.conindid = i.indexrelid AND constrained.conrelid = i.indrelid
WHERE i.indrelid = $1::regclass ORDER BY i.indisprimary DESC, index.relname"""
_GRANTS = """
SELECT format('GRANT %s ON %I TO %s%s', acl.privilege_type, $2::text,
              CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(role.rolname) END,
              CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
LEFT JOIN pg_roles AS role ON role.oid = acl.grantee
WHERE c.oid = $1::regclass AND acl.grantee <> c.relowner"""
_INDEXED = """
SELECT string_agg(DISTINCT quote_ident(a.attname), ', ')
FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = $1::regclass"""
_OURS = """
SELECT c.relname AS name, c.relkind IN ('r', 'p') AS is_table FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND starts_with(c.relname, $1)
  AND c.relkind IN ('r', 'p', 'i', 'I') ORDER BY is_table DESC, c.relname"""


@dataclass(frozen=True, slots=True)
class Names:
    """What the tables are called: as they are read, or with a prefix while they are filled."""

    prefix: str = ""

    def __post_init__(self) -> None:
        if self.prefix and not _PREFIX.fullmatch(self.prefix):
            raise ValueError(self.prefix)

    def of(self, table: str) -> str:
        """The name of one table."""
        return self.prefix + table


READ = Names()


def fresh_names() -> Names:
    """Names that no other rebuild ever had: one that was killed cannot write into the next."""
    return Names(f"rebuild_{secrets.token_hex(4)}_")


async def sweep(connection: Connection) -> None:
    """Drop what rebuilds that were broken off have left."""
    for row in await connection.fetch(_LEFT_OVER):
        await connection.execute(f"DROP TABLE {row['name']}")


async def make(connection: Connection, names: Names) -> None:
    """The second set, empty and without indexes; beside it, the changes that streams lack."""
    for table in TABLES:
        key = await connection.fetchval(_PARTITION_KEY, table)
        await connection.execute(
            f"CREATE TABLE {names.of(table)} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES)"
            + (f" PARTITION BY {key}" if key else "")
        )
    await connection.execute(
        f"CREATE UNLOGGED TABLE {names.of('change')} (number bigint GENERATED ALWAYS AS IDENTITY,"
        " event_id uuid NOT NULL, owner text NOT NULL, body jsonb NOT NULL)"
    )


async def keys_of(connection: Connection, names: Names, table: str) -> tuple[str, ...]:
    """The statements that give a table of the second set its indexes, the primary key first."""
    return tuple(
        _made(names, table, row["name"], row["definition"], row["constrained"], row["is_unique"])
        for row in await connection.fetch(_INDEXES, table)
    )


def _made(
    names: Names, table: str, index: str, definition: str, constrained: str | None, is_unique: bool
) -> str:
    target = names.of(table)
    if constrained:
        return f"ALTER TABLE {target} ADD CONSTRAINT {names.of(index)} {constrained}"
    unique = "UNIQUE " if is_unique else ""
    return f"CREATE {unique}INDEX {names.of(index)} ON {target} {definition}"


async def analyze(connection: Connection, names: Names, table: str) -> None:
    """Tell the planner what a table of the second set looks like before anybody asks it.

    Only of columns that have an index: comparing thousands of whole forms takes too long.
    """
    columns = await connection.fetchval(_INDEXED, names.of(table))
    await connection.execute(f"ANALYZE {names.of(table)} ({columns})")


async def swap(connection: Connection, names: Names) -> None:
    """Put the second set in place of the first, inside the caller's transaction.

    Raises asyncpg.LockNotAvailableError when somebody holds the old tables for long: who waits
    for them would make all other readers wait.
    """
    await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS_MAX}")
    await connection.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
    for table in TABLES:
        for row in await connection.fetch(_GRANTS, table, names.of(table)):
            await connection.execute(row["statement"])
    await connection.execute(f"DROP TABLE {', '.join((*TABLES, names.of('change')))}")
    for row in await connection.fetch(_OURS, names.prefix):
        kind = "TABLE" if row["is_table"] else "INDEX"
        name = row["name"].removeprefix(names.prefix)
        await connection.execute(f"ALTER {kind} {row['name']} RENAME TO {name}")
