"""What insurers answer: underwriting, withdrawals, policies."""

from collections.abc import Iterable

from libs.decisions import NOTHING, Context, Decision, Record, Ref, moved
from libs.decisions.checks import (
    CONTRADICTION,
    answers,
    known,
    partner_is,
    short_code,
    told,
    window,
)
from libs.lifecycle import Action, Rejected, State
from libs.lifecycle.tables import CARGO_POLICY, CARGO_PROPOSAL
from libs.lifecycle.tables import cargo_policy as policy_states
from libs.lifecycle.tables import cargo_proposal as states
from libs.messages.kinds.proposal import (
    CargoPolicyIssued,
    UnderwritingReceipt,
    UnderwritingResult,
    WithdrawalReceipt,
    WithdrawalResult,
)
from services.policy import reasons, rules
from services.policy.documents import POLICIES, PROPOSALS, PolicyBody, ProposalBody
from services.policy.handlers.asking import awaiting
from services.policy.handlers.table import HANDLERS

Proposal = Record[ProposalBody]

ANSWERS: dict[UnderwritingResult, tuple[Action, State]] = {
    UnderwritingResult.DATA_REJECTED: (states.REJECT_DATA, states.DATA_REJECTED),
    UnderwritingResult.DATA_ACCEPTED: (states.PASS_CHECK, states.DATA_ACCEPTED),
    UnderwritingResult.PENDING: (states.PEND, states.PENDING),
    UnderwritingResult.MANUAL_REVIEW: (states.REFER, states.MANUAL_REVIEW),
    UnderwritingResult.NOT_PASSED: (states.NOT_PASS, states.NOT_PASSED),
    UnderwritingResult.REFUSED: (states.REFUSE, states.REFUSED),
    UnderwritingResult.APPROVED: (states.APPROVE, states.DUE),
}


@HANDLERS.handles(UnderwritingReceipt, on=PROPOSALS)
def underwritten(proposal: Proposal | None, receipt: UnderwritingReceipt, ctx: Context) -> Decision:
    """Note what the insurer says of a proposal; an approval carries the premium."""
    found = known(proposal, receipt.meta.document_id)
    facts = found.body.facts
    partner_is(ctx, facts.insurer)
    if found.body.submission:
        answers(receipt.meta, found.body.submission)
    action, to = ANSWERS[receipt.result]
    withdrawing = found.status == states.WITHDRAWING.code
    standing = facts.before_withdrawal if withdrawing else found.status
    if standing == to.code:
        if to == states.DUE:
            _same_quote(found, receipt)
        return NOTHING
    if to == states.DUE and receipt.quote is None:
        raise Rejected(reasons.QUOTE_MISSING)
    move = CARGO_PROPOSAL.move(standing, action, ctx.actor.role, to=to)
    detail = receipt.reason_text
    body = found.body
    if withdrawing:  # the answer crossed the withdrawal: it counts if the withdrawal is refused
        move = CARGO_PROPOSAL.move(found.status, states.KEEP_ANSWER, ctx.actor.role)
        detail = told(to.zh, receipt.reason_text)
        body = body.with_facts(before_withdrawal=to.code)
    else:
        body = body.model_copy(update={"waiting_since": ctx.now})
    if to == states.DUE:
        body = body.with_facts(quote=receipt.quote)
    after, decision = moved(
        PROPOSALS,
        found.ref.id,
        found,
        move,
        body,
        ctx,
        reason_code=short_code(receipt.reason_code),
        note=told(move.sentence, detail),
    )
    # after an answer that crossed the withdrawal the insurer still owes that of the withdrawal
    return decision if withdrawing else decision + awaiting(after, ctx)


def _same_quote(found: Proposal, receipt: UnderwritingReceipt) -> None:
    """Hearing an approval twice does no harm, hearing another premium does."""
    if receipt.quote is not None and receipt.quote != found.body.facts.quote:
        raise Rejected(CONTRADICTION, detail="报价")


@HANDLERS.handles(WithdrawalReceipt, on=PROPOSALS)
def withdrawal_answered(
    proposal: Proposal | None, receipt: WithdrawalReceipt, ctx: Context
) -> Decision:
    """Note whether the insurer took a proposal back; if not, it is again what it was."""
    found = known(proposal, receipt.meta.document_id)
    partner_is(ctx, found.body.facts.insurer)
    if found.body.withdrawal:
        answers(receipt.meta, found.body.withdrawal)
    withdrawn = receipt.result is WithdrawalResult.WITHDRAWN
    if withdrawn and found.status == states.WITHDRAWN.code:
        return NOTHING
    waiting = found.status == states.WITHDRAWING.code
    if not withdrawn and not waiting and found.body.withdrawal_refused:
        return NOTHING
    action = states.ACCEPT_WITHDRAWAL if withdrawn else states.REFUSE_WITHDRAWAL
    move = CARGO_PROPOSAL.move(found.status, action, ctx.actor.role)
    after, decision = moved(
        PROPOSALS,
        found.ref.id,
        found,
        move,
        found.body.model_copy(update={"withdrawal_refused": not withdrawn}),
        ctx,
        reason_code=short_code(receipt.reason_code),
        note=told(move.sentence, receipt.reason_text),
    )
    return decision + (awaiting(after, ctx) if withdrawn else _restored(after, ctx))


def _restored(proposal: Proposal, ctx: Context) -> Decision:
    """撤销失败 is passed through: back to the state before 撤销申请中."""
    ctx, facts = window(ctx), proposal.body.facts
    to = CARGO_PROPOSAL.state(facts.before_withdrawal or states.DATA_ACCEPTED.code)
    move = CARGO_PROPOSAL.move(proposal.status, states.RESTORE, ctx.actor.role, to=to)
    body = proposal.body.with_facts(before_withdrawal=None)
    body = body.model_copy(update={"waiting_since": ctx.now})
    after, decision = moved(PROPOSALS, proposal.ref.id, proposal, move, body, ctx)
    return decision + awaiting(after, ctx)


def _policy_of(message: CargoPolicyIssued) -> Iterable[Ref]:
    return (POLICIES.ref(message.policy.document_id),)


@HANDLERS.handles(CargoPolicyIssued, on=PROPOSALS, reads=_policy_of)
def issued(proposal: Proposal | None, message: CargoPolicyIssued, ctx: Context) -> Decision:
    """Put a policy in force for a paid proposal."""
    found = known(proposal, message.meta.document_id)
    partner_is(ctx, found.body.facts.insurer)
    form = message.policy
    number = form.document_id
    existing = ctx.read(POLICIES, number)
    if existing and existing.body.form == form:
        return NOTHING
    if existing:
        raise Rejected(
            reasons.POLICY_NUMBER_USED, id=number, proposal=existing.body.form.proposal_id
        )
    move = CARGO_PROPOSAL.move(found.status, states.ISSUE, ctx.actor.role)
    rules.agrees(form, found.ref.id, found.owner, found.body)
    body = found.body.with_facts(policy_id=number)
    after, decision = moved(PROPOSALS, found.ref.id, found, move, body, ctx)
    decision += awaiting(after, ctx)
    issue = CARGO_POLICY.move(None, policy_states.ISSUE, ctx.actor.role)
    policy = PolicyBody(form=form)
    return decision + moved(POLICIES, number, None, issue, policy, ctx, owner=found.owner)[1]
