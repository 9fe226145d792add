"""Policy, in the words of its tests."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from libs.decisions import Actor, Decision
from libs.messages.base import Cause
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import CargoAgreementChanged, CargoAgreementForm
from libs.messages.kinds.payment import PaymentChanged, PaymentFacts, PaymentTry
from libs.messages.kinds.proposal import (
    CargoPolicyForm,
    CargoPolicyIssued,
    DeleteCargoProposal,
    PremiumQuote,
    SaveCargoProposal,
    SubmitCargoProposal,
    UnderwritingReceipt,
    UnderwritingResult,
    WithdrawalReceipt,
    WithdrawalResult,
    WithdrawCargoProposal,
)
from libs.messages.kinds.proposal_draft import CargoProposalDraft
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.parties import Role
from libs.messages.samples import COMPANY, USCC, a_proposal, a_quote, an_agreement
from services.policy.documents import POLICIES, PROPOSALS, ProposalBody
from services.policy.handlers import HANDLERS
from tests.support.office import MORNING, OPERATOR, PICC, TODAY, Office, a_meta

PROPOSAL = "TB20261123K7Q2M9XD4P"
PAYMENT = "JF20261123AAAAAAAAAA"
AGREEMENT = "PICC.OC2026000001"
POLICY = "PICC.P2026000001"
BOOKING_SERVICE = Actor(Role.SERVICE, "booking", "单一窗口")
PAYMENT_SERVICE = Actor(Role.SERVICE, "payment", "单一窗口")
PAYER = {"30": (Role.OPERATOR, "李晓明"), "32": (Role.BANK, "工商银行（沙箱）")}


class Desk:
    """Policy's office with one company, its agreement and its insurer."""

    def __init__(self, agreement: CargoAgreementForm | None = None) -> None:
        self.office = Office("policy", HANDLERS)
        self.agreement_changed(agreement or an_agreement(TODAY))

    def agreement_changed(
        self, form: CargoAgreementForm | None, status: str = "1", *, by: Actor = BOOKING_SERVICE
    ) -> None:
        event = CargoAgreementChanged(
            meta=a_meta(AGREEMENT, by),
            sequence=1,
            action="push",
            status=status,
            status_name="-",
            owner=form.header.holder_uscc if form else USCC,
            actor_role=Role.INSURER,
            actor="人保财险（沙箱）",
            cause=a_cause(),
            form=form,
        )
        self.office.take(event, by)

    def save(self, form: CargoProposalForm | None = None, *, by: Actor = OPERATOR) -> None:
        form = form or a_proposal(TODAY)
        draft = CargoProposalDraft(holder=form.holder, goods=form.goods)
        self.office.take(SaveCargoProposal(meta=a_meta(PROPOSAL, by), draft=draft), by)

    def delete(self, *, by: Actor = OPERATOR) -> None:
        self.office.take(DeleteCargoProposal(meta=a_meta(PROPOSAL, by)), by)

    def submit(
        self,
        form: CargoProposalForm | None = None,
        *,
        by: Actor = OPERATOR,
        id: str = PROPOSAL,
    ) -> None:
        message = SubmitCargoProposal(meta=a_meta(id, by), form=form or a_proposal(TODAY))
        self.office.take(message, by)

    def withdraw(self, *, by: Actor = OPERATOR) -> None:
        self.office.take(WithdrawCargoProposal(meta=a_meta(PROPOSAL, by), reason="货物未出运"), by)

    def answer(
        self,
        result: UnderwritingResult,
        *,
        by: Actor = PICC,
        quote: PremiumQuote | None = None,
        reason: str | None = None,
        to: UUID | None = None,
    ) -> bool:
        """Whether the insurer's answer changed anything."""
        if result is UnderwritingResult.APPROVED and quote is None:
            quote = a_quote()
        receipt = UnderwritingReceipt(
            meta=a_meta(PROPOSAL, by, to=to), result=result, quote=quote, reason_text=reason
        )
        return bool(self.office.take(receipt, by).saves)

    def answer_withdrawal(
        self, result: WithdrawalResult, *, by: Actor = PICC, to: UUID | None = None
    ) -> bool:
        receipt = WithdrawalReceipt(meta=a_meta(PROPOSAL, by, to=to), result=result)
        return bool(self.office.take(receipt, by).saves)

    def issue(self, form: CargoPolicyForm | None = None, *, by: Actor = PICC) -> bool:
        message = CargoPolicyIssued(meta=a_meta(PROPOSAL, by), policy=form or a_policy())
        return bool(self.office.take(message, by).saves)

    def payment(
        self, status: str, *, attempt: int = 1, id: str = PAYMENT, failure: str | None = None
    ) -> Decision:
        role, name = PAYER.get(status, PAYER["32"])
        event = PaymentChanged(
            meta=a_meta(id, PAYMENT_SERVICE),
            sequence=1,
            action="-",
            status=status,
            status_name="-",
            owner=USCC,
            actor_role=role,
            actor=name,
            cause=a_cause(),
            reason_code="RJ03" if failure else None,
            facts=PaymentFacts(bank_reference="B1", failure=failure),
            proposals=(PaymentTry(proposal_id=PROPOSAL, attempt=attempt),),
        )
        return self.office.take(event, PAYMENT_SERVICE)

    @property
    def asked(self) -> UUID:
        """The company's message that went to the insurer last."""
        return self.office.forwarded[-1][1].meta.message_id

    @property
    def proposal(self) -> str | None:
        return self.office.status(PROPOSALS, PROPOSAL)

    @property
    def policy(self) -> str | None:
        return self.office.status(POLICIES, POLICY)

    @property
    def body(self) -> ProposalBody:
        found: ProposalBody = self.office.body(PROPOSALS, PROPOSAL)
        return found

    @property
    def states(self) -> list[str]:
        return self.office.history(PROPOSAL)

    @property
    def note(self) -> str:
        return self.office.told(PROPOSAL).note


