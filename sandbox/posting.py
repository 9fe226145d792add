"""Replies: drafted by a decision, then written, signed and addressed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from libs.messages.envelope import Envelope
from libs.messages.partners import XML
from libs.signing import FileSigner, sign_jws, sign_xml

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that is decided but not yet written. `after` is in seconds."""

    ce_type: str
    content_type: str
    document_id: str
    write: Callable[[UUID, datetime], bytes]
    after: float = 0.0
    enveloped: bool = True  # XML carries its own signature; banks sign beside it


@dataclass(frozen=True, slots=True)
class Letter:
    """Signed bytes with their headers, ready to send at `due`."""

    key: bytes
    body: bytes
    headers: Headers
    due: datetime
    row: int = 0  # in the store; 0 is not stored


def signed(draft: Draft, request: Envelope, code: str, now: datetime, signer: FileSigner) -> Letter:
    """The letter of a draft, under a new message id."""
    at = now + timedelta(seconds=draft.after)
    message_id = uuid4()
    body = draft.write(message_id, at)
    signature = None
    if draft.enveloped and draft.content_type == XML:
        body = sign_xml(body, signer)
    else:
        signature = sign_jws(body, signer)
    envelope = Envelope(
        message_id,
        draft.ce_type,
        code,
        draft.document_id,
        at,
        draft.content_type,
        correlation_id=request.correlation_id,
        causation_id=str(request.id),
        signature=signature,
        traceparent=request.traceparent,
    )
    return Letter(draft.document_id.encode(), body, envelope.to_headers(), at)
