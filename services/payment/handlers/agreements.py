"""Tripartite debit agreements: signed by the legal person's card, answered by the bank."""

from libs.decisions import NOTHING, Context, Decision, Record, moved
from libs.decisions.checks import (
    CONTRADICTION,
    company_is,
    known,
    own,
    own_number,
    short_code,
    status_of,
    told,
    window,
)
from libs.lifecycle import Action, Rejected, State
from libs.lifecycle.tables import DEBIT_AGREEMENT
from libs.lifecycle.tables import debit_agreement as states
from libs.messages import numbers
from libs.messages.kinds.debit import (
    CancelDebitAgreement,
    CancelMandate,
    DebitAgreementFacts,
    MandateAction,
    MandateReceipt,
    MandateResult,
    RequestMandate,
    SignDebitAgreement,
)
from services.payment import reasons, rules
from services.payment.documents import DEBIT_AGREEMENTS, DebitAgreementBody
from services.payment.handlers.table import GATEWAY, HANDLERS, bank_says

Agreement = Record[DebitAgreementBody]

UNANSWERED = "unanswered"
VALIDITY = "validity"

SIGNING: dict[MandateResult, tuple[Action, State]] = {
    MandateResult.RECEIVED: (states.RECEIVE, states.RECEIVED),
    MandateResult.ACCEPTED: (states.ACCEPT, states.SIGNED),
    MandateResult.REFUSED: (states.REFUSE, states.REFUSED),
    MandateResult.UNDELIVERABLE: (states.NOT_RECEIVE, states.NOT_RECEIVED),
}
CANCELLING: dict[MandateResult, tuple[Action, State] | None] = {
    MandateResult.RECEIVED: None,  # no state of its own
    MandateResult.ACCEPTED: (states.ACCEPT_CANCEL, states.CANCELLED),
    MandateResult.REFUSED: (states.REFUSE_CANCEL, states.SIGNED),
    MandateResult.UNDELIVERABLE: (states.REFUSE_CANCEL, states.SIGNED),
}


@HANDLERS.handles(SignDebitAgreement, on=DEBIT_AGREEMENTS)
def sign(agreement: Agreement | None, command: SignDebitAgreement, ctx: Context) -> Decision:
    """Ask the bank for a mandate; the same number after a failure is 重新签署."""
    number, form = command.meta.document_id, command.form
    own_number(agreement, number, numbers.DEBIT_AGREEMENT, ctx)
    company_is(ctx, form.payer_name, form.payer_uscc)
    action = states.SIGN_AGAIN if agreement else states.SIGN
    move = DEBIT_AGREEMENT.move(status_of(agreement), action, ctx.actor.role)
    rules.signable(form, ctx.today)
    attempt = agreement.body.facts.attempt + 1 if agreement else 1
    facts = DebitAgreementFacts(bank=form.payer_bank_code, insurer=form.payee_id, attempt=attempt)
    body = DebitAgreementBody(form=form, facts=facts)
    sent, decision = moved(
        DEBIT_AGREEMENTS, number, agreement, move, body, ctx, owner=ctx.actor.party
    )
    request = RequestMandate(
        meta=ctx.meta(number),
        bank=facts.bank,
        action=rules.mandate_action(agreement, form),
        form=form,
        attempt=attempt,
    )
    return decision.emit(GATEWAY, request).after(sent.ref, UNANSWERED, rules.MANDATE_WAIT)


@HANDLERS.handles(CancelDebitAgreement, on=DEBIT_AGREEMENTS)
def cancel(agreement: Agreement | None, command: CancelDebitAgreement, ctx: Context) -> Decision:
    """Ask the bank to end a mandate (解约)."""
    found = own(agreement, command.meta.document_id, ctx)
    move = DEBIT_AGREEMENT.move(found.status, states.CANCEL, ctx.actor.role)
    number = rules.usable(found)
    note = told(move.sentence, command.reason)
    _, decision = moved(DEBIT_AGREEMENTS, found.ref.id, found, move, found.body, ctx, note=note)
    request = CancelMandate(
        meta=ctx.meta(found.ref.id),
        bank=found.body.facts.bank,
        agreement_no=number,
        reason=command.reason,
    )
    return decision.emit(GATEWAY, request)


@HANDLERS.handles(MandateReceipt, on=DEBIT_AGREEMENTS)
def answer(agreement: Agreement | None, receipt: MandateReceipt, ctx: Context) -> Decision:
    """Note what the bank says of a mandate or of its cancellation."""
    found = known(agreement, receipt.meta.document_id)
    ctx = bank_says(ctx, receipt.bank, found.body.facts.bank)
    cancelling = receipt.action is MandateAction.CANCEL
    step = CANCELLING[receipt.result] if cancelling else SIGNING[receipt.result]
    if step is None or _heard(found, step[1], receipt):
        return NOTHING
    action, to = step
    move = DEBIT_AGREEMENT.move(found.status, action, ctx.actor.role, to=to)
    body = found.body
    if action == states.ACCEPT:
        if receipt.agreement_no is None:
            raise Rejected(reasons.AGREEMENT_NO_MISSING)
        facts = body.facts.model_copy(update={"agreement_no": receipt.agreement_no})
        body = body.model_copy(update={"facts": facts})
    after, decision = moved(
        DEBIT_AGREEMENTS,
        found.ref.id,
        found,
        move,
        body,
        ctx,
        reason_code=short_code(receipt.reason_code),
        note=told(move.sentence, receipt.reason_text),
    )
    decision = decision.at(after.ref, UNANSWERED, None)
    last_day = body.form.valid_to if to == states.SIGNED else None
    return decision.at(after.ref, VALIDITY, rules.end_of(last_day)) if last_day else decision


def _heard(agreement: Agreement, to: State, receipt: MandateReceipt) -> bool:
    """Whether the answer only repeats what is known. Raises Rejected CONTRADICTION."""
    if agreement.status != to.code:
        return False
    number = receipt.agreement_no
    if to == states.SIGNED and number and number != agreement.body.facts.agreement_no:
        raise Rejected(CONTRADICTION, detail="协议编号")
    return True


@HANDLERS.on_timer(UNANSWERED, on=DEBIT_AGREEMENTS)
def give_up(agreement: Agreement, _: None, ctx: Context) -> Decision:
    """The bank did not answer in time: the company may sign again."""
    if agreement.status != states.SENT.code:
        return NOTHING
    return _by_clock(agreement, states.GIVE_UP, ctx)


@HANDLERS.on_timer(VALIDITY, on=DEBIT_AGREEMENTS)
def expire(agreement: Agreement, _: None, ctx: Context) -> Decision:
    """The agreement's last day has passed."""
    last_day = agreement.body.form.valid_to
    if agreement.status != states.SIGNED.code or last_day is None or ctx.today <= last_day:
        return NOTHING
    return _by_clock(agreement, states.EXPIRE, ctx)


def _by_clock(agreement: Agreement, action: Action, ctx: Context) -> Decision:
    ctx = window(ctx)
    move = DEBIT_AGREEMENT.move(agreement.status, action, ctx.actor.role)
    return moved(DEBIT_AGREEMENTS, agreement.ref.id, agreement, move, agreement.body, ctx)[1]
