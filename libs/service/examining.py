"""Verify, then decode: what a worker thread makes of one Kafka record. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

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
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True)
class Examiner:
    """Judges records by the tables of kinds and topics. Safe for many threads."""

    trust: TrustStore
    kinds: Mapping[str, Kind]
    topics: Mapping[str, Topic]
    wanted: frozenset[str] | None
    body_bytes_max: int

    def examine_all(self, batch: Sequence[Incoming]) -> list[Examined]:
        """One result a record, in order. Whatever is wrong with one, the others are not touched.

        First all signatures, then all contents: verifying fills the processor's nearest memory
        with its tables, and decoding in between would fetch everything anew for each message.
        """
        return [_decoded(found) for found in [self._verified(source) for source in batch]]

    def examine(self, source: Incoming) -> Examined:
        """What this record is."""
        return _decoded(self._verified(source))

    def _verified(self, source: Incoming) -> "_Trusted | Dead | Skipped":
        return _guarded(self._trusted, source, source)

    def _trusted(self, source: Incoming) -> "_Trusted | Skipped":
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
        return _Trusted(source, envelope, kind, verified, _permitted(verified, kind, topic))


class _Trusted(NamedTuple):
    """A record whose signature is right, by somebody who may send it; not decoded yet."""

    source: Incoming
    envelope: Envelope
    kind: Kind
    verified: Verified
    signer: Identity


def _decoded(found: _Trusted | Dead | Skipped) -> Examined:
    return _guarded(_accepted, found, found.source) if isinstance(found, _Trusted) else found


def _accepted(found: _Trusted) -> Accepted:
    source, envelope, kind, verified, signer = found
    assert verified.content is not None  # noqa: S101 - intact, as `_permitted` has seen
    message = kind.codec.decode(verified.content, envelope.content_type)
    check(envelope, kind.ce_type, message)
    if envelope.source != signer.party:
        raise Malformed("WRONG_SENDER", f"发送方 {envelope.source}，证书 {signer.party}")
    return Accepted(source, envelope, kind, message, verified.verdict, signer)


def _guarded(step: Callable[[_In], _Out], given: _In, source: Incoming) -> _Out | Dead:
    """What `step` makes of `given`; a dead letter when it fails."""
    try:
        return step(given)
    except Malformed as problem:
        claimed = _claimed(source)
        return Dead(source, problem.reason, problem.detail, problem.errors, ce_type=claimed)
    except Exception as error:  # noqa: BLE001 - one message must not stop the others
        detail = f"{type(error).__name__}: {error}"
        return Dead(source, UNEXPECTED, detail, ce_type=_claimed(source))


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
