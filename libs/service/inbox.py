"""The inbox: each message takes effect once; and the evidence of what was accepted."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from libs.service.db import Connection
from libs.service.incoming import Accepted, Incoming
from libs.service.packing import pack, unpack
from libs.service.writing import Writing

Key = tuple[str, str]  # sender, message id

_SEEN = """
SELECT i.source, i.message_id, i.digest
FROM inbox i JOIN unnest($1::text[], $2::uuid[]) AS w(source, message_id)
USING (source, message_id)"""

_KEEP = """
INSERT INTO inbox (source, message_id, digest, ce_type, subject, signer, topic, partition, "offset",
                   stamped_at, key, headers, body)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::int[], $9::bigint[], $10::timestamptz[], $11::bytea[],
                     $12::bytea[], $13::bytea[])
RETURNING 1"""

_KEPT = """
SELECT source, message_id, topic, partition, "offset", stamped_at, key, headers, body
FROM inbox JOIN unnest($1::text[], $2::uuid[]) AS w(source, message_id)
USING (source, message_id)"""


async def seen(connection: Connection, batch: Iterable[Accepted]) -> dict[Key, str]:
    """Of these messages, those that took effect already, with their digests."""
    keys = {message.key for message in batch}
    if not keys:
        return {}
    rows = await connection.fetch(
        _SEEN, [source for source, _ in keys], [UUID(number) for _, number in keys]
    )
    return {(row["source"], str(row["message_id"])): row["digest"].hex() for row in rows}


def keep(writing: Writing, batch: Sequence[Accepted]) -> None:
    """Remember these messages; a Conflict when another instance has one of them already."""
    if not batch:
        return
    ordered = sorted(batch, key=lambda message: message.key)  # one order: no deadlocks
    writing.add("inbox", _KEEP, *zip(*map(_row, ordered), strict=True))
    writing.unless_taken("inbox", "another instance has taken one of these messages")


def _row(message: Accepted) -> tuple[object, ...]:
    envelope, source = message.envelope, message.source
    return (
        envelope.source,
        envelope.id,
        bytes.fromhex(source.digest),
        message.kind.ce_type,
        envelope.subject,
        message.signer.fingerprint,
        source.topic,
        source.partition,
        source.offset,
        source.stamped_at,
        source.key,
        pack(source.headers),
        source.body,
    )


async def kept(connection: Connection, keys: Iterable[Key]) -> dict[Key, Incoming]:
    """The messages of these keys as they came."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = await connection.fetch(
        _KEPT, [source for source, _ in wanted], [UUID(number) for _, number in wanted]
    )
    return {
        (row["source"], str(row["message_id"])): Incoming(
            row["topic"],
            row["partition"],
            row["offset"],
            row["stamped_at"],
            row["key"],
            unpack(row["headers"]),
            row["body"],
        )
        for row in rows
    }
