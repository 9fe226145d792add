"""Rows in: a batch is a few statements over sets, and may come again without effect."""

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from libs.service.db import Connection
from services.history.rows import Row, Rows

_MOVES = """
WITH move AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (
        kind text, id text, sequence int, at timestamptz, owner text, action text,
        from_status text, status text, status_name text, note text, reason_code text,
        role text, actor text, cause_id uuid, cause_kind text, cause_signer text,
        cause_digest text, event_id uuid, form jsonb, parts jsonb)
), version AS (
    INSERT INTO document_version
        (kind, id, sequence, at, status, status_name, owner, form, parts)
    SELECT kind, id, sequence, at, status, status_name, owner, form, parts FROM move
    ON CONFLICT DO NOTHING
    RETURNING kind, id, sequence
), told AS (
    INSERT INTO status_record
        (kind, id, sequence, at, owner, action, from_status, status, status_name, note,
         reason_code, role, actor, cause_id, cause_kind, cause_signer, cause_digest, event_id)
    SELECT kind, id, sequence, at, owner, action, from_status, status, status_name, note,
           reason_code, role, actor, cause_id, cause_kind, cause_signer, cause_digest, event_id
    FROM move JOIN version USING (kind, id, sequence)
)
SELECT DISTINCT kind, id FROM version"""

# each document anew from its versions: whatever order they came in, the same row
_DOCUMENTS = """
INSERT INTO document
    (kind, id, sequence, status, status_name, owner, opened_at, updated_at, form, parts)
SELECT touched.kind, touched.id, v.sequence, v.status, v.status_name, v.owner,
       t.opened_at, t.updated_at, f.form, v.parts
FROM unnest($1::text[], $2::text[]) AS touched (kind, id)
CROSS JOIN LATERAL (
    SELECT d.sequence, d.status, d.status_name, d.owner, d.parts FROM document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id ORDER BY d.sequence DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (
    SELECT min(d.at), max(d.at) FROM document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id
) AS t (opened_at, updated_at)
LEFT JOIN LATERAL (
    SELECT d.form FROM document_version AS d
    WHERE d.kind = touched.kind AND d.id = touched.id AND d.form IS NOT NULL
    ORDER BY d.sequence DESC LIMIT 1
) AS f ON true
ORDER BY touched.kind, touched.id
ON CONFLICT (kind, id) DO UPDATE SET
    sequence = excluded.sequence, status = excluded.status, status_name = excluded.status_name,
    owner = excluded.owner, opened_at = excluded.opened_at, updated_at = excluded.updated_at,
    form = excluded.form, parts = excluded.parts"""

_REJECTIONS = """
INSERT INTO rejection (owner, command_id, command, kind, id, reason_code, reason_text,
                       reason_text_en, service, at, event_id)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (
    owner text, command_id uuid, command text, kind text, id text, reason_code text,
    reason_text text, reason_text_en text, service text, at timestamptz, event_id uuid)
ON CONFLICT DO NOTHING"""

_CHANGES_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('change:' || current_schema(), 0))"
_CHANGES = """
INSERT INTO change (event_id, owner, body)
SELECT event_id, owner, body
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (row, number),
     jsonb_to_record(e.row) AS c (event_id uuid, owner text, body jsonb)
WHERE NOT EXISTS (SELECT FROM change AS known WHERE known.event_id = c.event_id)
ORDER BY number
ON CONFLICT DO NOTHING"""
_NOTIFY = "SELECT pg_notify('change_' || current_schema(), '')"

# Instances share this lock: a document's events are all on one partition, so no two of them write
# the same document at once. A rebuild reads every partition: it writes while nobody else does.
_TOGETHER = (
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('history:' || current_schema(), 0))"
)
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('history:' || current_schema(), 0))"
_PARTITIONS_LOCK = (
    "SELECT pg_advisory_xact_lock(hashtextextended('partition:' || current_schema(), 0))"
)


async def save(connection: Connection, rows: Rows, *, alone: bool = False) -> None:
    """Store a batch, inside the caller's transaction; `alone` while instances may be at work."""
    await connection.execute(_ALONE if alone else _TOGETHER)
    if rows.moves:
        await _have_partitions(connection, _months(rows.moves))
        touched = await connection.fetch(_MOVES, _json(rows.moves))
        await connection.execute(
            _DOCUMENTS, [row["kind"] for row in touched], [row["id"] for row in touched]
        )
    if rows.rejections:
        await connection.execute(_REJECTIONS, _json(rows.rejections))
    if rows.changes:
        await connection.execute(_CHANGES_LOCK)
        await connection.execute(_CHANGES, _json(rows.changes))
        await connection.execute(_NOTIFY)


async def start_over(connection: Connection) -> None:
    """Empty every projection, inside the caller's transaction, and say that it is so."""
    await connection.execute(_ALONE)
    await connection.execute("TRUNCATE document_version, status_record, document, rejection")
    await connection.execute("INSERT INTO rebuild DEFAULT VALUES ON CONFLICT DO NOTHING")


async def whole_again(connection: Connection) -> None:
    """Every event was read again."""
    await connection.execute("DELETE FROM rebuild")


async def is_rebuilding(connection: Connection) -> bool:
    """Whether the projections are not complete at present."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM rebuild)")
    return found


async def _have_partitions(connection: Connection, months: Iterable[datetime]) -> None:
    """One partition a month, made when its first row comes."""
    names = {f"status_record_{month:%Y_%m}": month for month in months}
    known = await connection.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
        list(names),
    )
    missing = names.keys() - {row["name"] for row in known}
    if not missing:
        return
    await connection.execute(_PARTITIONS_LOCK)
    for name in sorted(missing):
        first, after = names[name], _next_month(names[name])
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF status_record "
            f"FOR VALUES FROM ('{first:%Y-%m-%d} 00:00+00') TO ('{after:%Y-%m-%d} 00:00+00')"
        )


def _months(moves: Iterable[Row]) -> set[datetime]:
    """The first instant (UTC) of each month that moves fall into."""
    times = (datetime.fromisoformat(str(move["at"])).astimezone(UTC) for move in moves)
    return {datetime(time.year, time.month, 1, tzinfo=UTC) for time in times}


def _next_month(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _json(rows: list[Row]) -> str:
    return orjson.dumps(rows).decode()
