"""CloudEvents 1.0, Kafka binding, binary mode: the headers beside a signed body."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from libs.messages.base import Message
from libs.messages.errors import FieldError, Malformed

Headers = Sequence[tuple[str, bytes]]

_REQUIRED = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "content-type")
_OPTIONAL = {
    "ce_correlationid": "correlation_id",
    "ce_causationid": "causation_id",
    "ce_actor": "actor",
    "ce_status": "status",
    "ce_signature": "signature",
    "traceparent": "traceparent",
}
_OPTIONAL_HEADERS = tuple(_OPTIONAL)
_optional_values = attrgetter(*_OPTIONAL.values())
_SPEC_VERSION = ("ce_specversion", b"1.0")


class Envelope(NamedTuple):  # made and changed for every message: cheaper than a data class
    """The headers of one message. `signature` is a detached JWS where the body carries none."""

    id: UUID
    type: str  # e.g. cn.tongbao.SubmitBooking.v1
    source: str  # the sender: USCC, partner code or service name
    subject: str  # the document's id
    time: datetime
    content_type: str
    correlation_id: str | None = None
    causation_id: str | None = None
    actor: str | None = None
    status: str | None = None
    signature: str | None = None
    traceparent: str | None = None

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers."""
        rows = [
            _SPEC_VERSION,
            ("ce_id", str(self.id).encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_time", time_text(self.time).encode()),
            ("content-type", self.content_type.encode()),
        ]
        for name, value in zip(_OPTIONAL_HEADERS, _optional_values(self), strict=True):
            if value is not None:
                rows.append((name, value.encode()))
        return rows

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> "Envelope":
        """Read Kafka headers. Raises Malformed HEADERS that names every wrong one."""
        found = _texts(headers)
        missing = [name for name in _REQUIRED if not found.get(name)]
        if missing:
            raise Malformed("HEADERS", errors=[FieldError(n, n, "缺少报文头") for n in missing])
        try:
            return cls(
                UUID(found["ce_id"]),
                found["ce_type"],
                found["ce_source"],
                found["ce_subject"],
                _time(found["ce_time"]),
                found["content-type"],
                *map(found.get, _OPTIONAL_HEADERS),
            )
        except ValueError as error:
            raise Malformed("HEADERS", f"ce_id 或 ce_time 格式有误：{error}") from None


def envelope_of(message: Message, ce_type: str, content_type: str) -> Envelope:
    """The envelope that says what the message's own head says."""
    meta = message.meta
    return Envelope(
        meta.message_id, ce_type, meta.sender, meta.document_id, meta.created_at, content_type
    )


def check(envelope: Envelope, ce_type: str, message: Message) -> None:
    """Headers are not signed: what they say must be what the signed body says.

    Raises Malformed HEADERS, or WRONG_KIND when the kinds differ.
    """
    if envelope.type != ce_type:
        raise Malformed("WRONG_KIND", f"ce_type 为 {envelope.type}，内容为 {ce_type}")
    meta = message.meta
    pairs = (
        ("ce_id", envelope.id, meta.message_id),
        ("ce_source", envelope.source, meta.sender),
        ("ce_subject", envelope.subject, meta.document_id),
        ("ce_time", envelope.time, meta.created_at),
    )
    wrong = [
        FieldError(name, name, f"报文头为 {header}", f"与签名内容一致：{body}")
        for name, header, body in pairs
        if header != body
    ]
    if wrong:
        raise Malformed("HEADERS", errors=wrong)


def time_text(time: datetime) -> str:
    """RFC 3339 in UTC, with Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError("ce_time 缺少时区")
    return time


def _texts(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name in found:
            raise Malformed("HEADERS", f"报文头 {name} 出现多次")
        try:
            found[name] = value.decode() if value else ""
        except UnicodeDecodeError:
            raise Malformed("HEADERS", f"报文头 {name} 不是 UTF-8 文字") from None
    return found
