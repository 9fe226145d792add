"""Payments: signed by the operator's card, collected by the bank, never twice."""

from collections.abc import Iterable
from datetime import timedelta

from libs.decisions import NOTHING, Context, Decision, NotYet, Record, Ref, moved
from libs.decisions.checks import (
    NOTE_MAX,
    known,
    own,
    own_number,
    short_code,
    status_of,
    told,
    window,
)
from libs.lifecycle import Action, State
from libs.lifecycle.tables import PAYMENT
from libs.lifecycle.tables import payment as states
from libs.messages import numbers
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectionResult,
    CollectPremium,
    Party,
    PaymentFacts,
    PaymentForm,
    PaymentItem,
    PaymentTry,
    PayPremium,
    QueryCollection,
)
from libs.messages.partners import PARTNERS
from services.payment import reasons, rules
from services.payment.documents import (
    DEBIT_AGREEMENTS,
    DUES,
    PAYMENTS,
    DebitAgreementBody,
    DueBody,
    PaymentBody,
)
from services.payment.handlers.table import GATEWAY, HANDLERS, bank_says

Payment = Record[PaymentBody]
Due = Record[DueBody]

UNANSWERED = "unanswered"
OPERATOR_MAX = 100

ANSWERS: dict[CollectionResult, tuple[Action, State]] = {
    CollectionResult.PENDING: (states.ACKNOWLEDGE, states.PENDING),
    CollectionResult.PAID: (states.CONFIRM, states.PAID),
    CollectionResult.FAILED: (states.FAIL, states.FAILED),
    CollectionResult.UNKNOWN: (states.LOSE_SIGHT, states.UNKNOWN),
}


def _needs(command: PayPremium) -> Iterable[Ref]:
    yield DEBIT_AGREEMENTS.ref(command.agreement_id)
    yield from (DUES.ref(item.proposal_id) for item in command.items)


@HANDLERS.handles(PayPremium, on=PAYMENTS, reads=_needs)
def pay(payment: Payment | None, command: PayPremium, ctx: Context) -> Decision:
    """Reserve what is due and ask the bank to collect it."""
    number = command.meta.document_id
    own_number(payment, number, numbers.PAYMENT, ctx)
    move = PAYMENT.move(status_of(payment), states.PAY, ctx.actor.role)
    agreement = own(ctx.read(DEBIT_AGREEMENTS, command.agreement_id), command.agreement_id, ctx)
    agreement_no = rules.usable(agreement)
    rules.adds_up(command.items, command.total)
    dues = [(item, _due_of(item, ctx)) for item in command.items]
    rules.collectable(dues, ctx.actor.party, agreement.body.facts.insurer)
    reserved = [_reserve(due, number) for _, due in dues]
    body = PaymentBody(
        form=_form(command, agreement, agreement_no, ctx),
        facts=PaymentFacts(),
        proposals=tuple(
            PaymentTry(proposal_id=due.ref.id, attempt=due.body.attempts) for due in reserved
        ),
    )
    sent, decision = moved(PAYMENTS, number, payment, move, body, ctx, owner=ctx.actor.party)
    return (
        decision.save(*reserved)
        .emit(GATEWAY, _collection(number, body.form, agreement.body.form, ctx))
        .after(sent.ref, UNANSWERED, _query_wait(0, ctx))
    )


def _query_wait(queries: int, ctx: Context) -> timedelta:
    return rules.query_wait(queries, ctx.parameters(rules.Waits))


def _due_of(item: PaymentItem, ctx: Context) -> Due:
    due = ctx.read(DUES, item.proposal_id)
    if due is None:
        raise NotYet(reasons.NOTHING_DUE, id=item.proposal_id)
    return due


def _reserve(due: Due, payment_id: str) -> Due:
    update = {"payment_id": payment_id, "attempts": due.body.attempts + 1}
    return due.next(due.body.model_copy(update=update))


def _form(
    command: PayPremium,
    agreement: Record[DebitAgreementBody],
    agreement_no: str,
    ctx: Context,
) -> PaymentForm:
    form = agreement.body.form
    return PaymentForm(
        agreement_id=agreement.ref.id,
        agreement_no=agreement_no,
        bank=form.payer_bank_code,
        insurer=form.payee_id,
        payer_name=form.payer_name,
        payer_acct=form.payer_acct,
        items=command.items,
        total=command.total,
        operator=(ctx.actor.holder or ctx.actor.name)[:OPERATOR_MAX],
    )


