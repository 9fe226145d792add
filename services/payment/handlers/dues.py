"""Premiums due, as policy's events tell of them."""

from libs.decisions import NOTHING, Context, Decision, Record
from libs.lifecycle.tables import cargo_proposal
from libs.messages.kinds.proposal import CargoProposalChanged
from services.payment.documents import DUES, DueBody
from services.payment.handlers.table import HANDLERS


@HANDLERS.handles(CargoProposalChanged, on=DUES)
def proposal_changed(
    due: Record[DueBody] | None, event: CargoProposalChanged, ctx: Context
) -> Decision:
    """An approved proposal owes the premium that its insurer quoted.

    Whether it is being paid or is paid, payment itself knows first: later states are no news.
    """
    quote = event.facts.quote
    if event.status != cargo_proposal.DUE.code or quote is None or due is not None:
        return NOTHING
    body = DueBody(insurer=event.facts.insurer, amount=quote.premium)
    return NOTHING.save(DUES.first(event.meta.document_id, owner=event.owner, body=body))
