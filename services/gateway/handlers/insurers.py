"""Insurers' answers go on as they were signed, to the service that owns the document."""

from libs.decisions import NOTHING, Context, Decision
from libs.messages.base import Message
from libs.messages.kinds.agreement import PushCargoAgreement
from libs.messages.kinds.booking import BookingReceipt
from libs.messages.kinds.proposal import (
    CargoPolicyIssued,
    UnderwritingReceipt,
    WithdrawalReceipt,
)
from services.gateway.handlers.table import HANDLERS, own_topic

OWNERS: dict[type[Message], str] = {
    BookingReceipt: "booking.commands",
    PushCargoAgreement: "booking.commands",
    UnderwritingReceipt: "policy.commands",
    WithdrawalReceipt: "policy.commands",
    CargoPolicyIssued: "policy.commands",
}


def pass_on(_: None, message: Message, ctx: Context) -> Decision:
    """Byte for byte, if it came by the insurer's own topic; its owner judges what it says."""
    own_topic(ctx)
    return NOTHING.forward(OWNERS[type(message)])


for kind in OWNERS:
    HANDLERS.handles(kind)(pass_on)
