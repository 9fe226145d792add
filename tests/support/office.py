"""A service without its chassis: records in memory, decisions carried out at once.

For tests of what services decide. Keeps the chassis' promises (all of a decision or nothing,
versions without gaps) and complains when a handler reads what it did not declare.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from libs.decisions import (
    Actor,
    AnyRecord,
    AnyRecordType,
    Context,
    Decision,
    Emit,
    Handlers,
    Ref,
    Resend,
    Wait,
)
from libs.messages.base import Cause, DocumentChanged, Message, Meta
from libs.messages.parties import Role
from libs.messages.registry import KINDS, Kind
from libs.messages.samples import COMPANY, OTHER_COMPANY, OTHER_USCC, USCC
from libs.messages.topics import TOPICS

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # nine in Beijing
TODAY = MORNING.date()

OPERATOR = Actor(Role.OPERATOR, USCC, COMPANY, "李晓明", "2110000001")
LEGAL_PERSON = Actor(Role.LEGAL_PERSON, USCC, COMPANY, "王建国", "2110000002")
STRANGER = Actor(Role.OPERATOR, OTHER_USCC, OTHER_COMPANY, "陈静", "2110000003")
STRANGE_LEGAL_PERSON = Actor(Role.LEGAL_PERSON, OTHER_USCC, OTHER_COMPANY, "赵强", "2110000004")
PICC = Actor(Role.INSURER, "PICC", "人保财险（沙箱）")
CPIC = Actor(Role.INSURER, "CPIC", "太平洋财险（沙箱）")
GATEWAY = Actor(Role.SERVICE, "gateway", "单一窗口")

MessageT = TypeVar("MessageT", bound=Message)


def a_meta(document_id: str, by: Actor, at: datetime = MORNING, *, to: UUID | None = None) -> Meta:
    """The head of a message about `document_id` from `by`, in reply `to` another."""
    return Meta(
        message_id=uuid4(),
        document_id=document_id,
        sender=by.party,
        created_at=at,
        in_reply_to=to,
    )


@dataclass
class Office:
    """One service's handlers and the records they decided on."""

    service: str
    handlers: Handlers
    now: datetime = MORNING
    topic: str = ""  # where messages come from; empty: the service's commands
    given: object = None  # what the settings say
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    records: dict[Ref, AnyRecord] = field(default_factory=dict)
    timers: dict[tuple[Ref, str], datetime] = field(default_factory=dict)
    sent: list[tuple[str, Message]] = field(default_factory=list)  # topic, message
    forwarded: list[tuple[str, Message]] = field(default_factory=list)
    resent: list[tuple[str, Message]] = field(default_factory=list)
    kept: set[UUID] = field(default_factory=set)  # own messages that may be sent again
    events: list[DocumentChanged] = field(default_factory=list)

    def take(self, message: Message, by: Actor) -> Decision:
        """Decide on `message` and carry the decision out. Raises Rejected, NotYet."""
        decision = self.decide(message, by)
        self.carry_out(decision, message)
        return decision

    def decide(self, message: Message, by: Actor) -> Decision:
        """Only decide."""
        handler = self.handlers.messages[type(message)]
        on = handler.on.ref(handler.key(message)) if handler.on else None
        record = self.records.get(on) if on else None
        refs = {on} if on else set()
        refs |= set(handler.reads(message))
        refs |= set(handler.follows(record)) if record else set()
        context = self._context(by, type(message).__name__, message.meta.message_id, refs)
        return handler.decide(record, message, context)

    def ring(self, type: AnyRecordType, id: str, name: str) -> Decision:
        """The timer is due: it is that time now."""
        ref = type.ref(id)
        self.now = max(self.now, self.timers.pop((ref, name)))
        clock = Actor(Role.SERVICE, self.service, "单一窗口")
        context = self._context(clock, f"Timer:{name}", uuid4(), {ref})
        decision = self.handlers.timers[type.name, name].decide(self.records[ref], None, context)
        self.carry_out(decision, None)
        return decision

    def _context(self, by: Actor, kind: str, message_id: UUID, refs: set[Ref]) -> Context:
        cause = Cause(
            message_id=message_id, kind=kind, signer=by.party, digest=message_id.hex.ljust(64, "0")
        )
        view = {ref: self.records.get(ref) for ref in refs}
        topic = self.topic or f"{self.service}.commands"
        return Context(self.service, by, self.now, cause, topic, view, self.given)

    def carry_out(self, decision: Decision, message: Message | None) -> None:
        """Store and send, as the chassis would."""
        for record in decision.saves:
            before = self.records.get(record.ref)
            assert record.version == (before.version if before else 0) + 1
            stored = record.body.model_dump_json(by_alias=True, exclude_none=True)
            body = type(record.body).model_validate_json(stored)
            self.records[record.ref] = replace(record, body=body)
        for send in decision.sends:
            if isinstance(send, Emit):
                self._send(send.topic, send.message)
                self.kept |= {send.message.meta.message_id} if send.keep else set()
            elif message is not None:
                self._may_send(send.topic, message)
                self.forwarded.append((send.topic, message))
        for again in decision.resends:
            self._resend(again)
        for each in decision.timers:
            timer = each.timer(self.now) if isinstance(each, Wait) else each
            self.timers.pop((timer.ref, timer.name), None)
            if timer.due_at:
                self.timers[timer.ref, timer.name] = timer.due_at

    def _send(self, topic: str, message: Message) -> None:
        self._may_send(topic, message)
        travelled = type(message).model_validate_json(message.model_dump_json(by_alias=True))
        self.sent.append((topic, travelled))
        if isinstance(travelled, DocumentChanged):
            self.events.append(travelled)

    def _resend(self, again: Resend) -> None:
        """Only what went to that topic before, from that sender, and is kept."""
        own = again.sender == self.service
        assert not own or again.message_id in self.kept
        went = self.sent if own else self.forwarded
        [message] = {
            message.meta.message_id: message
            for topic, message in went
            if (topic, message.meta.sender, message.meta.message_id)
            == (again.topic, again.sender, again.message_id)
        }.values()
        self.resent.append((again.topic, message))

    def _may_send(self, topic: str, message: Message) -> None:
        kind = next(row for row in self.kinds.values() if row.model is type(message))
        assert kind.ce_type in TOPICS[topic].kinds
        assert self.service in TOPICS[topic].producers

    def put(self, record: AnyRecord) -> None:
        """Begin with this record."""
        self.records[record.ref] = record

    def status(self, type: AnyRecordType, id: str) -> str | None:
        """The state code of a document; None when there is none."""
        record = self.records.get(type.ref(id))
        return record.status if record else None

    def body(self, type: AnyRecordType, id: str) -> Any:
        """What is stored of a document."""
        return self.records[type.ref(id)].body

    def history(self, id: str) -> list[str]:
        """The states a document went through, in order."""
        return [event.status for event in self.events if event.meta.document_id == id]

    def told(self, id: str) -> DocumentChanged:
        """The last event of a document."""
        return [event for event in self.events if event.meta.document_id == id][-1]

    def messages(self, kind: type[MessageT]) -> list[MessageT]:
        """What was sent of one kind."""
        return [message for _, message in self.sent if isinstance(message, kind)]

    def later(self, **passed: float) -> "Office":
        """The same office after some time (as `timedelta`)."""
        self.now += timedelta(**passed)
        return self


def in_state(record: AnyRecord, status: str) -> AnyRecord:
    """The same document, in another state: for tests that walk all states."""
    return replace(record, status=status)
