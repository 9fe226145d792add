"""The HANDLERS table, filled by the modules beside it, and what they share."""

from libs.decisions import Context, Handlers
from libs.lifecycle import Rejected
from libs.messages.base import Meta
from libs.messages.partners import partner_of_topic
from services.gateway import reasons

HANDLERS = Handlers()
PAYMENT = "payment.commands"


def own_topic(ctx: Context) -> None:
    """A partner's message must come by the partner's own topic. Raises Rejected FOREIGN_TOPIC."""
    partner = partner_of_topic(ctx.topic)
    if partner is None or partner.code != ctx.actor.party:
        raise Rejected(reasons.FOREIGN_TOPIC, partner=ctx.actor.party, topic=ctx.topic)


def to_bank(meta: Meta, ctx: Context) -> Meta:
    """The head of a bank's message: the request's own id, so that asking twice is one question."""
    return Meta(
        message_id=meta.message_id,
        document_id=meta.document_id,
        sender=ctx.service,
        created_at=meta.created_at,
    )
