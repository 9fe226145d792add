"""What the insurer's decisions are made of: replies without heads, and reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from uuid import UUID

from libs.messages.base import Message, Meta
from libs.messages.registry import kind_of
from sandbox.posting import Draft

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply: its kind, its fields besides the head, and after how many seconds it goes."""

    model: type[Message]
    fields: Mapping[str, object] = field(default_factory=dict)
    after: float = 0.0
    document_id: str | None = None  # that of the request unless told


def draft(answer: Answer, request: Meta, code: str, content_type: str) -> Draft:
    """The draft of an answer to the message with the head `request`."""
    kind = kind_of(answer.model)
    document_id = answer.document_id or request.document_id

    def write(message_id: UUID, at: datetime) -> bytes:
        meta = Meta(
            message_id=message_id,
            document_id=document_id,
            sender=code,
            created_at=at,
            in_reply_to=request.message_id,
        )
        message = answer.model.model_validate({"meta": meta, **answer.fields})
        return kind.codec.encode(message, content_type)

    return Draft(kind.ce_type, content_type, document_id, write, answer.after)