def _collection(
    number: str, form: PaymentForm, mandate: DebitAgreementForm, ctx: Context
) -> CollectPremium:
    return CollectPremium(
        meta=ctx.meta(number),
        bank=form.bank,
        agreement_no=form.agreement_no,
        debtor=Party(
            name=mandate.payer_acct_name,
            account=mandate.payer_acct,
            bank_no=mandate.payer_open_bank_no,
        ),
        debtor_uscc=mandate.payer_uscc,
        creditor=Party(
            name=PARTNERS[form.insurer].name,
            account=mandate.payee_acct,
            bank_no=mandate.payee_bank_no,
        ),
        insurer=form.insurer,
        items=form.items,
        total=form.total,
    )


def _dues_of(payment: Payment) -> Iterable[Ref]:
    return (DUES.ref(row.proposal_id) for row in payment.body.proposals)


@HANDLERS.handles(CollectionReceipt, on=PAYMENTS, follows=_dues_of)
def answer(payment: Payment | None, receipt: CollectionReceipt, ctx: Context) -> Decision:
    """Note what the bank says of a collection: a failure frees the dues, a success settles them."""
    found = known(payment, receipt.meta.document_id)
    ctx = bank_says(ctx, receipt.bank, found.body.form.bank)
    action, to = ANSWERS[receipt.result]
    if found.status == to.code:
        return NOTHING
    move = PAYMENT.move(found.status, action, ctx.actor.role, to=to)
    body = found.body.model_copy(update={"facts": _facts(found, receipt)})
    after, decision = moved(
        PAYMENTS,
        found.ref.id,
        found,
        move,
        body,
        ctx,
        reason_code=short_code(receipt.reason_code),
        note=told(move.sentence, receipt.reason_text),
    )
    if to not in (states.PAID, states.FAILED):
        wait = _query_wait(after.body.facts.queries, ctx)
        return decision.after(after.ref, UNANSWERED, wait)
    return decision.save(*_closed(found, to, ctx)).at(after.ref, UNANSWERED, None)


def _facts(payment: Payment, receipt: CollectionReceipt) -> PaymentFacts:
    failed = receipt.result is CollectionResult.FAILED
    why = " ".join(part for part in (receipt.reason_code, receipt.reason_text) if part)
    return payment.body.facts.model_copy(
        update={
            "bank_reference": receipt.bank_reference or payment.body.facts.bank_reference,
            "failure": why[:NOTE_MAX] if failed and why else None,
        }
    )


def _closed(payment: Payment, to: State, ctx: Context) -> Iterable[Due]:
    """The payment's dues after its end: settled, or free to be paid again."""
    held = [
        known(ctx.read(DUES, row.proposal_id), row.proposal_id) for row in payment.body.proposals
    ]
    update = {"paid": True} if to == states.PAID else {"payment_id": None}
    return [due.next(due.body.model_copy(update=update)) for due in held]


@HANDLERS.on_timer(UNANSWERED, on=PAYMENTS)
def query(payment: Payment, _: None, ctx: Context) -> Decision:
    """The bank has not told the end: ask for it, never collect again."""
    if payment.status not in (states.SENT.code, states.PENDING.code, states.UNKNOWN.code):
        return NOTHING
    ctx = window(ctx)
    action = states.LOSE_SIGHT if payment.status == states.SENT.code else states.QUERY
    move = PAYMENT.move(payment.status, action, ctx.actor.role)
    asked = payment.body.facts.queries + 1
    facts = payment.body.facts.model_copy(update={"queries": asked})
    body = payment.body.model_copy(update={"facts": facts})
    after, decision = moved(PAYMENTS, payment.ref.id, payment, move, body, ctx)
    question = QueryCollection(
        meta=ctx.meta(after.ref.id), bank=after.body.form.bank, attempt=asked
    )
    return decision.emit(GATEWAY, question).after(after.ref, UNANSWERED, _query_wait(asked, ctx))
