"""What a handler answers: records to save and messages to send. Only data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar
from uuid import UUID

from libs.decisions.context import Context
from libs.decisions.records import AnyRecord, Record, RecordType, Ref
from libs.lifecycle import Move
from libs.messages.base import Message, Model

Body = TypeVar("Body", bound=Model)
ACTOR_MAX = 100  # what an event's `actor` holds


@dataclass(frozen=True, slots=True)
class Emit:
    """A message of our own, signed by this service, to `topic`; keyed by its document id.

    With `keep` its bytes are kept, so that it can be sent again (`Resend`).
    """

    topic: str
    message: Message
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """The handled message itself, byte for byte with its signature, on to `topic`."""

    topic: str


@dataclass(frozen=True, slots=True)
class Resend:
    """A message that went to `topic` before, once more: same id, same bytes, same headers.

    Either one that this service took in from `sender` in an earlier decision and forwarded, or
    one of its own (`sender` is the service) that it emitted with `keep`.
    """

    topic: str
    sender: str
    message_id: UUID


@dataclass(frozen=True, slots=True)
class Timer:
    """Call the handler of timer `name` for `ref` at `due_at`; set again, it moves."""

    ref: Ref
    name: str
    due_at: datetime | None  # None: cancel


@dataclass(frozen=True, slots=True)
class Wait:
    """As a timer, due when so much time has passed since this is carried out.

    For waiting on others. A message that lay about for an hour starts no wait that is over before
    it began; a service that was away asks once, not once for each time it missed.
    """

    ref: Ref
    name: str
    wait: timedelta

    def timer(self, now: datetime) -> Timer:
        """The timer of a wait that begins `now`."""
        return Timer(self.ref, self.name, now + self.wait)


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything one message causes, saved in one transaction or not at all."""

    saves: tuple[AnyRecord, ...] = ()
    sends: tuple[Emit | Forward, ...] = ()
    timers: tuple[Timer | Wait, ...] = ()
    resends: tuple[Resend, ...] = ()

    def save(self, *records: AnyRecord) -> "Decision":
        """Also store these records."""
        return self + Decision(saves=records)

    def emit(self, topic: str, message: Message, *, keep: bool = False) -> "Decision":
        """Also send `message`, signed by this service; with `keep` it can be sent again."""
        return self + Decision(sends=(Emit(topic, message, keep),))

    def forward(self, topic: str) -> "Decision":
        """Also pass the handled message on, untouched."""
        return self + Decision(sends=(Forward(topic),))

    def resend(self, topic: str, sender: str, message_id: UUID) -> "Decision":
        """Also send a message again that went out before, byte for byte."""
        return self + Decision(resends=(Resend(topic, sender, message_id),))

    def at(self, ref: Ref, name: str, due_at: datetime | None) -> "Decision":
        """Also set (or with None cancel) a timer."""
        return self + Decision(timers=(Timer(ref, name, due_at),))

    def after(self, ref: Ref, name: str, wait: timedelta) -> "Decision":
        """Also set a timer that is due when `wait` has passed."""
        return self + Decision(timers=(Wait(ref, name, wait),))

    def __add__(self, other: "Decision") -> "Decision":
        return Decision(
            self.saves + other.saves,
            self.sends + other.sends,
            self.timers + other.timers,
            self.resends + other.resends,
        )


NOTHING = Decision()


def moved(
    type: RecordType[Body],
    id: str,
    before: Record[Body] | None,
    move: Move,
    body: Body,
    ctx: Context,
    *,
    owner: str = "",
    reason_code: str | None = None,
    note: str = "",
) -> tuple[Record[Body], Decision]:
    """Make `move`: the record after it, and the decision that saves it and tells of it.

    The event carries each field of `body` that the event kind also has; a field named `form`
    (the large signed document) only when it changed. `note` overrides the table's sentence.
    """
    after = (
        before.next(body, move.to.code)
        if before
        else type.first(id, owner=owner, body=body, status=move.to.code)
    )
    if type.event is None:
        raise TypeError(f"{type.name} is a copy: it has no lifecycle and no event")
    parts = {name: getattr(body, name) for name in _shared_fields(type.body, type.event)}
    if before is not None and getattr(before.body, "form", None) == parts.get("form"):
        parts.pop("form", None)
    event = type.event(
        meta=ctx.meta(id),
        sequence=after.version,
        action=move.action.name,
        from_status=before.status if before else None,
        status=move.to.code,
        status_name=move.to.zh,
        owner=after.owner,
        actor_role=ctx.actor.role,
        actor=ctx.actor.label[:ACTOR_MAX],
        cause=ctx.cause,
        reason_code=reason_code,
        note=note or move.sentence,
        **parts,
    )
    return after, Decision().save(after).emit(f"{ctx.service}.events", event)


@cache
def _shared_fields(body: type[Model], event: type[Model]) -> tuple[str, ...]:
    """What an event tells of a body: the fields that both have, but for the head."""
    return tuple(
        name for name in body.model_fields if name in event.model_fields and name != "meta"
    )
