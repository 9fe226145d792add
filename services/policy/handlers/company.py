"""What companies do with proposals: save, delete, submit, amend, withdraw."""

from collections.abc import Iterable

from libs.decisions import Context, Decision, NotYet, Record, Ref, moved
from libs.decisions.checks import company_is, own, own_number, status_of, told, window
from libs.lifecycle.tables import CARGO_PROPOSAL
from libs.lifecycle.tables import cargo_proposal as states
from libs.messages import numbers
from libs.messages.kinds.proposal import (
    CargoProposalFacts,
    DeleteCargoProposal,
    SaveCargoProposal,
    SubmitCargoProposal,
    WithdrawCargoProposal,
)
from libs.messages.kinds.proposal_draft import HolderDraft
from libs.messages.partners import partner_topic
from services.policy import reasons, rules
from services.policy.documents import AGREEMENT_COPIES, PROPOSALS, ProposalBody
from services.policy.handlers.asking import awaiting
from services.policy.handlers.table import HANDLERS

Proposal = Record[ProposalBody]


def _facts(holder: HolderDraft) -> CargoProposalFacts:
    return CargoProposalFacts(insurer=holder.insurer, agreement_id=holder.agreement_id)


@HANDLERS.handles(SaveCargoProposal, on=PROPOSALS)
def save(proposal: Proposal | None, command: SaveCargoProposal, ctx: Context) -> Decision:
    """Keep a draft (暂存)."""
    number, draft = command.meta.document_id, command.draft
    own_number(proposal, number, numbers.PROPOSAL, ctx)
    company_is(ctx, draft.holder.name, draft.holder.uscc)
    move = CARGO_PROPOSAL.move(status_of(proposal), states.SAVE, ctx.actor.role)
    body = ProposalBody(draft=draft, facts=_facts(draft.holder))
    return moved(PROPOSALS, number, proposal, move, body, ctx, owner=ctx.actor.party)[1]


@HANDLERS.handles(DeleteCargoProposal, on=PROPOSALS)
def delete(proposal: Proposal | None, command: DeleteCargoProposal, ctx: Context) -> Decision:
    """Throw a draft away; only its number stays."""
    found = own(proposal, command.meta.document_id, ctx)
    move = CARGO_PROPOSAL.move(found.status, states.DELETE, ctx.actor.role)
    body = ProposalBody(facts=found.body.facts)
    return moved(PROPOSALS, found.ref.id, found, move, body, ctx)[1]


def _agreement_of(command: SubmitCargoProposal) -> Iterable[Ref]:
    return (AGREEMENT_COPIES.ref(command.form.holder.agreement_id),)


@HANDLERS.handles(SubmitCargoProposal, on=PROPOSALS, reads=_agreement_of)
def submit(proposal: Proposal | None, command: SubmitCargoProposal, ctx: Context) -> Decision:
    """Check a proposal's data; what passes goes to the insurer as the company signed it."""
    number, form = command.meta.document_id, command.form
    own_number(proposal, number, numbers.PROPOSAL, ctx)
    company_is(ctx, form.holder.name, form.holder.uscc)
    action = states.AMEND if proposal else states.SUBMIT
    move = CARGO_PROPOSAL.move(status_of(proposal), action, ctx.actor.role)
    body = ProposalBody(
        form=form,
        facts=_facts(form.holder),
        submission=command.meta.message_id,
        waiting_since=ctx.now,
    )
    submitted, decision = moved(PROPOSALS, number, proposal, move, body, ctx, owner=ctx.actor.party)
    agreement = ctx.read(AGREEMENT_COPIES, form.holder.agreement_id)
    if agreement is None:
        unknown = rules.finding(reasons.UNKNOWN_AGREEMENT, id=form.holder.agreement_id)
        raise NotYet(
            unknown.reason,
            otherwise=decision + _failed(submitted, [unknown], ctx),
            id=form.holder.agreement_id,
        )
    if found := rules.findings(form, agreement, ctx.actor.party, ctx.today):
        return decision + _failed(submitted, found, ctx)
    return decision + _passed(submitted, ctx)


def _failed(submitted: Proposal, findings: Iterable[rules.Finding], ctx: Context) -> Decision:
    """数据审核失败, with all reasons."""
    ctx, found = window(ctx), tuple(findings)
    move = CARGO_PROPOSAL.move(submitted.status, states.FAIL_CHECK, ctx.actor.role)
    return moved(
        PROPOSALS,
        submitted.ref.id,
        submitted,
        move,
        submitted.body,
        ctx,
        reason_code=found[0].reason.code,
        note=told(move.sentence, "；".join(finding.text for finding in found)),
    )[1]


def _passed(submitted: Proposal, ctx: Context) -> Decision:
    """数据审核成功, and on to the insurer."""
    ctx = window(ctx)
    move = CARGO_PROPOSAL.move(submitted.status, states.PASS_CHECK, ctx.actor.role)
    after, decision = moved(PROPOSALS, submitted.ref.id, submitted, move, submitted.body, ctx)
    topic = partner_topic(after.body.facts.insurer, "requests")
    return decision.forward(topic) + awaiting(after, ctx)


@HANDLERS.handles(WithdrawCargoProposal, on=PROPOSALS)
def withdraw(proposal: Proposal | None, command: WithdrawCargoProposal, ctx: Context) -> Decision:
    """Ask the insurer to take a proposal back."""
    found = own(proposal, command.meta.document_id, ctx)
    move = CARGO_PROPOSAL.move(found.status, states.WITHDRAW, ctx.actor.role)
    body = found.body.with_facts(before_withdrawal=found.status)
    update = {"withdrawal": command.meta.message_id, "withdrawal_refused": False}
    body = body.model_copy(update={**update, "waiting_since": ctx.now})
    after, decision = moved(
        PROPOSALS, found.ref.id, found, move, body, ctx, note=told(move.sentence, command.reason)
    )
    topic = partner_topic(body.facts.insurer, "requests")
    return decision.forward(topic) + awaiting(after, ctx)
