"""Dead letters: messages that can never work, kept whole with the reason, shown and retried."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from libs.service import outbox
from libs.service.db import Connection
from libs.service.incoming import Dead, Incoming
from libs.service.packing import pack, unpack

_INSERT = """
INSERT INTO dead_letter (topic, partition, "offset", stamped_at, key, headers, body, packed,
                         reason, detail, errors, sender, message_id, ce_type)
{rows} ON CONFLICT (topic, partition, "offset") DO NOTHING"""

_MANY = _INSERT.format(
    rows="""
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[], $5::bytea[],
                     $6::bytea[], $7::bytea[], $8::boolean[], $9::text[], $10::text[],
                     $11::jsonb[], $12::text[], $13::uuid[], $14::text[])"""
)
# arrays are copied several times on their way: a large one takes twice as long as its bare value
_ONE = _INSERT.format(rows="VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")

_LIST = """
SELECT * FROM dead_letter
WHERE ($1::text IS NULL OR reason = $1) AND ($2 OR retried_at IS NULL)
ORDER BY id DESC LIMIT $3"""

_FORGET = "DELETE FROM inbox WHERE source = $1 AND message_id = $2"
_QUICKLY = 1  # of zlib's levels
_DETAIL_MAX = 4000
_ERRORS_MAX = 200
_ERROR_PARTS = ("path", "label", "problem", "expected")


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as stored."""

    id: int
    source: Incoming
    reason: str
    detail: str
    errors: tuple[dict[str, str], ...]
    sender: str | None
    message_id: UUID | None
    ce_type: str | None
    created_at: datetime
    retried_at: datetime | None


async def put(connection: Connection, dead: Sequence[Dead]) -> None:
    """Keep these; one that is here already (the same place on the same topic) stays as it is."""
    for letter in dead:
        if letter.is_large:
            packed = await asyncio.to_thread(zlib.compress, letter.source.body, _QUICKLY)
            await connection.execute(_ONE, *_row(letter, packed))
    if rows := [_row(letter) for letter in dead if not letter.is_large]:
        await connection.execute(_MANY, *zip(*rows, strict=True))


def _row(letter: Dead, packed: bytes | None = None) -> tuple[object, ...]:
    source = letter.source
    return (
        source.topic,
        source.partition,
        source.offset,
        source.stamped_at,
        source.key,
        pack(source.headers),
        source.body if packed is None else packed,
        packed is not None,
        letter.reason,
        _storable(letter.detail),
        _errors(letter),
        _text(letter.sender),
        UUID(letter.message_id) if letter.message_id else None,
        _text(letter.ce_type),
    )


async def find(
    connection: Connection, *, reason: str | None = None, retried: bool = False, limit: int = 50
) -> list[DeadLetter]:
    """The newest dead letters, of one reason or any; with `retried` those sent again too."""
    rows = await connection.fetch(_LIST, reason, retried, limit)
    return [_letter(dict(row)) for row in rows]


async def get(connection: Connection, id: int) -> DeadLetter | None:
    """One dead letter."""
    row = await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", id)
    return _letter(dict(row)) if row else None


async def retry(connection: Connection, id: int) -> DeadLetter | None:
    """Send the original bytes and headers to the original topic again, by the outbox.

    What the inbox knows of it is forgotten, so that it may take effect now. None: no such letter.
    """
    async with connection.transaction():
        row = await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1 FOR UPDATE", id)
        if row is None:
            return None
        letter = _letter(dict(row))
        await connection.execute("UPDATE dead_letter SET retried_at = now() WHERE id = $1", id)
        if letter.sender and letter.message_id and letter.reason != "ID_REUSED":
            await connection.execute(_FORGET, letter.sender, letter.message_id)
        source = letter.source
        again = outbox.Outbound(source.topic, source.key, source.headers, source.body)
        await outbox.put(connection, [again], notify=True)
    return letter


def _letter(row: dict[str, object]) -> DeadLetter:
    values = {name: row[name] for name in DeadLetter.__dataclass_fields__ if name in row}
    places = {name: row[name] for name in Incoming.__dataclass_fields__ if name in row}
    if row["packed"]:
        places["body"] = zlib.decompress(places["body"])  # type: ignore[arg-type]
    source = Incoming(**{**places, "headers": unpack(row["headers"])})  # type: ignore[arg-type]
    values["errors"] = tuple(orjson.loads(row["errors"]))  # type: ignore[arg-type]
    return DeadLetter(source=source, **values)  # type: ignore[arg-type]


def _errors(letter: Dead) -> str:
    fields = [
        {name: _storable(getattr(e, name)) for name in _ERROR_PARTS}
        for e in letter.errors[:_ERRORS_MAX]
    ]
    return orjson.dumps(fields).decode()


def _text(value: str | None) -> str | None:
    return _storable(value) if value is not None else None


def _storable(text: str) -> str:
    """Text as PostgreSQL takes it: no NUL, no half characters, no end of it."""
    return text[:_DETAIL_MAX].encode("utf-8", "replace").decode().replace("\x00", "�")
