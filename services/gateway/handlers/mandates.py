"""Mandates: pain.009, pain.010, pain.011 to the bank; pain.012 back to payment."""

from collections.abc import Iterable
from uuid import UUID

from libs.decisions import NOTHING, Context, Decision, Record, Ref
from libs.decisions.checks import CONTRADICTION, answers, partner_is
from libs.lifecycle import Rejected
from libs.messages.base import Message
from libs.messages.kinds.debit import (
    CancelMandate,
    MandateAction,
    MandateReceipt,
    MandateResult,
    RequestMandate,
)
from libs.messages.partners import partner_topic
from services.gateway import reasons
from services.gateway.documents import (
    MANDATES,
    STEP_RECORDS,
    MandateExchange,
    MandateStep,
    step_id,
)
from services.gateway.handlers.table import HANDLERS, PAYMENT, own_topic, to_bank
from services.gateway.iso20022.models import (
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    MandateReport,
    StatusReport,
)
from services.gateway.iso20022.reasons import national_reason
from services.gateway.rules import FINAL_MANDATE, MANDATE_RECEIPTS

Exchange = Record[MandateExchange]


def _key(request: Message) -> str:
    return request.meta.message_id.hex


def _step(agreement_id: str, action: MandateAction) -> Ref:
    return STEP_RECORDS.ref(step_id(agreement_id, action))


def _signing(request: RequestMandate) -> Iterable[Ref]:
    return (_step(request.meta.document_id, request.action),)


def _signing_and_cancelling(request: CancelMandate) -> Iterable[Ref]:
    yield _step(request.meta.document_id, MandateAction.INITIATE)
    yield _step(request.meta.document_id, MandateAction.CANCEL)


@HANDLERS.handles(RequestMandate, on=MANDATES, key=_key, reads=_signing)
def request_mandate(exchange: Exchange | None, request: RequestMandate, ctx: Context) -> Decision:
    """Put a tripartite agreement to its bank."""
    meta = to_bank(request.meta, ctx)
    amending = request.action is MandateAction.AMEND
    message = (
        MandateAmendment(meta=meta, form=request.form)
        if amending
        else MandateInitiation(meta=meta, form=request.form)
    )
    return _ask(exchange, request, request.action, message, ctx)


@HANDLERS.handles(CancelMandate, on=MANDATES, key=_key, reads=_signing_and_cancelling)
def cancel_mandate(exchange: Exchange | None, request: CancelMandate, ctx: Context) -> Decision:
    """Ask the bank to end a mandate."""
    number = request.meta.document_id
    signing = ctx.read(STEP_RECORDS, step_id(number, MandateAction.INITIATE))
    if signing is None:
        raise Rejected(reasons.UNKNOWN_MANDATE, id=number)
    message = MandateCancellation(
        meta=to_bank(request.meta, ctx),
        mandate_id=request.agreement_no,
        form=signing.body.form,
        reason=request.reason,
    )
    return _ask(exchange, request, MandateAction.CANCEL, message, ctx)


def _ask(
    exchange: Exchange | None,
    request: RequestMandate | CancelMandate,
    action: MandateAction,
    message: MandateInitiation | MandateAmendment | MandateCancellation,
    ctx: Context,
) -> Decision:
    """Send `message` and remember it as the last question of its step; asked before: nothing."""
    if exchange is not None:
        return NOTHING
    agreement_id, request_id = request.meta.document_id, _key(request)
    body = MandateExchange(bank=request.bank, action=action, agreement_id=agreement_id)
    asked = MANDATES.first(request_id, owner="", body=body)
    last = MandateStep(request_id=request_id, form=message.form)
    name = step_id(agreement_id, action)
    before = ctx.read(STEP_RECORDS, name)
    step = before.next(last) if before else STEP_RECORDS.first(name, owner="", body=last)
    return NOTHING.save(asked, step).emit(partner_topic(request.bank, "requests"), message)


def _step_of(exchange: Exchange) -> Iterable[Ref]:
    return (_step(exchange.body.agreement_id, exchange.body.action),)


@HANDLERS.handles(MandateReport, on=MANDATES, key=lambda m: m.original_id, follows=_step_of)
def mandate_answered(exchange: Exchange | None, report: MandateReport, ctx: Context) -> Decision:
    """Tell payment what the bank decided on a mandate."""
    asked = _asked(exchange, report.original_id, ctx)
    result = MandateResult.ACCEPTED if report.accepted else MandateResult.REFUSED
    number = report.mandate_id if report.accepted else None
    known = asked.body.answer
    if (known, asked.body.agreement_no) == (result, number):
        return NOTHING
    if known in FINAL_MANDATE:
        raise Rejected(CONTRADICTION, detail=f"{known} → {result}")
    _is_last(asked, report, ctx)
    code, why = national_reason(report.reason, report.detail)
    return _tell(asked, ctx, result, number=number, code=code, why=why)


def receipt_answered(exchange: Exchange | None, report: StatusReport, ctx: Context) -> Decision:
    """Tell payment that a mandate request arrived at the bank, or could not be taken in."""
    asked = _asked(exchange, report.original_id, ctx)
    result = MANDATE_RECEIPTS.get(report.status)
    if result is None:
        raise Rejected(reasons.NOT_OF_A_MANDATE, status=report.status)
    known = asked.body.answer
    if known == result or (known in FINAL_MANDATE and result is MandateResult.RECEIVED):
        return NOTHING
    if known in FINAL_MANDATE:
        raise Rejected(CONTRADICTION, detail=f"{known} → {result}")
    _is_last(asked, report, ctx)
    code, why = national_reason(report.reason, report.detail)
    return _tell(asked, ctx, result, code=code, why=why)


def _asked(exchange: Exchange | None, original_id: str, ctx: Context) -> Exchange:
    """The question that this answers.

    Raises Rejected FOREIGN_TOPIC, REPLY_TO_NOTHING, WRONG_PARTNER.
    """
    own_topic(ctx)
    if exchange is None:
        raise Rejected(reasons.REPLY_TO_NOTHING, id=original_id)
    partner_is(ctx, exchange.body.bank)
    return exchange


def _is_last(asked: Exchange, report: MandateReport | StatusReport, ctx: Context) -> None:
    """An answer to a question that was asked anew since is stale. Raises Rejected STALE_ANSWER."""
    step = ctx.read(STEP_RECORDS, step_id(asked.body.agreement_id, asked.body.action))
    if step is not None:
        answers(report.meta, UUID(step.body.request_id))


def _tell(
    asked: Exchange,
    ctx: Context,
    result: MandateResult,
    *,
    number: str | None = None,
    code: str | None = None,
    why: str | None = None,
) -> Decision:
    receipt = MandateReceipt(
        meta=ctx.meta(asked.body.agreement_id),
        bank=asked.body.bank,
        action=asked.body.action,
        result=result,
        agreement_no=number,
        reason_code=code,
        reason_text=why,
    )
    body = asked.body.model_copy(update={"answer": result, "agreement_no": number})
    return NOTHING.save(asked.next(body)).emit(PAYMENT, receipt)
