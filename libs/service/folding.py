"""The fold: messages in order through the pure handlers, each seeing what those before it left.

No I/O. It can be done again, and then gives the same; so what a handler turns out to need beside
what was loaded is loaded and the batch is folded anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from libs.decisions import AnyRecord, Decision, Emit, Handlers, NotYet, Ref, Wait
from libs.lifecycle import Reason, Rejected
from libs.messages.kinds.rejections import CommandRejected
from libs.service.contexts import clock_context, context_of, dead_letter
from libs.service.deferrals import Deferral
from libs.service.inbox import Key
from libs.service.incoming import UNEXPECTED, Accepted, Dead
from libs.service.outbox import Outbound
from libs.service.outgoing import Outgoing, Trail
from libs.service.plan import Item, Line, Plan, Work
from libs.service.store import Loaded
from libs.service.timers import DueTimer


@dataclass(frozen=True)
class Folder:
    """Everything of a service that the fold needs."""

    service: str
    handlers: Handlers
    outgoing: Outgoing
    given: object = None  # what the settings say to handlers

    def wanted(self, items: Iterable[Item]) -> set[Ref]:
        """The records that these items name, as far as that is known before they are loaded."""
        refs: set[Ref] = set()
        for item in items:
            if isinstance(item, DueTimer):
                refs.add(item.ref)
            elif isinstance(item, Work):
                handler = self.handlers.messages[type(item.message.message)]
                try:
                    refs.update(handler.reads(item.message.message))
                    if handler.on is not None:
                        refs.add(handler.on.ref(handler.key(item.message.message)))
                except Exception:  # noqa: BLE001, S112 - the fold meets it again and isolates it
                    continue
        return refs

    def fold(
        self, items: Iterable[Item], loaded: Loaded, seen: Mapping[Key, str], now: datetime
    ) -> Plan:
        """The plan of a batch. When `plan.missing` is not empty the rest of it is void."""
        return _Fold(self, dict(loaded), dict(seen), now).run(items)


class _Fold:
    def __init__(self, of: Folder, state: Loaded, taken: dict[Key, str], now: datetime) -> None:
        self.of = of
        self.state = state
        self.taken = taken
        self.now = now
        self.plan = Plan()

    def run(self, items: Iterable[Item]) -> Plan:
        for item in items:
            if isinstance(item, Dead):
                self._bury(item)
            elif isinstance(item, DueTimer):
                self._timer(item)
            elif item.deferral is not None or self._is_new(item.message):
                self._message(item)
        return self.plan

    def _is_new(self, message: Accepted) -> bool:
        digest = self.taken.get(message.key)
        if digest is None:
            self.taken[message.key] = message.source.digest
            return True
        if digest == message.source.digest:
            self._line("duplicate", message)
        else:
            self._bury(dead_letter(message, "ID_REUSED"))
        return False

    def _message(self, work: Work) -> None:
        message = work.message
        try:
            decision = self._decide(message)
            self._carry_out(work, decision, "applied")
        except NotYet as wait:
            self._wait(work, wait)
        except Rejected as no:
            self._reject(work, no.reason, no.params)
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            self._break(work, error)

    def _decide(self, message: Accepted) -> Decision:
        handler = self.of.handlers.messages[type(message.message)]
        refs = set(handler.reads(message.message))
        record = None
        if handler.on is not None:
            ref = handler.on.ref(handler.key(message.message))
            refs.add(ref)
            record = self.state.get(ref)
            if record is not None:
                refs.update(handler.follows(record))
        if not self._has(refs):
            return Decision()
        records = {ref: self.state[ref] for ref in refs}
        context = context_of(self.of.service, message, records, self.of.given)
        return handler.decide(record, message.message, context)

    def _carry_out(self, work: Work, decision: Decision, outcome: str) -> None:
        message = work.message
        trail = Trail.of(message)
        saves = self._saves(decision)
        sends = [
            self.of.outgoing.emit(send, trail)
            if isinstance(send, Emit)
            else self.of.outgoing.forward(send, message)
            for send in decision.sends
        ]
        self._settle(decision, saves, sends)
        self._taken_in(work)
        saved = next(iter(saves.values()), None)
        self._line(outcome, message, status=saved.status if saved else None)

    def _settle(
        self, decision: Decision, saves: dict[Ref, AnyRecord], sends: list[Outbound]
    ) -> None:
        self.state.update(saves)
        self.plan.records.update(saves)
        self.plan.outbox += sends
        self.plan.timers += [
            timer.timer(self.now) if isinstance(timer, Wait) else timer for timer in decision.timers
        ]
        self.plan.resends += decision.resends
        for send, outbound in zip(decision.sends, sends, strict=True):
            if isinstance(send, Emit) and send.keep:
                self.plan.sent[send.message.meta.message_id] = outbound

    def _saves(self, decision: Decision) -> dict[Ref, AnyRecord]:
        """Records to store. Raises ValueError for a version that does not follow the last."""
        saves: dict[Ref, AnyRecord] = {}
        if not self._has({record.ref for record in decision.saves}):
            return saves
        for record in decision.saves:
            before = saves.get(record.ref) or self.state[record.ref]
            if record.version != (before.version if before else 0) + 1:
                raise ValueError(f"version {record.version} of {record.ref.type} does not follow")
            saves[record.ref] = record
        return saves

    def _has(self, refs: set[Ref]) -> bool:
        lacking = {ref for ref in refs if ref not in self.state}  # `-` would walk all of state
        self.plan.missing |= lacking
        return not lacking

    def _wait(self, work: Work, wait: NotYet) -> None:
        if not work.is_last_try:
            self._defer(work, wait)
        elif wait.otherwise is None:
            self._reject(work, wait.reason, wait.params)
        else:
            self._carry_out(work, wait.otherwise, "rejected")

    def _defer(self, work: Work, wait: NotYet) -> None:
        known = work.deferral
        first_at = known.first_at if known else self.now
        attempts = known.attempts + 1 if known else 0
        self._taken_in(work)
        deferral = Deferral(work.message.key, first_at, attempts, wait.reason.code)
        self.plan.deferrals.append(deferral)
        if known is None:
            self._line("deferred", work.message, reason=wait.reason.code)

    def _reject(self, work: Work, reason: Reason, params: dict[str, object]) -> None:
        message = work.message
        topic = f"{self.of.service}.events"
        if not message.signer.role.is_company or topic not in self.of.outgoing.topics:
            self._bury(dead_letter(message, reason.code, reason.text("zh", **params)))
            self._taken_in(work)
            return
        told = CommandRejected(
            meta=context_of(self.of.service, message).meta(message.envelope.subject),
            command=message.kind.name,
            command_id=message.envelope.id,
            owner=message.signer.party,
            reason_code=reason.code,
            reason_text=reason.text("zh", **params)[:2000],
            reason_text_en=reason.text("en", **params)[:2000],
        )
        self.plan.outbox.append(self.of.outgoing.emit(Emit(topic, told), Trail.of(message)))
        self._taken_in(work)
        self._line("rejected", message, reason=reason.code)

    def _break(self, work: Work, error: Exception) -> None:
        """It breaks our own code: set aside, not remembered, so that it can be retried."""
        self._bury(dead_letter(work.message, UNEXPECTED, f"{type(error).__name__}: {error}"))
        if work.deferral is not None:
            self.plan.deferrals_done.append(work.deferral)

    def _timer(self, timer: DueTimer) -> None:
        self.plan.timers_done.append(timer)
        handler = self.of.handlers.timers.get((timer.ref.type, timer.name))
        record = self.state.get(timer.ref)
        if handler is None or record is None:
            return
        context = clock_context(self.of.service, timer, {timer.ref: record}, self.of.given)
        try:
            decision = handler.decide(record, None, context)
        except Rejected:
            return  # the document has moved on
        trail = Trail(str(context.cause.message_id), str(context.cause.message_id), self.of.service)
        saves = self._saves(decision)
        sends: list[Outbound] = []
        for send in decision.sends:
            if not isinstance(send, Emit):
                raise TypeError("a timer has no message to forward")
            sends.append(self.of.outgoing.emit(send, trail))
        self._settle(decision, saves, sends)
        fields: dict[str, str | int | None] = {"document_id": timer.ref.id, "timer": timer.name}
        if decision.resends:
            fields["message_id"] = " ".join(str(each.message_id) for each in decision.resends)
        self.plan.lines.append(Line("applied", f"Timer:{timer.name}", fields))

    def _taken_in(self, work: Work) -> None:
        if work.deferral is None:
            self.plan.inbox.append(work.message)
        else:
            self.plan.deferrals_done.append(work.deferral)

    def _bury(self, dead: Dead) -> None:
        self.plan.dead.append(dead)
        fields: dict[str, str | int | None] = {
            **dead.source.place,
            "reason": dead.reason,
            "message_id": dead.message_id,
        }
        self.plan.lines.append(Line("dead", dead.ce_type or "unknown", fields))

    def _line(self, outcome: str, message: Accepted, **more: str | None) -> None:
        fields: dict[str, str | int | None] = {
            "message_id": str(message.envelope.id),
            "document_id": message.envelope.subject,
            "signer": message.signer.party,
            **message.source.place,
            **more,
        }
        self.plan.lines.append(Line(outcome, message.kind.name, fields))
