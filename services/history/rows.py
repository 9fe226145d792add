"""From events to rows. Pure: the same events give the same rows, in whatever order they come."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from libs.messages.base import DocumentChanged, Message
from libs.messages.kinds.rejections import CommandRejected
from libs.messages.registry import KINDS, Kind

Row = dict[str, object]  # column name to value

_OF_EVERY_EVENT = set(DocumentChanged.model_fields)
_DOCUMENT_OF_COMMAND = {kind.name: kind.document for kind in KINDS.values()}


@dataclass
class Rows:
    """What a batch of events says: moves, rejections, and for each what streams tell."""

    moves: list[Row] = field(default_factory=list)
    rejections: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)


def rows_of(events: Iterable[tuple[Kind, Message]], untold: Container[UUID] | None = None) -> Rows:
    """The rows of `events`; of two for one move or one refused command, the first.

    `untold` names the events that streams are still to be told of; None: all of them.
    """
    rows, seen = Rows(), set[tuple[object, ...]]()
    for kind, message in events:
        is_new = untold is None or message.meta.message_id in untold
        if isinstance(message, CommandRejected):
            if is_new:
                rows.changes.append(_rejection_told(message))
            if (refused := (message.owner, message.command_id)) not in seen:
                seen.add(refused)
                rows.rejections.append(_rejection(message))
        elif isinstance(message, DocumentChanged):
            place = (kind.document, message.meta.document_id, message.sequence)
            if place in seen:
                continue
            seen.add(place)
            rows.moves.append(_move(kind.document, message))
            if is_new:
                rows.changes.append(_move_told(kind.document, message))
    return rows


def _move(document: str, event: DocumentChanged) -> Row:
    parts = event.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_OF_EVERY_EVENT)
    form = parts.pop("form", None)
    return {
        "kind": document,
        "id": event.meta.document_id,
        "sequence": event.sequence,
        "at": event.meta.created_at,
        "owner": event.owner,
        "action": event.action,
        "from_status": event.from_status,
        "status": event.status,
        "status_name": event.status_name,
        "note": event.note,
        "reason_code": event.reason_code,
        "role": event.actor_role.value,
        "actor": event.actor,
        "cause_id": event.cause.message_id,
        "cause_kind": event.cause.kind,
        "cause_signer": event.cause.signer,
        "cause_digest": event.cause.digest,
        "event_id": event.meta.message_id,
        "form": form,
        "parts": parts,
    }


def _move_told(document: str, event: DocumentChanged) -> Row:
    body = {
        "type": "moved",
        "kind": document,
        "id": event.meta.document_id,
        "sequence": event.sequence,
        "status": event.status,
        "statusName": event.status_name,
        "note": event.note,
        "at": event.meta.created_at.isoformat(),
        "messageId": str(event.cause.message_id),
    }
    return {"event_id": event.meta.message_id, "owner": event.owner, "body": body}


def _rejection(event: CommandRejected) -> Row:
    return {
        "owner": event.owner,
        "command_id": event.command_id,
        "command": event.command,
        "kind": _DOCUMENT_OF_COMMAND.get(event.command),
        "id": event.meta.document_id,
        "reason_code": event.reason_code,
        "reason_text": event.reason_text,
        "reason_text_en": event.reason_text_en,
        "service": event.meta.sender,
        "at": event.meta.created_at,
        "event_id": event.meta.message_id,
    }


def _rejection_told(event: CommandRejected) -> Row:
    body = {
        "type": "rejected",
        "kind": _DOCUMENT_OF_COMMAND.get(event.command),
        "id": event.meta.document_id,
        "reasonCode": event.reason_code,
        "note": event.reason_text,
        "at": event.meta.created_at.isoformat(),
        "messageId": str(event.command_id),
    }
    return {"event_id": event.meta.message_id, "owner": event.owner, "body": body}
