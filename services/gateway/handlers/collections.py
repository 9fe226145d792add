"""Collections: pain.008 and status requests to the bank; pain.002 back to payment."""

from collections.abc import Iterable

from libs.decisions import NOTHING, Context, Decision, Record, Ref
from libs.decisions.checks import WRONG_PARTNER, partner_is
from libs.lifecycle import Rejected
from libs.messages.kinds.payment import CollectionReceipt, CollectPremium, QueryCollection
from libs.messages.partners import partner_topic
from services.gateway import reasons, rules
from services.gateway.documents import (
    COLLECTIONS,
    MANDATES,
    STEP_RECORDS,
    CollectionExchange,
    step_id,
)
from services.gateway.handlers.mandates import receipt_answered
from services.gateway.handlers.table import HANDLERS, PAYMENT, own_topic, to_bank
from services.gateway.iso20022.models import DirectDebit, StatusReport, StatusRequest

Exchange = Record[CollectionExchange]


@HANDLERS.handles(CollectPremium, on=COLLECTIONS)
def collect(exchange: Exchange | None, request: CollectPremium, ctx: Context) -> Decision:
    """Ask the bank to collect; a payment is put to its bank once."""
    number = request.meta.document_id
    if exchange is not None:
        return NOTHING
    message = DirectDebit(
        meta=to_bank(request.meta, ctx),
        mandate_id=request.agreement_no,
        debtor=request.debtor,
        debtor_uscc=request.debtor_uscc,
        creditor=request.creditor,
        creditor_code=request.insurer,
        bank=request.bank,
        items=request.items,
        total=request.total,
    )
    body = CollectionExchange(bank=request.bank, items=request.items, total=request.total)
    asked = COLLECTIONS.first(number, owner=request.debtor_uscc, body=body)
    return NOTHING.save(asked).emit(partner_topic(request.bank, "requests"), message)


@HANDLERS.handles(QueryCollection, on=COLLECTIONS)
def query(exchange: Exchange | None, request: QueryCollection, ctx: Context) -> Decision:
    """Ask the bank what became of a collection."""
    number = request.meta.document_id
    if exchange is None:
        raise Rejected(reasons.UNKNOWN_PAYMENT, id=number)
    if exchange.body.bank != request.bank:
        raise Rejected(WRONG_PARTNER, right=exchange.body.bank, wrong=request.bank)
    message = StatusRequest(meta=to_bank(request.meta, ctx))
    return NOTHING.emit(partner_topic(request.bank, "requests"), message)


def _mandate_of(report: StatusReport) -> Iterable[Ref]:
    """A status report may also say that a mandate request arrived."""
    if action := rules.MANDATE_MESSAGES.get(report.original_name):
        yield MANDATES.ref(report.original_id)
        yield STEP_RECORDS.ref(step_id(report.meta.document_id, action))


@HANDLERS.handles(StatusReport, on=COLLECTIONS, reads=_mandate_of)
def reported(exchange: Exchange | None, report: StatusReport, ctx: Context) -> Decision:
    """Tell payment what the bank says of a collection (or of a mandate request's arrival)."""
    if report.original_name in rules.MANDATE_MESSAGES:
        return receipt_answered(ctx.read(MANDATES, report.original_id), report, ctx)
    own_topic(ctx)
    number = report.meta.document_id
    if exchange is None:
        raise Rejected(reasons.REPLY_TO_NOTHING, id=number)
    partner_is(ctx, exchange.body.bank)
    rules.adds_up(report, exchange.body)
    answer = rules.collection_answer(report)
    if not rules.is_news(exchange.body.answer, answer.result):
        return NOTHING
    receipt = CollectionReceipt(
        meta=ctx.meta(number),
        bank=exchange.body.bank,
        result=answer.result,
        bank_reference=report.reference,
        reason_code=answer.code,
        reason_text=answer.text,
    )
    body = exchange.body.model_copy(update={"answer": answer.result})
    return NOTHING.save(exchange.next(body)).emit(PAYMENT, receipt)
