"""Policy and payment beside each other, with a company, an insurer and a bank that do anything.

Messages wait in one queue a topic and document, as in Kafka: order is kept inside a queue, never
between queues. A message that is too early waits and comes again, as the chassis does it.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from libs.decisions import Actor, NotYet
from libs.lifecycle import Rejected
from libs.messages.base import DocumentChanged, Message
from libs.messages.kinds.agreement import CargoAgreementChanged
from libs.messages.kinds.debit import MandateAction, MandateReceipt, MandateResult
from libs.messages.kinds.debit import SignDebitAgreement as Sign
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectionResult,
    CollectPremium,
    PaymentItem,
    PayPremium,
)
from libs.messages.kinds.proposal import (
    CargoPolicyIssued,
    SubmitCargoProposal,
    UnderwritingReceipt,
    UnderwritingResult,
    WithdrawalReceipt,
    WithdrawalResult,
    WithdrawCargoProposal,
)
from libs.messages.parties import Role
from libs.messages.samples import USCC, a_debit_agreement, a_proposal, a_quote, an_agreement
from services.payment.documents import DUES, PAYMENTS
from services.payment.handlers import HANDLERS as PAYMENT
from services.policy.documents import PROPOSALS
from services.policy.handlers import HANDLERS as POLICY
from tests.support.office import GATEWAY, LEGAL_PERSON, OPERATOR, PICC, TODAY, Office, a_meta
from tests.unit.policy.desk import AGREEMENT as CARGO_AGREEMENT
from tests.unit.policy.desk import a_cause, a_policy

PREMIUM = Decimal("55.00")
MANDATE = "SQ20261123AAAAAAAAAA"
PROPOSAL_NUMBERS = tuple(f"TB20261123AAAAAAAAA{n}" for n in range(3))
PAYMENT_NUMBERS = tuple(f"JF20261123AAAAAAAAA{n}" for n in range(6))
OPEN = {"30", "31", "34"}
FOLLOWERS = {"policy.events": "payment", "payment.events": "policy"}

Deed = Callable[[int], None]
T = TypeVar("T")


class World:
    """Everything that the two services know, and what is on its way to them."""

    def __init__(self) -> None:
        self.offices = {"policy": Office("policy", POLICY), "payment": Office("payment", PAYMENT)}
        self.queues: dict[tuple[str, str], deque[Message]] = defaultdict(deque)
        self.read = dict.fromkeys(self.offices, 0)
        self.refused: list[str] = []
        self._begin()

    def _begin(self) -> None:
        pushed = CargoAgreementChanged(
            meta=a_meta(CARGO_AGREEMENT, Actor(Role.SERVICE, "booking", "")),
            sequence=1,
            action="push",
            status="1",
            status_name="有效",
            owner=USCC,
            actor_role=Role.INSURER,
            actor="PICC",
            cause=a_cause(),
            form=an_agreement(TODAY),
        )
        self.say("policy", pushed, GATEWAY)
        self.say(
            "payment",
            Sign(meta=a_meta(MANDATE, LEGAL_PERSON), form=a_debit_agreement()),
            LEGAL_PERSON,
        )
        accepted = MandateReceipt(
            meta=a_meta(MANDATE, GATEWAY),
            bank="ICBC",
            action=MandateAction.INITIATE,
            result=MandateResult.ACCEPTED,
            agreement_no="AGR1",
        )
        self.say("payment", accepted, GATEWAY)

    def with_dues(self) -> "World":
        """With every proposal approved, and payment knowing it."""
        for choice in range(len(PROPOSAL_NUMBERS)):
            self.submit(choice)
            self.approve(choice)
        self.settle()
        return self

    def say(self, service: str, message: Message, by: Actor) -> None:
        """A company, insurer or bank says something; the service may refuse."""
        try:
            self.offices[service].take(message, by)
        except (Rejected, NotYet) as no:
            self.refused.append(no.reason.code)
        self._publish(service)

    def _publish(self, service: str) -> None:
        office = self.offices[service]
        for topic, message in office.sent[self.read[service] :]:
            if topic in FOLLOWERS:
                self.queues[topic, message.meta.document_id].append(message)
        self.read[service] = len(office.sent)

    def deliver(self, choice: int) -> None:
        """Hand over the oldest message of one queue. A refusal here would lose an event."""
        waiting = [key for key, queue in self.queues.items() if queue]
        if not waiting:
            return
        topic, document = waiting[choice % len(waiting)]
        message = self.queues[topic, document].popleft()
        service = FOLLOWERS[topic]
        if type(message) in self.offices[service].handlers.messages:
            sender = Actor(Role.SERVICE, message.meta.sender, "单一窗口")
            self.offices[service].take(message, sender)
        self._publish(service)

    def settle(self) -> None:
        """Deliver until nothing is on its way."""
        while any(self.queues.values()):
            self.deliver(0)

    # what anyone may do, sensible or not; `choice` picks the details

    def submit(self, choice: int) -> None:
        number = _pick(PROPOSAL_NUMBERS, choice)
        form = a_proposal(TODAY)
        self.say("policy", SubmitCargoProposal(meta=a_meta(number, OPERATOR), form=form), OPERATOR)

    def withdraw(self, choice: int) -> None:
        meta = a_meta(_pick(PROPOSAL_NUMBERS, choice), OPERATOR)
        self.say("policy", WithdrawCargoProposal(meta=meta, reason="不出运"), OPERATOR)

    def underwrite(self, choice: int) -> None:
        number, rest = _pick(PROPOSAL_NUMBERS, choice), choice // len(PROPOSAL_NUMBERS)
        result = _pick(tuple(UnderwritingResult), rest)
        quote = a_quote() if result is UnderwritingResult.APPROVED else None
        receipt = UnderwritingReceipt(meta=a_meta(number, PICC), result=result, quote=quote)
        self.say("policy", receipt, PICC)

    def approve(self, choice: int) -> None:
        receipt = UnderwritingReceipt(
            meta=a_meta(_pick(PROPOSAL_NUMBERS, choice), PICC),
            result=UnderwritingResult.APPROVED,
            quote=a_quote(),
        )
        self.say("policy", receipt, PICC)

    def answer_withdrawal(self, choice: int) -> None:
        number, rest = _pick(PROPOSAL_NUMBERS, choice), choice // len(PROPOSAL_NUMBERS)
        result = _pick(tuple(WithdrawalResult), rest)
        self.say("policy", WithdrawalReceipt(meta=a_meta(number, PICC), result=result), PICC)

    def issue(self, choice: int) -> None:
        number = _pick(PROPOSAL_NUMBERS, choice)
        policy = a_policy(proposal_id=number, policy_no=f"P{number}")
        self.say("policy", CargoPolicyIssued(meta=a_meta(number, PICC), policy=policy), PICC)

    def pay(self, choice: int) -> None:
        number, rest = _pick(PAYMENT_NUMBERS, choice), choice // len(PAYMENT_NUMBERS)
        chosen = [p for bit, p in enumerate(PROPOSAL_NUMBERS) if (rest + 1) & (1 << bit)]
        items = tuple(PaymentItem(proposal_id=p, amount=PREMIUM) for p in chosen)
        if not items:
            return
        command = PayPremium(
            meta=a_meta(number, OPERATOR),
            agreement_id=MANDATE,
            items=items,
            total=PREMIUM * len(items),
        )
        self.say("payment", command, OPERATOR)

    def collect(self, choice: int) -> None:
        number, rest = _pick(PAYMENT_NUMBERS, choice), choice // len(PAYMENT_NUMBERS)
        receipt = CollectionReceipt(
            meta=a_meta(number, GATEWAY), bank="ICBC", result=_pick(tuple(CollectionResult), rest)
        )
        self.say("payment", receipt, GATEWAY)

    def wait(self, choice: int) -> None:
        office = self.offices["payment"]
        due = [ref for ref, name in office.timers if ref.type == PAYMENTS.name]
        if due:
            office.ring(PAYMENTS, due[choice % len(due)].id, "unanswered")
            self._publish("payment")

    def ask_again(self, choice: int) -> None:
        """An insurer's silence lasts: it gets what it was asked last, under the same id."""
        office = self.offices["policy"]
        due = [ref for ref, _ in office.timers]
        if due:
            ref = due[choice % len(due)]
            office.ring(PROPOSALS, ref.id, "unanswered")
            topic, message = office.resent[-1]
            went = [
                asked
                for on, asked in (*office.forwarded, *office.sent)
                if on == topic and asked.meta.document_id == ref.id
            ]
            newest = {type(asked): asked for asked in went}
            assert newest[type(message)] == message

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """All that may happen next; what moves the story on stands more than once."""
        return (
            *(self.submit, self.approve, self.approve, self.underwrite),
            *(self.withdraw, self.answer_withdrawal, self.issue, self.ask_again),
            *(self.pay, self.pay, self.collect, self.collect, self.wait),
            *(self.deliver, self.deliver, self.deliver, self.deliver),
        )

    # what must be so at any time

    def payments_of(self, proposal: str) -> list[tuple[str, str]]:
        """Number and state of each payment of a proposal."""
        return [
            (ref.id, record.status)
            for ref, record in self.offices["payment"].records.items()
            if ref.type == PAYMENTS.name
            and proposal in {row.proposal_id for row in record.body.proposals}
        ]

    def check(self) -> None:
        """The invariants."""
        for proposal in PROPOSAL_NUMBERS:
            states = [state for _, state in self.payments_of(proposal)]
            assert sum(state in OPEN or state == "32" for state in states) <= 1
            self._check_due(proposal)
            self._check_asking(proposal)
        for office in self.offices.values():
            _check_sequences(office.events)
        asked = self.offices["payment"].messages(CollectPremium)
        assert len({request.meta.document_id for request in asked}) == len(asked)

    def _check_due(self, proposal: str) -> None:
        due = self.offices["payment"].records.get(DUES.ref(proposal))
        holding = [number for number, state in self.payments_of(proposal) if state != "33"]
        if due is None:
            assert not holding
            return
        assert [due.body.payment_id] * len(holding) == holding
        assert due.body.paid == ("32" in [state for _, state in self.payments_of(proposal)])
        assert due.body.attempts == len(self.payments_of(proposal))

    def _check_asking(self, proposal: str) -> None:
        """Somebody asks again, wherever an insurer's answer is all that a proposal waits for."""
        office = self.offices["policy"]
        waits = office.status(PROPOSALS, proposal) in {"12", "20", "21", "31", "40"}
        assert ((PROPOSALS.ref(proposal), "unanswered") in office.timers) == waits

    def check_settled(self) -> None:
        """What must be so when every event has arrived."""
        for proposal in PROPOSAL_NUMBERS:
            status = self.offices["policy"].status(PROPOSALS, proposal)
            states = {state for _, state in self.payments_of(proposal)}
            if "32" in states:
                assert status in {"31", "50"}
            elif states & OPEN:
                assert status == "30"
            elif states:
                assert status == "32"
            else:
                assert status not in {"30", "31", "32", "50"}


def _check_sequences(events: list[DocumentChanged]) -> None:
    seen: dict[str, DocumentChanged] = {}
    for event in events:
        before = seen.get(event.meta.document_id)
        assert event.sequence == (before.sequence + 1 if before else 1)
        assert event.from_status == (before.status if before else None)
        seen[event.meta.document_id] = event


def _pick(options: tuple[T, ...], choice: int) -> T:
    return options[choice % len(options)]
