"""Events as services publish them, for tests of who reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from libs.messages.base import Cause, DocumentChanged, Message, Meta
from libs.messages.kinds.booking import BookingChanged, BookingFacts
from libs.messages.kinds.debit import DebitAgreementChanged, DebitAgreementFacts
from libs.messages.kinds.payment import (
    PaymentChanged,
    PaymentFacts,
    PaymentForm,
    PaymentItem,
    PaymentTry,
)
from libs.messages.kinds.proposal import (
    CargoPolicyChanged,
    CargoPolicyForm,
    CargoProposalChanged,
    CargoProposalFacts,
)
from libs.messages.kinds.rejections import CommandRejected
from libs.messages.parties import Role
from libs.messages.registry import Kind, kind_of
from libs.messages.samples import (
    ACCOUNT,
    AGREEMENT_NO,
    COMPANY,
    USCC,
    a_booking,
    a_debit_agreement,
    a_proposal,
    a_quote,
)

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def a_meta(document_id: str, sender: str, at: datetime) -> Meta:
    """The head of a message."""
    return Meta(message_id=uuid4(), document_id=document_id, sender=sender, created_at=at)


def a_cause(kind: str, signer: str = USCC, message_id: UUID | None = None) -> Cause:
    """A signed message that made something move."""
    return Cause(message_id=message_id or uuid4(), kind=kind, signer=signer, digest="ab" * 32)


def _moved(
    document_id: str,
    service: str,
    sequence: int,
    before: str | None,
    after: tuple[str, str],
    kind: str,
    *,
    owner: str,
    at: datetime,
    role: Role,
    cause_id: UUID | None,
) -> dict[str, object]:
    status, name = after
    return {
        "meta": a_meta(document_id, service, at),
        "sequence": sequence,
        "action": kind.lower(),
        "from_status": before,
        "status": status,
        "status_name": name,
        "owner": owner,
        "actor_role": role,
        "actor": COMPANY,
        "cause": a_cause(kind, owner, cause_id),
        "note": f"{name}。",
    }


def a_booking_story(
    id: str, *, owner: str = USCC, at: datetime = MORNING, cause_id: UUID | None = None
) -> list[DocumentChanged]:
    """A booking, sent, received and accepted."""
    steps = (
        ("10", "已发送", "SubmitBooking", Role.OPERATOR),
        ("12", "保险公司已接收", "BookingReceipt", Role.INSURER),
        ("20", "预约成功", "BookingReceipt", Role.INSURER),
    )
    events: list[DocumentChanged] = []
    for number, (status, name, kind, role) in enumerate(steps, 1):
        moved = _moved(
            id,
            "booking",
            number,
            steps[number - 2][0] if number > 1 else None,
            (status, name),
            kind,
            owner=owner,
            at=at + timedelta(seconds=number),
            role=role,
            cause_id=cause_id if number == 1 else None,
        )
        form = a_booking(uscc=owner) if number == 1 else None
        events.append(BookingChanged(form=form, facts=BookingFacts(insurer="PICC"), **moved))
    return events


def a_proposal_story(
    id: str, *, owner: str = USCC, at: datetime = MORNING, policy_no: str = "P2026000001"
) -> list[DocumentChanged]:
    """A proposal amended once, approved, paid, in force; its payment and its policy."""
    today = at.date()
    first = a_proposal(today, uscc=owner)
    second = a_proposal(today, uscc=owner, invoice_amount=Decimal("200000.00"))
    agreement = f"PICC.{AGREEMENT_NO}"
    bare = CargoProposalFacts(insurer="PICC", agreement_id=agreement)
    quoted = bare.model_copy(update={"quote": a_quote()})
    paying = quoted.model_copy(update={"payment_id": f"JF{id[2:]}"})
    policy = paying.model_copy(update={"policy_id": f"PICC.{policy_no}"})
    steps = (
        ("10", "已提交/数据审核中", "SubmitCargoProposal", Role.OPERATOR, bare, first),
        ("11", "数据审核失败", "SubmitCargoProposal", Role.SERVICE, bare, None),
        ("10", "已提交/数据审核中", "SubmitCargoProposal", Role.OPERATOR, bare, second),
        ("12", "数据审核成功", "SubmitCargoProposal", Role.SERVICE, bare, None),
        ("24", "已出单未缴费", "UnderwritingReceipt", Role.INSURER, quoted, None),
        ("30", "支付中", "PaymentChanged", Role.OPERATOR, paying, None),
        ("31", "支付成功", "PaymentChanged", Role.BANK, paying, None),
        ("50", "保单生效", "CargoPolicyIssued", Role.INSURER, policy, None),
    )
    events: list[DocumentChanged] = []
    before = None
    for number, (status, name, kind, role, facts, form) in enumerate(steps, 1):
        moved = _moved(
            id,
            "policy",
            number,
            before,
            (status, name),
            kind,
            owner=owner,
            at=at + timedelta(minutes=number),
            role=role,
            cause_id=None,
        )
        events.append(CargoProposalChanged(form=form, draft=None, facts=facts, **moved))
        before = status
    return [
        *events,
        *_payment(f"JF{id[2:]}", id, owner, at),
        a_policy(policy_no, id, owner=owner, at=at + timedelta(minutes=9)),
    ]


def _payment(id: str, proposal: str, owner: str, at: datetime) -> Iterator[DocumentChanged]:
    form = PaymentForm(
        agreement_id="SQ20261123AAAAAAAAAA",
        agreement_no="ICBC-1",
        bank="ICBC",
        insurer="PICC",
        payer_name=COMPANY,
        payer_acct=ACCOUNT,
        items=(PaymentItem(proposal_id=proposal, amount=Decimal("55.00")),),
        total=Decimal("55.00"),
        operator="李晓明",
    )
    tries = (PaymentTry(proposal_id=proposal, attempt=1),)
    for number, (status, name) in enumerate((("30", "待支付"), ("32", "支付成功")), 1):
        moved = _moved(
            id,
            "payment",
            number,
            "30" if number > 1 else None,
            (status, name),
            "PayPremium" if number == 1 else "CollectionReceipt",
            owner=owner,
            at=at + timedelta(minutes=6, seconds=number),
            role=Role.OPERATOR if number == 1 else Role.BANK,
            cause_id=None,
        )
        facts = PaymentFacts(bank_reference="B1" if number > 1 else None)
        shown = form if number == 1 else None
        yield PaymentChanged(form=shown, facts=facts, proposals=tries, **moved)


def a_policy_form(policy_no: str, proposal: str, at: datetime = MORNING) -> CargoPolicyForm:
    """What an insurer issues for `a_proposal`."""
    form = a_proposal(at.date())
    return CargoPolicyForm(
        policy_no=policy_no,
        insurer="PICC",
        proposal_id=proposal,
        agreement_no=AGREEMENT_NO,
        holder=COMPANY,
        holder_uscc=USCC,
        insured=COMPANY,
        goods=form.goods.description,
        packing="木制或竹藤等植物性材料制盒/箱",
        marks=form.goods.marks,
        conveyance="COSCO SHIPPING ARIES / 028W",
        route="上海港洋山四期码头（CNSHA）至汉堡港（DEHAM）",
        depart_date=form.transport.depart_date,
        main_cover="CIC-AR",
        added_covers=("WAR", "STRIKE"),
        sum_insured=Decimal("110000.00"),
        currency="CNY",
        rate=Decimal("0.5"),
        premium=Decimal("55.00"),
        claim_payable_place=form.transport.claim_payable_place,
        start_date=form.transport.depart_date,
        issued_at=at,
    )


def a_policy(
    policy_no: str, proposal: str, *, owner: str = USCC, at: datetime = MORNING
) -> CargoPolicyChanged:
    """A policy, issued."""
    moved = _moved(
        f"PICC.{policy_no}",
        "policy",
        1,
        None,
        ("50", "保单生效"),
        "CargoPolicyIssued",
        owner=owner,
        at=at,
        role=Role.INSURER,
        cause_id=None,
    )
    moved["cause"] = a_cause("CargoPolicyIssued", "PICC")
    return CargoPolicyChanged(form=a_policy_form(policy_no, proposal, at), **moved)


def a_debit_story(id: str, *, owner: str = USCC, at: datetime = MORNING) -> list[DocumentChanged]:
    """A debit agreement, sent and signed."""
    events: list[DocumentChanged] = []
    for number, (status, name) in enumerate((("10", "签约请求发送成功"), ("20", "签约成功")), 1):
        moved = _moved(
            id,
            "payment",
            number,
            "10" if number > 1 else None,
            (status, name),
            "SignDebitAgreement" if number == 1 else "MandateReceipt",
            owner=owner,
            at=at + timedelta(seconds=number),
            role=Role.LEGAL_PERSON if number == 1 else Role.BANK,
            cause_id=None,
        )
        facts = DebitAgreementFacts(
            bank="ICBC", insurer="PICC", agreement_no="ICBC-1" if number > 1 else None
        )
        form = a_debit_agreement(uscc=owner) if number == 1 else None
        events.append(DebitAgreementChanged(form=form, facts=facts, **moved))
    return events


def a_rejection(
    command_id: UUID, document_id: str, *, owner: str = USCC, at: datetime = MORNING
) -> CommandRejected:
    """A command that the policy service refused."""
    return CommandRejected(
        meta=a_meta(document_id, "policy", at),
        command="WithdrawCargoProposal",
        command_id=command_id,
        owner=owner,
        reason_code="WRONG_STATE",
        reason_text="投保单当前状态为“保单生效”，不能进行“撤销”操作",
        reason_text_en="in force: cannot withdraw",
    )


def with_kinds(events: list[Message]) -> list[tuple[Kind, Message]]:
    """Each event with its row of the kinds table."""
    return [(kind_of(type(event)), event) for event in events]
