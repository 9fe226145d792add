"""The HANDLERS table, filled by the modules beside it, and what they share."""

from libs.decisions import Actor, Context, Handlers
from libs.decisions.checks import WRONG_PARTNER
from libs.lifecycle import Rejected
from libs.messages.parties import Role
from libs.messages.partners import PARTNERS

HANDLERS = Handlers()
GATEWAY = "gateway.commands"


def bank_says(ctx: Context, bank: str, asked: str) -> Context:
    """The gateway's translation, as the deed of the bank it names.

    Raises Rejected WRONG_PARTNER unless that is the bank that was `asked`.
    """
    if bank != asked:
        raise Rejected(WRONG_PARTNER, right=asked, wrong=bank)
    return ctx.on_behalf_of(Actor(Role.BANK, bank, PARTNERS[bank].name))
