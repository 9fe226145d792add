"""An insurer that does not answer is asked again: the same message, never a new one."""

from libs.decisions import NOTHING, Context, Decision, Record
from libs.messages.partners import partner_topic
from services.policy import rules
from services.policy.documents import PROPOSALS, ProposalBody
from services.policy.handlers.table import HANDLERS

Proposal = Record[ProposalBody]

UNANSWERED = "unanswered"


def awaiting(after: Proposal, ctx: Context) -> Decision:
    """Set the time to ask again for what the insurer owes in this state, or cancel it."""
    if rules.unanswered(after, ctx.service) is None:
        return NOTHING.at(after.ref, UNANSWERED, None)
    wait = rules.ask_again_wait(after, ctx.now, ctx.parameters(rules.Waits))
    return NOTHING.after(after.ref, UNANSWERED, wait)


@HANDLERS.on_timer(UNANSWERED, on=PROPOSALS)
def ask_again(proposal: Proposal, _: None, ctx: Context) -> Decision:
    """The insurer has not answered: it gets the same bytes again. No move of the proposal."""
    unanswered = rules.unanswered(proposal, ctx.service)
    if unanswered is None:
        return NOTHING
    topic = partner_topic(proposal.body.facts.insurer, "requests")
    return NOTHING.resend(topic, *unanswered) + awaiting(proposal, ctx)
