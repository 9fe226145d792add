"""Golden examples: one full message of every kind, always the same bytes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from libs.messages import samples
from libs.messages.base import Cause, Message, Meta
from libs.messages.kinds import agreement, booking, debit, payment, proposal, rejections
from libs.messages.kinds.proposal_draft import (
    CargoProposalDraft,
    GoodsDraft,
    HolderDraft,
    InsuranceDraft,
)
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import Kind, kind_of

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BOOKING_ID = "YY20261123B0000000A1"
AGREEMENT_ID = f"PICC.{samples.AGREEMENT_NO}"
PROPOSAL_ID = "TB20261123P0000000A1"
DEBIT_ID = "SQ20261123D0000000A1"
PAYMENT_ID = "JF20261123F0000000A1"
POLICY_NO = "PYIE202631000000000001"
MANDATE_NO = "ICBC2026112300000001"
REFERENCE = "ICBC20261123000000000001"
_SUFFIX = {XML: "xml", JSON: "json"}


def examples() -> Iterator[tuple[Kind, str, bytes]]:
    """Kind, file name and content of every example."""
    for message in messages():
        kind = kind_of(type(message))
        for content_type, suffix in _SUFFIX.items():
            yield kind, f"full.{suffix}", kind.codec.encode(message, content_type)


def messages() -> Iterator[Message]:
    """One message of every kind."""
    yield from _bookings()
    yield from _proposals()
    yield from _policies()
    yield from _debits()
    yield from _payments()
    yield rejections.CommandRejected(
        meta=_meta("CommandRejected", PROPOSAL_ID, "policy"),
        command="WithdrawCargoProposal",
        command_id=_id("WithdrawCargoProposal"),
        owner=samples.USCC,
        reason_code="WRONG_STATE",
        reason_text="投保单当前状态为“保单生效”，不能进行“撤销”操作；可进行的操作：无",
        reason_text_en="the proposal is in force: cannot withdraw; possible: nothing",
    )


def _bookings() -> Iterator[Message]:
    form, pushed = samples.a_booking(), samples.an_agreement(DAY)
    yield booking.SubmitBooking(meta=_meta("SubmitBooking", BOOKING_ID), form=form)
    yield booking.BookingReceipt(
        meta=_meta("BookingReceipt", BOOKING_ID, "PICC"),
        result=booking.BookingResult.ACCEPTED,
        reason_text="预约成功，请与我司签订协议",
    )
    yield booking.BookingChanged(
        **_changed("BookingChanged", BOOKING_ID, "booking", "submit", "10", "已发送"),
        form=form,
        facts=booking.BookingFacts(insurer="PICC"),
    )
    yield agreement.PushCargoAgreement(
        meta=_meta("PushCargoAgreement", AGREEMENT_ID, "PICC"), agreement=pushed
    )
    yield agreement.CargoAgreementChanged(
        **_changed("CargoAgreementChanged", AGREEMENT_ID, "booking", "push", "1", "有效"),
        form=pushed,
    )


def _proposals() -> Iterator[Message]:
    form = samples.a_proposal(DAY)
    draft = CargoProposalDraft(
        holder=HolderDraft(**form.holder.model_dump(exclude={"contact", "phone"})),
        goods=GoodsDraft(section="XVI", description="数控机床"),
        insurance=InsuranceDraft(invoice_amount=Decimal("100000.00")),
    )
    yield proposal.SubmitCargoProposal(meta=_meta("SubmitCargoProposal", PROPOSAL_ID), form=form)
    yield proposal.SaveCargoProposal(meta=_meta("SaveCargoProposal", PROPOSAL_ID), draft=draft)
    yield proposal.DeleteCargoProposal(meta=_meta("DeleteCargoProposal", PROPOSAL_ID))
    yield proposal.WithdrawCargoProposal(
        meta=_meta("WithdrawCargoProposal", PROPOSAL_ID), reason="货物改由其他船次运输"
    )
    yield proposal.UnderwritingReceipt(
        meta=_meta("UnderwritingReceipt", PROPOSAL_ID, "PICC"),
        result=proposal.UnderwritingResult.APPROVED,
        quote=samples.a_quote(),
    )
    yield proposal.WithdrawalReceipt(
        meta=_meta("WithdrawalReceipt", PROPOSAL_ID, "PICC"),
        result=proposal.WithdrawalResult.WITHDRAWN,
    )
    yield proposal.CargoProposalChanged(
        **_changed("CargoProposalChanged", PROPOSAL_ID, "policy", "submit", "10", "数据审核中"),
        form=form,
        facts=proposal.CargoProposalFacts(insurer="PICC", agreement_id=AGREEMENT_ID),
    )


def _policies() -> Iterator[Message]:
    policy = proposal.CargoPolicyForm(
        **samples.policy_fields(samples.a_proposal(DAY), PROPOSAL_ID, POLICY_NO), issued_at=NOON
    )
    yield proposal.PremiumPaid(
        meta=_meta("PremiumPaid", PROPOSAL_ID, "policy"),
        payment_id=PAYMENT_ID,
        amount=Decimal("55.00"),
        paid_at=NOON,
        bank_reference=REFERENCE,
    )
    yield proposal.CargoPolicyIssued(
        meta=_meta("CargoPolicyIssued", PROPOSAL_ID, "PICC"), policy=policy
    )
    yield proposal.CargoPolicyChanged(
        **_changed("CargoPolicyChanged", policy.document_id, "policy", "issue", "50", "保单生效"),
        form=policy,
    )


def _debits() -> Iterator[Message]:
    form = samples.a_debit_agreement()
    yield debit.SignDebitAgreement(meta=_meta("SignDebitAgreement", DEBIT_ID), form=form)
    yield debit.CancelDebitAgreement(
        meta=_meta("CancelDebitAgreement", DEBIT_ID), reason="更换付款账户"
    )
    yield debit.RequestMandate(
        meta=_meta("RequestMandate", DEBIT_ID, "payment"),
        bank="ICBC",
        action=debit.MandateAction.INITIATE,
        form=form,
        attempt=1,
    )
    yield debit.CancelMandate(
        meta=_meta("CancelMandate", DEBIT_ID, "payment"),
        bank="ICBC",
        agreement_no=MANDATE_NO,
        reason="更换付款账户",
    )
    yield debit.MandateReceipt(
        meta=_meta("MandateReceipt", DEBIT_ID, "gateway"),
        bank="ICBC",
        action=debit.MandateAction.INITIATE,
        result=debit.MandateResult.ACCEPTED,
        agreement_no=MANDATE_NO,
    )
    yield debit.DebitAgreementChanged(
        **_changed("DebitAgreementChanged", DEBIT_ID, "payment", "sign", "10", "签约请求发送成功"),
        form=form,
        facts=debit.DebitAgreementFacts(bank="ICBC", insurer="PICC"),
    )


def _payments() -> Iterator[Message]:
    item = payment.PaymentItem(proposal_id=PROPOSAL_ID, amount=Decimal("55.00"))
    yield payment.PayPremium(
        meta=_meta("PayPremium", PAYMENT_ID),
        agreement_id=DEBIT_ID,
        items=(item,),
        total=item.amount,
    )
    yield payment.CollectPremium(
        meta=_meta("CollectPremium", PAYMENT_ID, "payment"),
        bank="ICBC",
        agreement_no=MANDATE_NO,
        debtor=payment.Party(
            name=samples.COMPANY, account=samples.ACCOUNT, bank_no=samples.ICBC_BANK_NO
        ),
        debtor_uscc=samples.USCC,
        creditor=payment.Party(name="人保财险（沙箱）"),
        insurer="PICC",
        items=(item,),
        total=item.amount,
    )
    yield payment.QueryCollection(
        meta=_meta("QueryCollection", PAYMENT_ID, "payment"), bank="ICBC", attempt=1
    )
    yield payment.CollectionReceipt(
        meta=_meta("CollectionReceipt", PAYMENT_ID, "gateway"),
        bank="ICBC",
        result=payment.CollectionResult.FAILED,
        reason_code="RJ03",
        reason_text="余额不足",
    )
    yield payment.PaymentChanged(
        **_changed("PaymentChanged", PAYMENT_ID, "payment", "pay", "30", "待支付"),
        form=payment.PaymentForm(
            agreement_id=DEBIT_ID,
            agreement_no=MANDATE_NO,
            bank="ICBC",
            insurer="PICC",
            payer_name=samples.COMPANY,
            payer_acct=samples.ACCOUNT,
            items=(item,),
            total=item.amount,
            operator="李晓明",
        ),
        facts=payment.PaymentFacts(),
        proposals=(payment.PaymentTry(proposal_id=PROPOSAL_ID, attempt=1),),
    )


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:tongbao:example:{name}")


def _meta(name: str, document_id: str, sender: str = samples.USCC) -> Meta:
    return Meta(message_id=_id(name), document_id=document_id, sender=sender, created_at=NOON)


def _changed(
    name: str, document_id: str, service: str, action: str, status: str, status_name: str
) -> Mapping[str, object]:
    return {
        "meta": _meta(name, document_id, service),
        "sequence": 1,
        "action": action,
        "status": status,
        "status_name": status_name,
        "owner": samples.USCC,
        "actor_role": Role.OPERATOR,
        "actor": f"{samples.COMPANY}（李晓明）",
        "cause": Cause(
            message_id=_id(action), kind="Example", signer=samples.USCC, digest="0" * 64
        ),
        "note": status_name,
    }
