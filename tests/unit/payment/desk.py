"""Payment, in the words of its tests."""

from datetime import timedelta
from decimal import Decimal

from libs.decisions import Actor
from libs.messages.base import Cause
from libs.messages.kinds.debit import (
    CancelDebitAgreement,
    DebitAgreementForm,
    MandateAction,
    MandateReceipt,
    MandateResult,
    SignDebitAgreement,
)
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectionResult,
    PaymentItem,
    PayPremium,
)
from libs.messages.kinds.proposal import CargoProposalChanged, CargoProposalFacts
from libs.messages.parties import Role
from libs.messages.samples import USCC, a_debit_agreement, a_quote
from services.payment.documents import (
    DEBIT_AGREEMENTS,
    DUES,
    PAYMENTS,
    DebitAgreementBody,
    DueBody,
    PaymentBody,
)
from services.payment.handlers import HANDLERS
from services.payment.handlers.payments import UNANSWERED
from tests.support.office import GATEWAY, LEGAL_PERSON, OPERATOR, TODAY, Office, a_meta

AGREEMENT = "SQ20261123K7Q2M9XD4P"
PAYMENT = "JF20261123AAAAAAAAAA"
SECOND = "JF20261123BBBBBBBBBB"
PROPOSAL = "TB20261123AAAAAAAAAA"
OTHER_PROPOSAL = "TB20261123BBBBBBBBBB"
POLICY_SERVICE = Actor(Role.SERVICE, "policy", "单一窗口")
PREMIUM = Decimal("55.00")


class Desk:
    """Payment's office with one company, its bank and its insurer."""

    def __init__(self) -> None:
        self.office = Office("payment", HANDLERS)

    def sign(
        self,
        form: DebitAgreementForm | None = None,
        *,
        by: Actor = LEGAL_PERSON,
        id: str = AGREEMENT,
    ) -> None:
        message = SignDebitAgreement(meta=a_meta(id, by), form=form or a_debit_agreement())
        self.office.take(message, by)

    def cancel(self, *, by: Actor = LEGAL_PERSON) -> None:
        self.office.take(CancelDebitAgreement(meta=a_meta(AGREEMENT, by), reason="换银行"), by)

    def mandate(
        self,
        result: MandateResult,
        action: MandateAction = MandateAction.INITIATE,
        *,
        bank: str = "ICBC",
        number: str | None = "AGR0001",
        reason: str | None = None,
        id: str = AGREEMENT,
    ) -> bool:
        """Whether the bank's answer changed anything."""
        accepted = result is MandateResult.ACCEPTED
        receipt = MandateReceipt(
            meta=a_meta(id, GATEWAY),
            bank=bank,
            action=action,
            result=result,
            agreement_no=number if accepted else None,
            reason_code="RJ02" if reason else None,
            reason_text=reason,
        )
        return bool(self.office.take(receipt, GATEWAY).saves)

    def signed(self, form: DebitAgreementForm | None = None, *, id: str = AGREEMENT) -> "Desk":
        """With an agreement in 签约成功."""
        self.sign(form, id=id)
        bank = form.payer_bank_code if form else "ICBC"
        self.mandate(MandateResult.ACCEPTED, bank=bank, id=id)
        return self

    def proposal(
        self,
        id: str = PROPOSAL,
        status: str = "24",
        *,
        premium: Decimal = PREMIUM,
        insurer: str = "PICC",
        owner: str = USCC,
    ) -> "Desk":
        """Policy tells that a proposal moved."""
        quote = a_quote().model_copy(update={"premium": premium})
        event = CargoProposalChanged(
            meta=a_meta(id, POLICY_SERVICE),
            sequence=4,
            action="approve",
            status=status,
            status_name="-",
            owner=owner,
            actor_role=Role.INSURER,
            actor="人保财险（沙箱）",
            cause=Cause(
                message_id=a_meta("x", OPERATOR).message_id, kind="x", signer="x", digest="0" * 64
            ),
            facts=CargoProposalFacts(insurer=insurer, agreement_id=f"{insurer}.OC1", quote=quote),
        )
        self.office.take(event, POLICY_SERVICE)
        return self

    def pay(
        self,
        *proposals: str,
        id: str = PAYMENT,
        by: Actor = OPERATOR,
        amount: Decimal = PREMIUM,
        agreement: str = AGREEMENT,
    ) -> None:
        numbers = proposals or (PROPOSAL,)
        self.pay_each(dict.fromkeys(numbers, amount), id=id, by=by, agreement=agreement)

    def pay_each(
        self,
        amounts: dict[str, Decimal],
        *,
        id: str = PAYMENT,
        by: Actor = OPERATOR,
        agreement: str = AGREEMENT,
    ) -> None:
        items = tuple(PaymentItem(proposal_id=p, amount=amount) for p, amount in amounts.items())
        total = sum(amounts.values(), Decimal(0))
        message = PayPremium(meta=a_meta(id, by), agreement_id=agreement, items=items, total=total)
        self.office.take(message, by)

    def collection(
        self,
        result: CollectionResult,
        *,
        id: str = PAYMENT,
        bank: str = "ICBC",
        reason: tuple[str, str] | None = None,
    ) -> bool:
        """Whether the bank's answer changed anything."""
        code, text = reason or (None, None)
        receipt = CollectionReceipt(
            meta=a_meta(id, GATEWAY),
            bank=bank,
            result=result,
            bank_reference="B0001" if result is CollectionResult.PAID else None,
            reason_code=code,
            reason_text=text,
        )
        return bool(self.office.take(receipt, GATEWAY).saves)

    def silence(self, id: str = PAYMENT) -> timedelta:
        """The bank says nothing until the timer rings; how long that took."""
        began = self.office.now
        self.office.ring(PAYMENTS, id, UNANSWERED)
        return self.office.now - began

    def agreement_status(self, id: str = AGREEMENT) -> str | None:
        return self.office.status(DEBIT_AGREEMENTS, id)

    def status(self, id: str = PAYMENT) -> str | None:
        return self.office.status(PAYMENTS, id)

    def due(self, id: str = PROPOSAL) -> DueBody:
        found: DueBody = self.office.body(DUES, id)
        return found

    def payment(self, id: str = PAYMENT) -> PaymentBody:
        found: PaymentBody = self.office.body(PAYMENTS, id)
        return found

    def agreement(self) -> DebitAgreementBody:
        found: DebitAgreementBody = self.office.body(DEBIT_AGREEMENTS, AGREEMENT)
        return found


