"""Rows in: a batch is a few statements over sets, and may come again without effect."""

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from libs.service.db import Connection
from services.history.rows import Row, Rows
from services.history.store.changes import CHANGES_LOCK, NOTIFY
from services.history.store.tables import LONG_SECONDS, READ, Names

# {p} stands before the names of the tables written to: nothing, or the prefix of a rebuild's
_MOVES = """
WITH move AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (
        kind text, id text, sequence int, at timestamptz, owner text, action text,
        from_status text, status text, status_name text, note text, reason_code text,
        role text, actor text, cause_id uuid, cause_kind text, cause_signer text,
        cause_digest text, event_id uuid, form jsonb, parts jsonb)
), version AS (
    INSERT INTO {p}document_version
        (kind, id, sequence, at, status, status_name, owner, form, parts)
    SELECT kind, id, sequence, at, status, status_name, owner, form, parts FROM move
    ON CONFLICT DO NOTHING
    RETURNING kind, id, sequence
), told AS (
    INSERT INTO {p}status_record
        (kind, id, sequence, at, owner, action, from_status, status, status_name, note,
         reason_code, role, actor, cause_id, cause_kind, cause_signer, cause_digest, event_id)
    SELECT kind, id, sequence, at, owner, action, from_status, status, status_name, note,
           reason_code, role, actor, cause_id, cause_kind, cause_signer, cause_digest, event_id
    FROM move JOIN version USING (kind, id, sequence)
)
SELECT DISTINCT kind, id FROM version"""

# each document anew from its versions: whatever order they came in, the same row
_DOCUMENTS = """
INSERT INTO {p}document
    (kind, id, sequence, status, status_name, owner, opened_at, updated_at, form, parts)
SELECT touched.kind, touched.id, v.sequence, v.status, v.status_name, v.owner,
       t.opened_at, t.updated_at, f.form, v.parts
FROM {touched} AS touched (kind, id)
CROSS JOIN LATERAL (
    SELECT d.sequence, d.status, d.status_name, d.owner, d.parts FROM {p}document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id ORDER BY d.sequence DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (
    SELECT min(d.at), max(d.at) FROM {p}document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id
) AS t (opened_at, updated_at)
LEFT JOIN LATERAL (
    SELECT d.form FROM {p}document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id AND d.form IS NOT NULL
    ORDER BY d.sequence DESC LIMIT 1
) AS f ON true
ORDER BY touched.kind, touched.id"""
_TOUCHED = "unnest($1::text[], $2::text[])"
_ALL_OF_A_PART = """(SELECT DISTINCT kind, id FROM {p}document_version
    WHERE abs(mod(hashtext(id), $1::int)) = $2)"""
_ANEW = """
ON CONFLICT (kind, id) DO UPDATE SET
    sequence = excluded.sequence, status = excluded.status, status_name = excluded.status_name,
    owner = excluded.owner, opened_at = excluded.opened_at, updated_at = excluded.updated_at,
    form = excluded.form, parts = excluded.parts"""

_REJECTIONS = """
INSERT INTO {p}rejection (owner, command_id, command, kind, id, reason_code, reason_text,
                       reason_text_en, service, at, event_id)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (
    owner text, command_id uuid, command text, kind text, id text, reason_code text,
    reason_text text, reason_text_en text, service text, at timestamptz, event_id uuid)
ON CONFLICT DO NOTHING"""

_CHANGES = """
INSERT INTO change (event_id, owner, body)
SELECT event_id, owner, body
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (row, number),
     jsonb_to_record(e.row) AS c (event_id uuid, owner text, body jsonb)
WHERE NOT EXISTS (SELECT FROM change AS known WHERE known.event_id = c.event_id)
ORDER BY number
ON CONFLICT DO NOTHING"""
# Instances share this lock: a document's events are all on one partition, so no two of them write
# the same document at once. A rebuild that puts its tables in place wants it for itself.
_TOGETHER = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('history:' || current_schema(), 0))"
)
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('history:' || current_schema(), 0))"
_PARTITIONS_LOCK = (
    "SELECT pg_advisory_xact_lock(hashtextextended('partition:' || current_schema(), 0))"
)


async def save(connection: Connection, rows: Rows) -> None:
    """Store a batch, inside the caller's transaction."""
    await connection.execute(_TOGETHER)
    await save_documents(connection, rows, READ)
    if rows.changes:
        await connection.execute(CHANGES_LOCK)
        await connection.execute(_CHANGES, _json(rows.changes))
        await connection.execute(NOTIFY)


async def save_documents(connection: Connection, rows: Rows, names: Names) -> None:
    """Store what a batch says of documents and commands, inside the caller's transaction."""
    prefix = names.prefix
    if rows.moves:
        await have_partitions(connection, rows.moves, names)
        touched = await connection.fetch(_MOVES.format(p=prefix), _json(rows.moves))
        await connection.execute(
            _DOCUMENTS.format(p=prefix, touched=_TOUCHED) + _ANEW,
            [row["kind"] for row in touched],
            [row["id"] for row in touched],
        )
    if rows.rejections:
        await connection.execute(_REJECTIONS.format(p=prefix), _json(rows.rejections))


async def fill_documents(connection: Connection, names: Names, part: int, parts: int) -> None:
    """Make the rows of one part of all documents, from their versions, where there are none."""
    touched = _ALL_OF_A_PART.format(p=names.prefix)
    statement = _DOCUMENTS.format(p=names.prefix, touched=touched)
    await connection.execute(statement, parts, part, timeout=LONG_SECONDS)


async def stop_the_writers(connection: Connection) -> None:
    """Until the caller's transaction ends, nobody else saves."""
    await connection.execute(_ALONE)


async def have_partitions(connection: Connection, moves: Iterable[Row], names: Names) -> None:
    """One partition a month, made when its first row comes."""
    months = {f"{names.of('status_record')}_{month:%Y_%m}": month for month in _months(moves)}
    known = await connection.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
        list(months),
    )
    missing = months.keys() - {row["name"] for row in known}
    if not missing:
        return
    await connection.execute(_PARTITIONS_LOCK)
    for name in sorted(missing):
        first, after = months[name], _next_month(months[name])
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {names.of('status_record')} "
            f"FOR VALUES FROM ('{first:%Y-%m-%d} 00:00+00') TO ('{after:%Y-%m-%d} 00:00+00')"
        )


def _months(moves: Iterable[Row]) -> set[datetime]:
    """The first instant (UTC) of each month that moves fall into."""
    months = set()
    for move in moves:
        at = move["at"]
        assert isinstance(at, datetime)  # noqa: S101 - services.history.rows
        time = at.astimezone(UTC)
        months.add((time.year, time.month))
    return {datetime(year, month, 1, tzinfo=UTC) for year, month in months}


def _next_month(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _json(rows: list[Row]) -> str:
    return orjson.dumps(rows).decode()
