"""What the gateway translates and passes on, one function a message kind."""

from libs.decisions import NOTHING, Context, Decision, Handlers, Record
from libs.decisions.checks import WRONG_PARTNER, partner_is
from libs.lifecycle import Rejected
from libs.messages.base import Message, Meta
from libs.messages.kinds.agreement import PushCargoAgreement
from libs.messages.kinds.booking import BookingReceipt
from libs.messages.kinds.debit import (
    CancelMandate,
    MandateAction,
    MandateReceipt,
    MandateResult,
    RequestMandate,
)
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectionResult,
    CollectPremium,
    QueryCollection,
)
from libs.messages.kinds.proposal import (
    CargoPolicyIssued,
    UnderwritingReceipt,
    WithdrawalReceipt,
)
from libs.messages.partners import partner_of_topic, partner_topic
from services.gateway import reasons
from services.gateway.documents import (
    COLLECTIONS,
    MANDATES,
    CollectionExchange,
    MandateExchange,
)
from services.gateway.iso20022.models import (
    DirectDebit,
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    MandateReport,
    PaymentReport,
    PaymentStatus,
    StatusRequest,
)
from services.gateway.iso20022.reasons import national_reason

HANDLERS = Handlers()
PAYMENT = "payment.commands"
DETAIL_MAX = 105  # Max105Text

OWNERS: dict[type[Message], str] = {
    BookingReceipt: "booking.commands",
    PushCargoAgreement: "booking.commands",
    UnderwritingReceipt: "policy.commands",
    WithdrawalReceipt: "policy.commands",
    CargoPolicyIssued: "policy.commands",
}
RESULTS = {
    PaymentStatus.PENDING: CollectionResult.PENDING,
    PaymentStatus.ACCEPTED: CollectionResult.PENDING,
    PaymentStatus.SETTLED: CollectionResult.PAID,
    PaymentStatus.REJECTED: CollectionResult.FAILED,
}


def pass_on(_: None, message: Message, ctx: Context) -> Decision:
    """An insurer's answer goes on as it was signed, if it came by the insurer's own topic."""
    _own_topic(ctx)
    return NOTHING.forward(OWNERS[type(message)])


for kind in OWNERS:
    HANDLERS.handles(kind)(pass_on)


def _own_topic(ctx: Context) -> None:
    partner = partner_of_topic(ctx.topic)
    if partner is None or partner.code != ctx.actor.party:
        raise Rejected(reasons.FOREIGN_TOPIC, partner=ctx.actor.party, topic=ctx.topic)


def _to_bank(meta: Meta, ctx: Context, id: str) -> Meta:
    """The head of a bank's message: the request's own id, so that asking twice is one question."""
    return Meta(
        message_id=meta.message_id, document_id=id, sender=ctx.service, created_at=meta.created_at
    )


@HANDLERS.handles(RequestMandate, on=MANDATES, key=lambda m: m.meta.message_id.hex)
def request_mandate(
    known: Record[MandateExchange] | None, request: RequestMandate, ctx: Context
) -> Decision:
    """Put a tripartite agreement to its bank."""
    number = request.meta.document_id
    meta = _to_bank(request.meta, ctx, number)
    exchange = MandateExchange(bank=request.bank, action=request.action, agreement_id=number)
    amending = request.action is MandateAction.AMEND
    message = (
        MandateAmendment(meta=meta, form=request.form)
        if amending
        else MandateInitiation(meta=meta, form=request.form)
    )
    record = MANDATES.first(meta.message_id.hex, owner=request.form.payer_uscc, body=exchange)
    return NOTHING.save(record).emit(partner_topic(request.bank, "requests"), message)


@HANDLERS.handles(CancelMandate, on=MANDATES, key=lambda m: m.meta.message_id.hex)
def cancel_mandate(
    known: Record[MandateExchange] | None, request: CancelMandate, ctx: Context
) -> Decision:
    """Ask the bank to end a mandate."""
    meta = _to_bank(request.meta, ctx, request.agreement_no)
    exchange = MandateExchange(
        bank=request.bank, action=MandateAction.CANCEL, agreement_id=request.meta.document_id
    )
    message = MandateCancellation(meta=meta, reason=request.reason[:DETAIL_MAX])
    record = MANDATES.first(meta.message_id.hex, owner="", body=exchange)
    return NOTHING.save(record).emit(partner_topic(request.bank, "requests"), message)


