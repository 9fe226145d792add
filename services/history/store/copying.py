"""Rows in, many at once: into the second set of tables, before it has keys."""

from collections.abc import Sequence
from operator import itemgetter

import asyncpg
import orjson

from libs.service.db import Connection
from services.history.rows import Row, Rows
from services.history.store.tables import LONG_SECONDS, Names, keys_of
from services.history.store.writing import have_partitions

_VERSION = ("kind", "id", "sequence", "at", "status", "status_name", "owner", "form", "parts")
_RECORD = (
    *("kind", "id", "sequence", "at", "owner", "action", "from_status", "status", "status_name"),
    *("note", "reason_code", "role", "actor", "cause_id", "cause_kind", "cause_signer"),
    *("cause_digest", "event_id"),
)
_REJECTION = (
    *("owner", "command_id", "command", "kind", "id", "reason_code", "reason_text"),
    *("reason_text_en", "service", "at", "event_id"),
)
_CHANGE = ("event_id", "owner", "body")
_JSON = frozenset({"form", "parts", "body"})

# What a worker wrote in an earlier transaction is older: the first of two counts, as it does live.
_ONCE = """
DELETE FROM {table} AS row USING (
    SELECT tableoid, ctid, row_number() OVER (
        PARTITION BY {key} ORDER BY age(xmin) DESC, ctid) AS number
    FROM {table}) AS found
WHERE found.number > 1 AND row.tableoid = found.tableoid AND row.ctid = found.ctid"""
_KEYS = {
    "document_version": "kind, id, sequence",
    "status_record": "kind, id, sequence",
    "rejection": "owner, command_id",
}


async def copy_in(connection: Connection, rows: Rows, names: Names) -> None:
    """Add a batch, inside the caller's transaction; what is there already is there twice then."""
    if rows.moves:
        await have_partitions(connection, rows.moves, names)
        await _copy(connection, names.of("document_version"), _VERSION, rows.moves)
        await _copy(connection, names.of("status_record"), _RECORD, rows.moves)
    if rows.rejections:
        await _copy(connection, names.of("rejection"), _REJECTION, rows.rejections)
    await keep_untold(connection, rows, names)


async def keep_untold(connection: Connection, rows: Rows, names: Names) -> None:
    """Keep what streams will be told when the tables are put in place."""
    if rows.changes:
        await _copy(connection, names.of("change"), _CHANGE, rows.changes)


async def give_keys(connection: Connection, names: Names, table: str) -> bool:
    """Give a table its primary key, then its indexes. Of rows with one key the first stays.

    Whether there were such rows.
    """
    key, *others = await keys_of(connection, names, table)
    had_doubles = False
    try:
        await connection.execute(key, timeout=LONG_SECONDS)
    except asyncpg.UniqueViolationError:
        had_doubles = True
        await keep_once(connection, names, table)
        await connection.execute(key, timeout=LONG_SECONDS)
    for statement in others:
        await connection.execute(statement, timeout=LONG_SECONDS)
    return had_doubles


async def keep_once(connection: Connection, names: Names, table: str) -> None:
    """Of rows with one key, keep the first."""
    statement = _ONCE.format(table=names.of(table), key=_KEYS[table])
    await connection.execute(statement, timeout=LONG_SECONDS)


async def _copy(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    pick = itemgetter(*columns)
    coded = [number for number, name in enumerate(columns) if name in _JSON]
    records = []
    for row in rows:
        values = list(pick(row))
        for number in coded:
            if values[number] is not None:
                values[number] = orjson.dumps(values[number]).decode()
        records.append(values)
    await connection.copy_records_to_table(table, records=records, columns=columns)
