"""A client of the portal's HTTP API: logs in with a card, hands in signed messages, waits, reads.

async with await Portal.login("http://127.0.0.1:8600", SoftwareCard(signer)) as portal:
    number = new_number(PROPOSAL, date.today())
    await portal.send(SubmitCargoProposal(meta=portal.meta(number), form=form))
    document = await portal.wait_for("cargo-proposal", number, "24", seconds=30)
"""

from tongbao.client.asking import Document, PortalAway, PortalError
from tongbao.client.cards import Card, CardError, SoftwareCard
from tongbao.client.portal import SIGNATURE_HEADER, Change, Portal, Who
from tongbao.client.waiting import Overdue

__all__ = [
    "SIGNATURE_HEADER",
    "Card",
    "CardError",
    "Change",
    "Document",
    "Overdue",
    "Portal",
    "PortalAway",
    "PortalError",
    "SoftwareCard",
    "Who",
]
