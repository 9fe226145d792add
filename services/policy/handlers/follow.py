"""What policy follows of other services: agreements (booking) and payments (payment)."""

from collections.abc import Iterable

from libs.decisions import NOTHING, Actor, Context, Decision, Record, Ref, moved
from libs.decisions.checks import known, told
from libs.lifecycle import Action, Rejected
from libs.lifecycle.tables import CARGO_PROPOSAL
from libs.lifecycle.tables import cargo_proposal as states
from libs.lifecycle.tables import payment as payments
from libs.messages.kinds.agreement import CargoAgreementChanged
from libs.messages.kinds.payment import PaymentChanged
from libs.messages.kinds.proposal import PremiumPaid
from libs.messages.parties import Role
from libs.messages.partners import partner_topic
from services.policy import reasons
from services.policy.documents import AGREEMENT_COPIES, PROPOSALS, AgreementCopy, ProposalBody
from services.policy.handlers.asking import awaiting
from services.policy.handlers.table import HANDLERS

Proposal = Record[ProposalBody]


@HANDLERS.handles(CargoAgreementChanged, on=AGREEMENT_COPIES)
def agreement_changed(
    copy: Record[AgreementCopy] | None, event: CargoAgreementChanged, ctx: Context
) -> Decision:
    """Keep the own copy of an agreement's terms and state."""
    form = event.form or (copy.body.form if copy else None)
    if form is None:  # an agreement's first event carries its form
        raise Rejected(reasons.UNKNOWN_AGREEMENT, id=event.meta.document_id)
    body = AgreementCopy(form=form, status=event.status)
    if copy:
        return NOTHING.save(copy.next(body))
    return NOTHING.save(
        AGREEMENT_COPIES.first(event.meta.document_id, owner=event.owner, body=body)
    )


def _proposals_of(event: PaymentChanged) -> Iterable[Ref]:
    return (PROPOSALS.ref(row.proposal_id) for row in event.proposals)


@HANDLERS.handles(PaymentChanged, reads=_proposals_of)
def payment_changed(_: None, event: PaymentChanged, ctx: Context) -> Decision:
    """Follow a payment: its proposals are being paid, paid or not paid."""
    ctx = ctx.on_behalf_of(Actor(event.actor_role, event.owner, event.actor))
    step = {
        payments.SENT.code: _paying,
        payments.PAID.code: _paid,
        payments.FAILED.code: _not_paid,
    }.get(event.status)
    decision = NOTHING
    for row in event.proposals if step else ():
        proposal = known(ctx.read(PROPOSALS, row.proposal_id), row.proposal_id)
        # payments of one proposal come by different partitions: an overtaken one is no news
        if step and row.attempt >= proposal.body.attempt:
            decision += step(proposal, row.attempt, event, ctx)
    return decision


def _paying(proposal: Proposal, attempt: int, event: PaymentChanged, ctx: Context) -> Decision:
    decision = NOTHING
    if proposal.status == states.PAYING.code:
        if proposal.body.attempt == attempt:
            return NOTHING
        # payment lets a proposal be paid again only after a failure, whose event is on its way
        bank = ctx.on_behalf_of(Actor(Role.BANK, "", "银行"))
        proposal, decision = _ended(proposal, states.FAIL_PAYMENT, bank)
    again = proposal.status == states.PAYMENT_FAILED.code
    action = states.PAY_AGAIN if again else states.PAY
    move = CARGO_PROPOSAL.move(proposal.status, action, ctx.actor.role)
    body = proposal.body.with_facts(payment_id=event.meta.document_id)
    body = body.model_copy(update={"attempt": attempt})
    return decision + moved(PROPOSALS, proposal.ref.id, proposal, move, body, ctx)[1]


def _paid(proposal: Proposal, attempt: int, event: PaymentChanged, ctx: Context) -> Decision:
    facts = proposal.body.facts
    move = CARGO_PROPOSAL.move(proposal.status, states.CONFIRM_PAYMENT, ctx.actor.role)
    if facts.quote is None:
        raise Rejected(reasons.QUOTE_MISSING)
    notice = PremiumPaid(
        meta=ctx.meta(proposal.ref.id),
        payment_id=event.meta.document_id,
        amount=facts.quote.premium,
        paid_at=event.meta.created_at,
        bank_reference=event.facts.bank_reference,
    )
    update = {"notice": notice.meta.message_id, "waiting_since": ctx.now}
    body = proposal.body.model_copy(update=update)
    after, decision = moved(PROPOSALS, proposal.ref.id, proposal, move, body, ctx)
    topic = partner_topic(facts.insurer, "requests")
    return decision.emit(topic, notice, keep=True) + awaiting(after, ctx)


def _not_paid(proposal: Proposal, attempt: int, event: PaymentChanged, ctx: Context) -> Decision:
    return _ended(proposal, states.FAIL_PAYMENT, ctx, event)[1]


def _ended(
    proposal: Proposal, action: Action, ctx: Context, event: PaymentChanged | None = None
) -> tuple[Proposal, Decision]:
    """The end of a payment, with the bank's words when it is the bank that tells."""
    move = CARGO_PROPOSAL.move(proposal.status, action, ctx.actor.role)
    return moved(
        PROPOSALS,
        proposal.ref.id,
        proposal,
        move,
        proposal.body,
        ctx,
        reason_code=event.reason_code if event else None,
        note=told(move.sentence, event.facts.failure if event else None),
    )
