"""Pure decisions on proposals: the data check (数据审核), what a policy must agree with, and
when an insurer is asked again.

The check is about data: is the agreement usable, do dates and totals hold. Whether goods, covers,
rates and limits are acceptable is the insurer's decision (domain notes 6.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from libs.decisions import Record
from libs.lifecycle import Reason, Rejected
from libs.lifecycle.tables import CARGO_AGREEMENT
from libs.lifecycle.tables import cargo_agreement as agreement_states
from libs.lifecycle.tables import cargo_proposal as states
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import AgreementHeader
from libs.messages.kinds.proposal import CargoPolicyForm, PremiumQuote
from libs.messages.kinds.proposal_form import CargoProposalForm, InsurancePart
from services.policy import reasons
from services.policy.documents import AgreementCopy, ProposalBody

YUAN = "CNY"
SILENT_WAIT_MAX = timedelta(hours=1)
WORKING_WAIT_MAX = timedelta(hours=24)
_WORKING = frozenset({states.PENDING.code, states.MANUAL_REVIEW.code})


@dataclass(frozen=True)
class Waits:
    """How long an insurer may take before it is asked the first time again."""

    silent: timedelta = timedelta(seconds=30)  # it has said nothing yet
    working: timedelta = timedelta(hours=1)  # it has said that it is underwriting


def unanswered(proposal: Record[ProposalBody], service: str) -> tuple[str, UUID] | None:
    """Sender and id of the message whose answer the insurer owes; None when it owes nothing.

    In 核保未通过 it waits for the company's papers: it owes nothing.
    """
    body, status = proposal.body, proposal.status
    if status == states.DATA_ACCEPTED.code or status in _WORKING:
        sender, asked = proposal.owner, body.submission
    elif status == states.WITHDRAWING.code:
        sender, asked = proposal.owner, body.withdrawal
    elif status == states.PAID.code:
        sender, asked = service, body.notice
    else:
        return None
    return (sender, asked) if asked else None


def ask_again_wait(proposal: Record[ProposalBody], now: datetime, waits: Waits) -> timedelta:
    """How long to wait from `now` before the insurer is asked again: twice as long each time."""
    waited = max(now - (proposal.body.waiting_since or now), timedelta())
    if proposal.status in _WORKING:
        return min(waits.working + waited, WORKING_WAIT_MAX)
    return min(waits.silent + waited, SILENT_WAIT_MAX)


@dataclass(frozen=True)
class Finding:
    """One thing that the data check found wrong."""

    reason: Reason
    text: str


def finding(reason: Reason, **params: object) -> Finding:
    """A finding, told in Chinese."""
    return Finding(reason, reason.text("zh", **params))


def findings(
    form: CargoProposalForm, agreement: Record[AgreementCopy], company: str, today: date
) -> tuple[Finding, ...]:
    """Everything wrong with a proposal's data, in the order of the form; empty when it passes."""
    header = agreement.body.form.header
    if header.holder_uscc != company:  # and nothing more of another company's agreement
        return (finding(reasons.OTHER_HOLDER, id=agreement.ref.id),)
    return (
        *_dates(form.transport.depart_date, agreement, today),
        *_amounts(form.insurance, header),
    )


def _dates(departs: date, agreement: Record[AgreementCopy], today: date) -> Iterator[Finding]:
    header, status = agreement.body.form.header, agreement.body.status
    if status != agreement_states.IN_FORCE.code:
        state = CARGO_AGREEMENT.state(status).zh
        yield finding(reasons.NOT_IN_FORCE, id=agreement.ref.id, state=state)
    first, last = header.effective_from, header.effective_to
    if not first <= departs <= last:
        yield finding(reasons.DEPARTS_OUTSIDE, day=departs, first=first, last=last)
    if departs < today and not header.back_dating:
        yield finding(reasons.DEPARTED, day=departs)


def _amounts(insurance: InsurancePart, header: AgreementHeader) -> Iterator[Finding]:
    if insurance.markup > header.markup_max:
        yield finding(reasons.MARKUP_TOO_HIGH, wrong=insurance.markup, right=header.markup_max)
    right = amounts.sum_insured(insurance.invoice_amount, insurance.markup)
    if insurance.sum_insured != right:
        yield finding(reasons.WRONG_SUM, wrong=insurance.sum_insured, right=right)
    if insurance.currency != YUAN:
        return  # the premium is in yuan, at a rate of exchange that only the insurer knows
    plain = amounts.premium(right, insurance.rate)
    least = amounts.premium(right, insurance.rate, header.min_premium)
    if insurance.premium not in (plain, least):
        yield finding(reasons.WRONG_PREMIUM, wrong=insurance.premium, right=least)


def agrees(policy: CargoPolicyForm, id: str, company: str, body: ProposalBody) -> None:
    """A policy must be that of its proposal and quote. Raises Rejected POLICY_DIFFERS."""
    quote = body.facts.quote
    form = body.form
    if quote is None or form is None:
        raise Rejected(reasons.POLICY_DIFFERS, detail="报价")
    pairs = {
        "投保单号": (policy.proposal_id, id),
        "保险机构": (policy.insurer, body.facts.insurer),
        "货运险协议编号": (policy.agreement_no, form.holder.agreement_no),
        "统一社会信用代码": (policy.holder_uscc, company),
        **_quoted(policy, quote),
    }
    wrong = [label for label, (is_now, should_be) in pairs.items() if is_now != should_be]
    if wrong:
        raise Rejected(reasons.POLICY_DIFFERS, detail="、".join(wrong))


def _quoted(policy: CargoPolicyForm, quote: PremiumQuote) -> dict[str, tuple[object, object]]:
    return {
        "保险金额": (policy.sum_insured, quote.sum_insured),
        "币种": (policy.currency, quote.currency),
        "保费": (policy.premium, quote.premium),
    }
