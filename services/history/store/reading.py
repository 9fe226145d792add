"""Rows out. Every question names the company it is asked for: no other's rows are seen."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from libs.service.db import Connection
from services.history.queries import Query

Json = dict[str, object]

# ruff: noqa: S608 - statements are put together from this file's own texts and a table's conditions
_COLUMNS = (
    "kind, id, sequence, status, status_name, owner, opened_at, updated_at, form::text, parts::text"
)
_LATEST = f"SELECT {_COLUMNS} FROM document WHERE owner = $1 AND kind = $2 AND id = $3"
_AS_OF = """
SELECT v.kind, v.id, v.sequence, v.status, v.status_name, v.owner, d.opened_at,
       v.at AS updated_at, v.parts::text, (
    SELECT f.form FROM document_version AS f
    WHERE f.kind = v.kind AND f.id = v.id AND f.sequence <= v.sequence AND f.form IS NOT NULL
    ORDER BY f.sequence DESC LIMIT 1)::text AS form
FROM document AS d JOIN document_version AS v USING (kind, id)
WHERE d.owner = $1 AND kind = $2 AND id = $3 AND v.at <= $4
ORDER BY v.sequence DESC LIMIT 1"""

_RECORD = """
r.sequence, r.at, r.action, r.from_status, r.status, r.status_name, r.note, r.reason_code,
r.role, r.actor, r.cause_id, r.cause_kind, r.cause_signer, r.cause_digest, r.kind, r.id"""
_RECORDS = f"""
SELECT {_RECORD} FROM document AS d JOIN status_record AS r USING (kind, id)
WHERE d.owner = $1 AND d.kind = $2 AND d.id = $3 AND r.at BETWEEN d.opened_at AND d.updated_at
ORDER BY r.sequence"""
_CAUSED = f"""
SELECT {_RECORD} FROM status_record AS r WHERE r.owner = $1 AND r.cause_id = $2
ORDER BY r.at, r.kind, r.id, r.sequence"""
_REJECTION = """
SELECT command, kind, id, reason_code, reason_text, reason_text_en, service, at
FROM rejection WHERE owner = $1 AND command_id = $2"""


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it is or was."""

    kind: str
    id: str
    sequence: int
    status: str
    status_name: str
    opened_at: datetime
    updated_at: datetime
    form: Json | None
    parts: Json


async def search(
    connection: Connection, owner: str, kind: str, query: Query
) -> tuple[int, list[Found]]:
    """How many documents fit, and those of the page, latest first."""
    values: list[object] = [owner, kind]
    conditions = ["owner = $1", "kind = $2"]
    for condition, value in query.conditions:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))
    where = " AND ".join(conditions)
    total: int = await connection.fetchval(
        f"SELECT count(*) FROM document WHERE {where}",
        *values,
    )
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM document WHERE {where} "
        f"ORDER BY opened_at DESC, id DESC LIMIT {query.size} OFFSET {query.offset}",
        *values,
    )
    return total, [_found(row) for row in rows]


async def latest(connection: Connection, owner: str, kind: str, id: str) -> Found | None:
    """A document as it is; None when the company has none such."""
    row = await connection.fetchrow(_LATEST, owner, kind, id)
    return _found(row) if row else None


async def as_of(
    connection: Connection, owner: str, kind: str, id: str, at: datetime
) -> Found | None:
    """A document as it was at a time; None when there was none then."""
    row = await connection.fetchrow(_AS_OF, owner, kind, id, at)
    return _found(row) if row else None


async def status_records(connection: Connection, owner: str, kind: str, id: str) -> list[Json]:
    """The moves of a document, first to last."""
    return [_record(row) for row in await connection.fetch(_RECORDS, owner, kind, id)]


async def moves_of(connection: Connection, owner: str, message_id: UUID) -> list[Json]:
    """The moves of the company's documents that a message caused."""
    rows = await connection.fetch(_CAUSED, owner, message_id)
    return [{"kind": row["kind"], "id": row["id"], **_record(row)} for row in rows]


async def rejection_of(connection: Connection, owner: str, message_id: UUID) -> Json | None:
    """Why a company's message was refused; None when it was not."""
    row = await connection.fetchrow(_REJECTION, owner, message_id)
    if row is None:
        return None
    return {
        "command": row["command"],
        "kind": row["kind"],
        "id": row["id"],
        "reasonCode": row["reason_code"],
        "reason": row["reason_text"],
        "reasonEn": row["reason_text_en"],
        "service": row["service"],
        "at": row["at"],
    }


def _found(row: asyncpg.Record) -> Found:
    form = row["form"]
    return Found(
        row["kind"],
        row["id"],
        row["sequence"],
        row["status"],
        row["status_name"],
        row["opened_at"],
        row["updated_at"],
        orjson.loads(form) if form else None,
        orjson.loads(row["parts"]),
    )


def _record(row: asyncpg.Record) -> Json:
    """序号, 状态, 说明, 处理方, 时间, and the signed message that caused it."""
    return {
        "sequence": row["sequence"],
        "at": row["at"],
        "action": row["action"],
        "fromStatus": row["from_status"],
        "status": row["status"],
        "statusName": row["status_name"],
        "note": row["note"],
        "reasonCode": row["reason_code"],
        "role": row["role"],
        "actor": row["actor"],
        "cause": {
            "messageId": str(row["cause_id"]),
            "kind": row["cause_kind"],
            "signer": row["cause_signer"],
            "digest": row["cause_digest"],
        },
    }