@HANDLERS.handles(MandateReport, on=MANDATES, key=lambda m: m.original_id)
def mandate_answered(
    exchange: Record[MandateExchange] | None, report: MandateReport, ctx: Context
) -> Decision:
    """Tell payment what the bank says of a mandate."""
    _own_topic(ctx)
    if exchange is None:
        raise Rejected(reasons.REPLY_TO_NOTHING, id=report.original_id)
    partner_is(ctx, exchange.body.bank)
    answer = "accepted" if report.accepted else f"refused {report.reason}"
    if exchange.body.answer == answer:
        return NOTHING
    code, why = national_reason(report.reason, report.detail)
    receipt = MandateReceipt(
        meta=ctx.meta(exchange.body.agreement_id),
        bank=exchange.body.bank,
        action=exchange.body.action,
        result=MandateResult.ACCEPTED if report.accepted else MandateResult.REFUSED,
        agreement_no=report.mandate_id if report.accepted else None,
        reason_code=code,
        reason_text=why,
    )
    body = exchange.body.model_copy(update={"answer": answer})
    return NOTHING.save(exchange.next(body)).emit(PAYMENT, receipt)


@HANDLERS.handles(CollectPremium, on=COLLECTIONS)
def collect(
    known: Record[CollectionExchange] | None, request: CollectPremium, ctx: Context
) -> Decision:
    """Ask the bank to collect; a payment is put to its bank once."""
    number = request.meta.document_id
    if known is not None:
        return NOTHING
    message = DirectDebit(
        meta=_to_bank(request.meta, ctx, number),
        mandate_id=request.agreement_no,
        debtor=request.debtor,
        debtor_uscc=request.debtor_uscc,
        creditor=request.creditor,
        creditor_code=request.insurer,
        bank=request.bank,
        items=request.items,
        total=request.total,
    )
    exchange = CollectionExchange(bank=request.bank)
    record = COLLECTIONS.first(number, owner=request.debtor_uscc, body=exchange)
    return NOTHING.save(record).emit(partner_topic(request.bank, "requests"), message)


@HANDLERS.handles(QueryCollection, on=COLLECTIONS)
def query(
    exchange: Record[CollectionExchange] | None, request: QueryCollection, ctx: Context
) -> Decision:
    """Ask the bank what became of a collection."""
    number = request.meta.document_id
    if exchange is None:
        raise Rejected(reasons.UNKNOWN_PAYMENT, id=number)
    if exchange.body.bank != request.bank:
        raise Rejected(WRONG_PARTNER, right=exchange.body.bank, wrong=request.bank)
    message = StatusRequest(meta=_to_bank(request.meta, ctx, number))
    return NOTHING.emit(partner_topic(request.bank, "requests"), message)


@HANDLERS.handles(PaymentReport, on=COLLECTIONS)
def collection_answered(
    exchange: Record[CollectionExchange] | None, report: PaymentReport, ctx: Context
) -> Decision:
    """Tell payment what the bank says of a collection."""
    _own_topic(ctx)
    number = report.meta.document_id
    if exchange is None:
        raise Rejected(reasons.REPLY_TO_NOTHING, id=number)
    partner_is(ctx, exchange.body.bank)
    answer = f"{report.status} {report.reason or ''}".strip()
    if exchange.body.answer == answer:
        return NOTHING
    code, why = national_reason(report.reason, report.detail)
    receipt = CollectionReceipt(
        meta=ctx.meta(number),
        bank=exchange.body.bank,
        result=RESULTS[report.status],
        bank_reference=report.reference,
        reason_code=code,
        reason_text=why,
    )
    body = exchange.body.model_copy(update={"answer": answer})
    return NOTHING.save(exchange.next(body)).emit(PAYMENT, receipt)
