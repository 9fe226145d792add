"""Records: one row a document, read and written by the batch, guarded by their versions.

A version is written once and never changed, so a record that was committed here need not be sent
and parsed again: the database is asked which version stands, and for the body only when it is
another than the one remembered.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg

from libs.decisions import AnyRecord, AnyRecordType, Record, Ref
from libs.service.db import Connection
from libs.service.writing import Writing

Loaded = dict[Ref, AnyRecord | None]

_REMEMBERED_MAX = 1000  # records of about 10 KB each, the least lately used go

_LOAD = """
SELECT r.type, r.id, r.version, r.status, r.owner,
       CASE WHEN r.version = w.known THEN NULL ELSE r.body::text END AS body
FROM record r JOIN unnest($1::text[], $2::text[], $3::int[]) AS w(type, id, known)
USING (type, id)"""

_INSERT = """
INSERT INTO record (type, id, version, status, owner, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::jsonb[])
RETURNING 1"""

_UPDATE = """
UPDATE record r
SET version = n.version, status = n.status, owner = n.owner, body = n.body, updated_at = now()
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::jsonb[], $7::int[])
     AS n(type, id, version, status, owner, body, expected)
WHERE r.type = n.type AND r.id = n.id AND r.version = n.expected
RETURNING 1"""


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
    _remembered: OrderedDict[Ref, AnyRecord] = field(default_factory=OrderedDict)

    async def load(self, connection: Connection, refs: Iterable[Ref]) -> Loaded:
        """All of `refs` in one statement; None for what is not there."""
        wanted = list(set(refs))
        found: Loaded = dict.fromkeys(wanted)
        if not wanted:
            return found
        known = {ref: self._remembered[ref] for ref in wanted if ref in self._remembered}
        versions = [known[ref].version if ref in known else 0 for ref in wanted]
        rows = await connection.fetch(
            _LOAD, [r.type for r in wanted], [r.id for r in wanted], versions
        )
        for row in rows:
            ref = Ref(row["type"], row["id"])
            found[ref] = known[ref] if row["body"] is None else self._parsed(ref, row)
        self.remember(record for record in found.values() if record is not None)
        return found

    def remember(self, committed: Iterable[AnyRecord]) -> None:
        """Keep these at hand. Only what is committed: a version that was not may be another's."""
        for record in committed:
            self._remembered[record.ref] = record
            self._remembered.move_to_end(record.ref)
        while len(self._remembered) > _REMEMBERED_MAX:
            self._remembered.popitem(last=False)

    def _parsed(self, ref: Ref, row: asyncpg.Record) -> AnyRecord:
        body = self.types[ref.type].body.model_validate_json(row["body"])
        return Record(ref, row["version"], row["status"], row["owner"], body)

    def save(self, writing: Writing, saves: Iterable[Save]) -> None:
        """Store all; a Conflict when a record is not at the version that was loaded."""
        ordered = sorted(saves, key=lambda save: (save.record.ref.type, save.record.ref.id))
        new = [save for save in ordered if save.expected == 0]
        old = [save for save in ordered if save.expected > 0]
        if new:
            writing.add("record", _INSERT, *zip(*map(_row, new), strict=True))
            writing.unless_taken("record", "a record was made meanwhile")
        if old:
            expected = [save.expected for save in old]
            writing.add("changed", _UPDATE, *zip(*map(_row, old), strict=True), expected)
            writing.wanting("changed", len(old), "a record was changed meanwhile")


def body_text(record: AnyRecord) -> str:
    """A record's body as it is stored."""
    text: str = record.body.model_dump_json(by_alias=True, exclude_none=True)
    return text


def _row(save: Save) -> tuple[object, ...]:
    record = save.record
    return (
        record.ref.type,
        record.ref.id,
        record.version,
        record.status,
        record.owner,
        save.body,
    )