def a_cause() -> Cause:
    """What an event of another service was caused by."""
    meta = a_meta("x", OPERATOR)
    return Cause(message_id=meta.message_id, kind="x", signer="x", digest="0" * 64)


def a_form(
    *,
    departs: date | None = None,
    markup: str | None = None,
    currency: str | None = None,
    premium: str | None = None,
) -> CargoProposalForm:
    """The sample proposal with some fields changed; totals follow the markup."""
    form = a_proposal(TODAY)
    transport, insurance = form.transport, form.insurance
    if departs:
        arrives = departs + timedelta(days=30)
        transport = transport.model_copy(update={"depart_date": departs, "arrive_date": arrives})
    if markup:
        insured = amounts.sum_insured(insurance.invoice_amount, Decimal(markup))
        update = {
            "markup": Decimal(markup),
            "sum_insured": insured,
            "premium": amounts.premium(insured, insurance.rate),
        }
        insurance = insurance.model_copy(update=update)
    if currency:
        insurance = insurance.model_copy(update={"currency": currency})
    if premium:
        insurance = insurance.model_copy(update={"premium": Decimal(premium)})
    return form.model_copy(update={"transport": transport, "insurance": insurance})


def a_policy(**changes: object) -> CargoPolicyForm:
    """The policy for the sample proposal and quote."""
    form, quote = a_proposal(TODAY), a_quote()
    policy = CargoPolicyForm(
        policy_no="P2026000001",
        insurer="PICC",
        proposal_id=PROPOSAL,
        agreement_no=form.holder.agreement_no,
        holder=COMPANY,
        holder_uscc=USCC,
        insured=form.insured.name,
        goods=form.goods.description,
        packing="木箱",
        marks=form.goods.marks,
        conveyance="COSCO SHIPPING ARIES 028W",
        route="上海—汉堡",
        depart_date=form.transport.depart_date,
        main_cover=form.insurance.main_cover,
        added_covers=form.insurance.added_covers,
        sum_insured=quote.sum_insured,
        currency=quote.currency,
        rate=quote.rate,
        premium=quote.premium,
        claim_payable_place=form.transport.claim_payable_place,
        start_date=form.transport.depart_date,
        issued_at=MORNING,
    )
    return policy.model_copy(update=changes)


ANSWERED = {
    "20": (UnderwritingResult.PENDING,),
    "21": (UnderwritingResult.PENDING, UnderwritingResult.MANUAL_REVIEW),
    "22": (UnderwritingResult.PENDING, UnderwritingResult.NOT_PASSED),
    "23": (UnderwritingResult.PENDING, UnderwritingResult.REFUSED),
    "24": (UnderwritingResult.PENDING, UnderwritingResult.APPROVED),
}


def a_desk(status: str) -> Desk:
    """A desk with a proposal that came to `status` by messages, as it would in life."""
    desk = Desk()
    if status == "01":
        desk.save()
    elif status == "02":
        desk.save()
        desk.delete()
    elif status == "11":
        desk.submit(a_form(markup="99"))
    else:
        desk.submit()
    for result in ANSWERED.get(status, ()):
        desk.answer(result)
    if status in {"40", "41"}:
        desk.withdraw()
    if status == "41":
        desk.answer_withdrawal(WithdrawalResult.WITHDRAWN)
    if status in {"30", "31", "32", "50"}:
        desk.answer(UnderwritingResult.APPROVED)
        for event in {"30": "0", "31": "02", "50": "02", "32": "03"}[status]:
            desk.payment(f"3{event}")
    if status == "50":
        desk.issue()
    assert desk.proposal == status
    return desk
