"""Verify, then decode: what a worker thread makes of one Kafka record. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.messages.envelope import Envelope, check
from libs.messages.errors import Malformed
from libs.messages.parties import Role
from libs.messages.registry import Kind, kind_of_type
from libs.messages.topics import Topic
from libs.service.incoming import UNEXPECTED, Accepted, Dead, Incoming
from libs.signing import Identity, TrustStore, Verified, verify


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message of a kind that this service does not act on."""

    source: Incoming


Examined = Accepted | Dead | Skipped


@dataclass(frozen=True)
class Examiner:
    """Judges records by the tables of kinds and topics. Safe for many threads."""

    trust: TrustStore
    kinds: Mapping[str, Kind]
    topics: Mapping[str, Topic]
    wanted: frozenset[str] | None
    body_bytes_max: int

    def examine_all(self, batch: Sequence[Incoming]) -> list[Examined]:
        """One result a record, in order."""
        return [self.examine(source) for source in batch]

    def examine(self, source: Incoming) -> Examined:
        """What this record is. Whatever is wrong with it, its neighbours are not touched."""
        try:
            return self._examine(source)
        except Malformed as problem:
            claimed = _claimed(source)
            return Dead(source, problem.reason, problem.detail, problem.errors, ce_type=claimed)
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            detail = f"{type(error).__name__}: {error}"
            return Dead(source, UNEXPECTED, detail, ce_type=_claimed(source))

    def _examine(self, source: Incoming) -> Examined:
        if len(source.body) > self.body_bytes_max:
            size = f"{len(source.body)} 字节，最多 {self.body_bytes_max} 字节"
            raise Malformed("TOO_LARGE", size)
        envelope = Envelope.from_headers(source.headers)
        kind = kind_of_type(envelope.type, self.kinds)
        topic = self.topics[source.topic]
        if kind.ce_type not in topic.kinds:
            raise Malformed("WRONG_KIND", f"主题 {topic.name} 不接收 {kind.ce_type}")
        if self.wanted is not None and kind.ce_type not in self.wanted:
            return Skipped(source)
        verified = verify(
            source.body, envelope.content_type, envelope.signature, self.trust, source.stamped_at
        )
        signer = _permitted(verified, kind, topic)
        assert verified.content is not None  # noqa: S101 - intact, as `_permitted` has seen
        message = kind.codec.decode(verified.content, envelope.content_type)
        check(envelope, kind.ce_type, message)
        if envelope.source != signer.party:
            raise Malformed("WRONG_SENDER", f"发送方 {envelope.source}，证书 {signer.party}")
        return Accepted(source, envelope, kind, message, verified.verdict, signer)


def _permitted(verified: Verified, kind: Kind, topic: Topic) -> Identity:
    """The signer, if it may send this kind by this topic."""
    verdict = verified.verdict.permit(kind.signed_by)
    if not verdict.intact or not verdict.trusted or verdict.signer is None:
        raise Malformed(verdict.reason, verdict.detail)
    signer = verdict.signer
    if not verdict.permitted:
        roles = "、".join(sorted(role.zh for role in kind.signed_by))
        detail = f"{kind.ce_type} 应由{roles}签署，签名人为{signer.role.zh}"
        raise Malformed("NOT_PERMITTED", detail)
    is_producer = signer.party in topic.producers
    if not is_producer and (signer.role is Role.SERVICE or topic.name.startswith("partner.")):
        raise Malformed("NOT_PERMITTED", f"{signer.party} 不得向主题 {topic.name} 发送")
    return signer


def _claimed(source: Incoming) -> str | None:
    """The kind that an unverified record claims; None when it cannot be read."""
    try:
        return dict(source.headers)["ce_type"].decode()[:200]
    except (KeyError, UnicodeDecodeError):
        return None
