"""From a decision's sends to bytes ready to publish: encoded, signed, encrypted, with headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from libs.decisions import Emit, Forward, Resend
from libs.messages.base import DocumentChanged, Message
from libs.messages.codec import ModelCodec
from libs.messages.envelope import Envelope, envelope_of
from libs.messages.partners import JSON, JWE, XML, partner_of_topic
from libs.messages.registry import Kind
from libs.messages.topics import Topic
from libs.service.incoming import Accepted
from libs.service.outbox import Outbound
from libs.service.recipients import Recipients
from libs.service.sent import Letter
from libs.signing import Signer, sign_jws, sign_xml
from libs.signing.encryption import JOSE, NoRecipient, Signed


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
    """Encodes and signs for one service. Safe for many threads."""

    signer: Signer
    topics: Mapping[str, Topic]
    kinds: Mapping[type[Message], Kind]
    recipients: Recipients = field(default_factory=dict)

    def emit(self, send: Emit, trail: Trail) -> Outbound:
        """A message of our own.

        Raises LookupError for a kind or topic that the tables lack, NoRecipient.
        """
        message = send.message
        kind = self.kinds[type(message)]
        if kind.ce_type not in self.topics[send.topic].kinds:
            raise LookupError(f"{kind.ce_type} has no place on topic {send.topic}")
        body, content_type, signature = self._signed(kind, message, send.topic)
        envelope = envelope_of(message, kind.ce_type, content_type)._replace(
            correlation_id=trail.correlation_id,
            causation_id=trail.causation_id,
            actor=trail.actor,
            status=message.status if isinstance(message, DocumentChanged) else None,
            signature=signature,
            traceparent=trail.traceparent,
        )
        return self._outbound(send.topic, envelope, body)

    def forward(self, send: Forward, message: Accepted) -> Outbound:
        """The handled message itself: same bytes, same signature, same id. Raises NoRecipient."""
        return self._untouched(send.topic, message.envelope, message.raw)

    def again(self, send: Resend, letter: Letter) -> Outbound:
        """A message as it went out before: what `emit` or `forward` made of it then.

        What was forwarded encrypted is encrypted anew. Raises NoRecipient.
        """
        return self._untouched(send.topic, Envelope.from_headers(letter.headers), letter.body)

    def _untouched(self, topic: str, envelope: Envelope, body: bytes) -> Outbound:
        if topic not in self.topics:
            raise LookupError(f"there is no topic {topic}")
        correlation = envelope.correlation_id or str(envelope.id)
        return self._outbound(topic, envelope._replace(correlation_id=correlation), body)

    def _outbound(self, topic: str, envelope: Envelope, body: bytes) -> Outbound:
        partner = partner_of_topic(topic)
        if partner is not None and partner.encryption == JWE and envelope.content_type != JOSE:
            recipient = self.recipients.get(partner.code)
            if recipient is None:
                raise NoRecipient(f"{partner.code}: no certificate to encrypt to")
            body = recipient.encrypt(Signed(body, envelope.content_type, envelope.signature))
            envelope = envelope._replace(content_type=JOSE, signature=None)
        return Outbound(topic, envelope.subject.encode(), tuple(envelope.to_headers()), body)

    def _signed(self, kind: Kind, message: Message, topic: str) -> tuple[bytes, str, str | None]:
        """Body, content type, and the detached signature where the body carries none."""
        codec = kind.codec
        if not isinstance(codec, ModelCodec):  # a bank's own format has no room for ours
            body = codec.encode(message, XML)
            return body, XML, sign_jws(body, self.signer)
        partner = partner_of_topic(topic)
        if partner is not None and partner.content == XML:
            return sign_xml(codec.encode(message, XML), self.signer), XML, None
        body = codec.encode(message, JSON)
        return body, JSON, sign_jws(body, self.signer)
