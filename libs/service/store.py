"""Records: one row a document, read and written by the batch, guarded by their versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from libs.decisions import AnyRecord, AnyRecordType, Record, Ref
from libs.service.db import Conflict, Connection

Loaded = dict[Ref, AnyRecord | None]

_LOAD = """
SELECT r.type, r.id, r.version, r.status, r.owner, r.body::text AS body
FROM record r JOIN unnest($1::text[], $2::text[]) AS w(type, id) USING (type, id)"""

_INSERT = """
INSERT INTO record (type, id, version, status, owner, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::jsonb[])
ON CONFLICT DO NOTHING"""

_UPDATE = """
UPDATE record r
SET version = n.version, status = n.status, owner = n.owner, body = n.body, updated_at = now()
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::jsonb[], $7::int[])
     AS n(type, id, version, status, owner, body, expected)
WHERE r.type = n.type AND r.id = n.id AND r.version = n.expected"""


@dataclass(frozen=True)
class Save:
    """A record to store over version `expected` (0: it must not exist)."""

    record: AnyRecord
    body: str  # JSON
    expected: int


@dataclass(frozen=True)
class RecordStore:
    """Loads and saves records of a service's types."""

    types: Mapping[str, AnyRecordType]

    async def load(self, connection: Connection, refs: Iterable[Ref]) -> Loaded:
        """All of `refs` in one statement; None for what is not there."""
        wanted = set(refs)
        found: Loaded = dict.fromkeys(wanted)
        if not wanted:
            return found
        rows = await connection.fetch(_LOAD, [r.type for r in wanted], [r.id for r in wanted])
        for row in rows:
            kind = self.types[row["type"]]
            ref = Ref(row["type"], row["id"])
            body = kind.body.model_validate_json(row["body"])
            found[ref] = Record(ref, row["version"], row["status"], row["owner"], body)
        return found

    async def save(self, connection: Connection, saves: Iterable[Save]) -> None:
        """Store all. Raises Conflict when a record is not at the version that was loaded."""
        ordered = sorted(saves, key=lambda save: (save.record.ref.type, save.record.ref.id))
        new = [save for save in ordered if save.expected == 0]
        old = [save for save in ordered if save.expected > 0]
        if new:
            _all(await connection.execute(_INSERT, *_columns(new)), new)
        if old:
            expected = [save.expected for save in old]
            _all(await connection.execute(_UPDATE, *_columns(old), expected), old)


def body_text(record: AnyRecord) -> str:
    """A record's body as it is stored."""
    text: str = record.body.model_dump_json(by_alias=True, exclude_none=True)
    return text


def _columns(saves: list[Save]) -> tuple[list[object], ...]:
    records = [save.record for save in saves]
    return (
        [record.ref.type for record in records],
        [record.ref.id for record in records],
        [record.version for record in records],
        [record.status for record in records],
        [record.owner for record in records],
        [save.body for save in saves],
    )


def _all(status: str, saves: list[Save]) -> None:
    if int(status.rpartition(" ")[2]) != len(saves):
        raise Conflict("a record was changed meanwhile")
