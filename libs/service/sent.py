"""Messages that went out and may have to go out again: our own as kept, others' from the inbox."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from libs.decisions import Resend
from libs.service import inbox
from libs.service.db import Connection
from libs.service.outbox import Outbound
from libs.service.packing import Headers, pack, unpack
from libs.service.writing import Writing

_KEEP = """
INSERT INTO sent (message_id, topic, key, headers, body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[])
RETURNING 1"""

_KEPT = "SELECT message_id, topic, key, headers, body FROM sent WHERE message_id = ANY($1::uuid[])"


class Letter(Protocol):
    """Headers and body as they travelled."""

    @property
    def headers(self) -> Headers:
        """Kafka headers."""

    @property
    def body(self) -> bytes:
        """The signed bytes."""


def keep(writing: Writing, messages: Mapping[UUID, Outbound]) -> None:
    """Keep these messages of our own, by their ids."""
    if not messages:
        return
    rows = sorted(messages.items())
    writing.add(
        "sent",
        _KEEP,
        [number for number, _ in rows],
        [message.topic for _, message in rows],
        [message.key for _, message in rows],
        [pack(message.headers) for _, message in rows],
        [message.body for _, message in rows],
    )


async def letters(
    connection: Connection, service: str, wanted: Iterable[Resend]
) -> dict[Resend, Letter]:
    """What is to be sent again. Raises LookupError for what this `service` never kept."""
    asked = set(wanted)
    others = {(each.sender, str(each.message_id)) for each in asked if each.sender != service}
    taken_in = await inbox.kept(connection, others)
    own = await _own(connection, {each.message_id for each in asked if each.sender == service})
    kept: dict[inbox.Key, Letter] = {**taken_in}
    kept |= {(service, str(number)): letter for number, letter in own.items()}
    return {each: _letter(kept, each) for each in asked}


def _letter(kept: Mapping[inbox.Key, Letter], wanted: Resend) -> Letter:
    key = (wanted.sender, str(wanted.message_id))
    if key not in kept:
        raise LookupError(f"message {wanted.message_id} of {wanted.sender} is not kept")
    return kept[key]


async def _own(connection: Connection, ids: set[UUID]) -> dict[UUID, Outbound]:
    rows = await connection.fetch(_KEPT, list(ids)) if ids else ()
    return {
        row["message_id"]: Outbound(row["topic"], row["key"], unpack(row["headers"]), row["body"])
        for row in rows
    }