def ready() -> Desk:
    """An agreement in force and one proposal that owes its premium."""
    return Desk().signed().proposal()


def an_agreement_until(last_day: int) -> DebitAgreementForm:
    """The sample agreement, valid for some days."""
    return a_debit_agreement().model_copy(update={"valid_to": TODAY + timedelta(days=last_day)})


def agreement_in(status: str) -> Desk:
    """An agreement that came to `status` by messages, as it would in life."""
    desk = Desk()
    desk.sign(an_agreement_until(1))
    answers = {
        "12": MandateResult.RECEIVED,
        "13": MandateResult.UNDELIVERABLE,
        "21": MandateResult.REFUSED,
        **dict.fromkeys(("20", "30", "31", "32"), MandateResult.ACCEPTED),
    }
    if status == "11":
        desk.office.ring(DEBIT_AGREEMENTS, AGREEMENT, "unanswered")
    if status in answers:
        desk.mandate(answers[status])
    if status in {"30", "31"}:
        desk.cancel()
    if status == "31":
        desk.mandate(MandateResult.ACCEPTED, MandateAction.CANCEL)
    if status == "32":
        desk.office.ring(DEBIT_AGREEMENTS, AGREEMENT, "validity")
    assert desk.agreement_status() == status
    return desk


def payment_in(status: str) -> Desk:
    """A payment that came to `status` by messages, as it would in life."""
    desk = ready()
    desk.pay()
    answers = {
        "31": CollectionResult.PENDING,
        "32": CollectionResult.PAID,
        "33": CollectionResult.FAILED,
        "34": CollectionResult.UNKNOWN,
    }
    if status in answers:
        desk.collection(answers[status])
    assert desk.status() == status
    return desk
