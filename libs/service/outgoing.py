"""From a decision's sends to bytes ready to publish: encoded, then signed, with their headers.

Signing is a step of its own, for many messages at once: it needs a key, which may be elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from libs.decisions import Emit, Forward, Resend
from libs.messages.base import DocumentChanged, Message
from libs.messages.codec import ModelCodec
from libs.messages.envelope import Envelope, envelope_of
from libs.messages.partners import JSON, XML, partner_of_topic
from libs.messages.registry import Kind
from libs.messages.topics import Topic
from libs.service.incoming import Accepted
from libs.service.outbox import Outbound
from libs.service.sent import Letter
from libs.signing import Signer, sign_jws, sign_xml


@dataclass(frozen=True, slots=True)
class Trail:
    """What emitted messages carry on of the one that caused them."""

    correlation_id: str
    causation_id: str
    actor: str
    traceparent: str | None = None

    @classmethod
    def of(cls, message: Accepted) -> "Trail":
        """The trail behind a handled message."""
        envelope = message.envelope
        own = str(envelope.id)
        correlation = envelope.correlation_id or own
        return cls(correlation, own, message.signer.party, envelope.traceparent)


@dataclass(frozen=True)
class Outgoing:
    """Encodes for one service. Safe for many threads."""

    topics: Mapping[str, Topic]
    kinds: Mapping[type[Message], Kind]

    def emit(self, send: Emit, trail: Trail) -> "Unsigned":
        """A message of our own. Raises LookupError for a kind or topic that the tables lack."""
        message = send.message
        kind = self.kinds[type(message)]
        if kind.ce_type not in self.topics[send.topic].kinds:
            raise LookupError(f"{kind.ce_type} has no place on topic {send.topic}")
        content_type, enveloped = _form(kind, send.topic)
        envelope = envelope_of(message, kind.ce_type, content_type)._replace(
            correlation_id=trail.correlation_id,
            causation_id=trail.causation_id,
            actor=trail.actor,
            status=message.status if isinstance(message, DocumentChanged) else None,
            traceparent=trail.traceparent,
        )
        return Unsigned(
            send.topic, envelope, Paper(kind.codec.encode(message, content_type), enveloped)
        )

    def forward(self, send: Forward, message: Accepted) -> Outbound:
        """The handled message itself: same bytes, same signature, same id."""
        return self._untouched(send.topic, message.envelope, message.raw)

    def again(self, send: Resend, letter: Letter) -> Outbound:
        """A message as it went out before: what `emit` or `forward` made of it then."""
        return self._untouched(send.topic, Envelope.from_headers(letter.headers), letter.body)

    def _untouched(self, topic: str, envelope: Envelope, body: bytes) -> Outbound:
        if topic not in self.topics:
            raise LookupError(f"there is no topic {topic}")
        correlation = envelope.correlation_id or str(envelope.id)
        return _outbound(topic, envelope._replace(correlation_id=correlation), body)


class Paper(NamedTuple):
    """What is to be signed, and whether the signature goes into it (XML) or beside it (JWS)."""

    body: bytes
    enveloped: bool


def sign_all(papers: Iterable[Paper], signer: Signer) -> list[bytes]:
    """Each body with its signature in it, or the detached signature."""
    return [
        sign_xml(body, signer) if enveloped else sign_jws(body, signer).encode()
        for body, enveloped in papers
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Unsigned:
    """A message of our own that only lacks its signature."""

    topic: str
    envelope: Envelope
    paper: Paper

    def signed(self, signed: bytes) -> Outbound:
        """The whole message, with what `sign_all` gave for its paper."""
        if self.paper.enveloped:
            return _outbound(self.topic, self.envelope, signed)
        envelope = self.envelope._replace(signature=signed.decode())
        return _outbound(self.topic, envelope, self.paper.body)


def _form(kind: Kind, topic: str) -> tuple[str, bool]:
    """The content type of a kind on a topic, and whether it holds its signature."""
    if not isinstance(kind.codec, ModelCodec):  # a bank's own format has no room for ours
        return XML, False
    partner = partner_of_topic(topic)
    if partner is not None and partner.content == XML:
        return XML, True
    return JSON, False


def _outbound(topic: str, envelope: Envelope, body: bytes) -> Outbound:
    return Outbound(topic, envelope.subject.encode(), tuple(envelope.to_headers()), body)
