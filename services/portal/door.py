"""The door for signed messages: whatever passes here, the owning service can read and believe.

Nothing is decided here: a message that passes may still be refused by its service, as an event.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.errors import KafkaError
from pydantic.alias_generators import to_camel

from libs.messages.base import Message
from libs.messages.codec import kind_named_in
from libs.messages.envelope import envelope_of
from libs.messages.errors import FieldError, Malformed
from libs.messages.partners import JSON, XML
from libs.messages.registry import Kind, kind_of_type
from libs.messages.topics import Topic, command_topic
from libs.service.outbox import Outbound
from libs.service.publishing import Publisher
from libs.service.sessions import Session
from libs.signing import Identity, TrustStore, verify
from services.portal.attachments import Attachments
from services.portal.permissions import COMPANY_FIELDS
from services.portal.problems import Problem


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message that is on its way."""

    message_id: str
    document_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What came in: the bytes as they are, and what its headers say."""

    data: bytes
    content_type: str
    signature: str | None  # a detached JWS beside JSON
    traceparent: str | None = None


@dataclass(frozen=True)
class Door:
    """Checks a signed message and hands it on, byte for byte."""

    trust: TrustStore
    publisher: Publisher
    attachments: Attachments
    publish_seconds_max: float

    async def take(self, sent: Sent, session: Session) -> Receipt:
        """Check and publish. Raises Problem; after KAFKA_AWAY the same bytes may come again."""
        try:
            kind, topic, message, signer = await asyncio.to_thread(self._examine, sent, session)
        except Malformed as malformed:
            raise Problem.of(malformed) from None
        await self._check_attachments(message, session)
        meta = message.meta
        envelope = envelope_of(message, kind.ce_type, sent.content_type)._replace(
            correlation_id=str(meta.message_id),
            actor=signer.party,
            signature=sent.signature,
            traceparent=sent.traceparent,
        )
        headers = tuple(envelope.to_headers())
        await self._publish(Outbound(topic.name, meta.document_id.encode(), headers, sent.data))
        return Receipt(str(meta.message_id), meta.document_id, kind.name)

    def _examine(self, sent: Sent, session: Session) -> tuple[Kind, Topic, Message, Identity]:
        """All that needs no I/O, off the event loop. Raises Malformed, Problem."""
        if sent.content_type not in (XML, JSON):
            raise Problem("CONTENT_TYPE")
        verified = verify(
            sent.data, sent.content_type, sent.signature, self.trust, datetime.now(UTC)
        )
        verdict = verified.verdict
        if not verdict.trusted or verdict.signer is None or verified.content is None:
            raise Malformed(verdict.reason, verdict.detail)
        signer = verdict.signer
        if signer.fingerprint != session.fingerprint:
            raise Problem("CARD_DIFFERS", f"登录：{session.holder}；签名：{signer.holder}")
        kind = _kind(kind_named_in(verified.content, sent.content_type))
        topic = command_topic(kind.ce_type)
        if topic is None or kind.model not in COMPANY_FIELDS:
            raise Problem("NOT_FOR_COMPANIES", kind.title)
        if signer.role not in kind.signed_by:
            roles = "、".join(sorted(role.zh for role in kind.signed_by))
            raise Malformed("NOT_PERMITTED", f"{kind.title}应由{roles}签署，当前为{signer.role.zh}")
        message = kind.codec.decode(verified.content, sent.content_type)
        _check_company(message, signer)
        return kind, topic, message, signer

    async def _check_attachments(self, message: Message, session: Session) -> None:
        form = getattr(message, "form", None) or getattr(message, "draft", None)
        named = getattr(form, "attachments", ())
        missing = await self.attachments.missing(session.party, named)
        if missing:
            raise Problem("FIELDS", errors=missing)

    async def _publish(self, message: Outbound) -> None:
        try:
            # the publisher has the same bound and, before this one, throws away what waits in it
            async with asyncio.timeout(self.publish_seconds_max + 1):
                await self.publisher.publish(message)
        except (KafkaError, OSError, TimeoutError):
            raise Problem("KAFKA_AWAY") from None


def _kind(ce_type: str | None) -> Kind:
    if ce_type is None:
        raise Malformed(
            "UNKNOWN_KIND", "报文没有说明其类型（XML 命名空间与根元素，或 JSON 的 kind）"
        )
    return kind_of_type(ce_type)


def _check_company(message: Message, signer: Identity) -> None:
    """The message is its signer's, and the form names the signer's company."""
    if message.meta.sender != signer.party:
        detail = f"meta.sender 为 {message.meta.sender}，IC卡为 {signer.party}"
        raise Malformed("WRONG_SENDER", detail)
    fields = COMPANY_FIELDS[type(message)]
    if fields is None:
        return
    wrong = [
        FieldError(_wire(path), label, f"与IC卡不一致：{value}", right)
        for (path, label), right in zip(fields, (signer.party, signer.name), strict=True)
        if (value := _value(message, path)) != right
    ]
    if wrong:
        raise Problem("HOLDER_DIFFERS", errors=wrong)


def _value(message: Message, path: str) -> object:
    value: object = message
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _wire(path: str) -> str:
    return ".".join(to_camel(name) for name in path.split("."))
