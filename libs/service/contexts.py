"""What a handler is told of the message, or of the timer, that it decides."""

import hashlib
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5

from libs.decisions import Actor, Context
from libs.decisions.records import Records
from libs.messages.base import Cause
from libs.messages.parties import Role
from libs.service.incoming import Accepted, Dead
from libs.service.timers import DueTimer

_NO_RECORDS: Records = MappingProxyType({})


def context_of(
    service: str, message: Accepted, records: Records = _NO_RECORDS, given: object = None
) -> Context:
    """The surroundings of a message."""
    signer = message.signer
    cause = Cause(
        message_id=message.envelope.id,
        kind=message.kind.name,
        signer=signer.party,
        digest=message.source.digest,
    )
    actor = Actor(signer.role, signer.party, signer.name, signer.holder, signer.card)
    return Context(service, actor, message.timestamp, cause, message.topic, records, given)


def clock_context(service: str, timer: DueTimer, records: Records, given: object) -> Context:
    """The surroundings of a timer: the service itself acts, at the time it was set for."""
    told = f"{service}:{timer.ref.type}:{timer.ref.id}:{timer.name}:{timer.due_at.isoformat()}"
    cause = Cause(
        message_id=uuid5(NAMESPACE_URL, told),
        kind=f"Timer:{timer.name}"[:60],
        signer=service,
        digest=hashlib.sha256(told.encode()).hexdigest(),
    )
    actor = Actor(Role.SERVICE, service, "单一窗口")
    return Context(service, actor, timer.due_at, cause, f"{service}.timers", records, given)


def dead_letter(message: Accepted, reason: str, detail: str = "") -> Dead:
    """An accepted message that ends as a dead letter after all."""
    return Dead(
        message.source,
        reason,
        detail,
        sender=message.envelope.source,
        message_id=str(message.envelope.id),
        ce_type=message.kind.ce_type,
    )
